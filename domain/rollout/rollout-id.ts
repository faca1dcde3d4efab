const ID = /^(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})-/;

/** When a rollout was requested, to the second, from its id (`20261123-051203-9f3a1c`); undefined for another id. */
export function requestedAtOf(rolloutId: string): number | undefined {
  const [, year, month, day, hour, minute, second] = ID.exec(rolloutId) ?? [];
  if (year === undefined) return undefined;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** True if a rollout was certainly requested after another one. */
export function isLaterRollout(rolloutId: string, otherId: string): boolean {
  const at = requestedAtOf(rolloutId);
  const other = requestedAtOf(otherId);
  return at !== undefined && other !== undefined && at > other;
}
