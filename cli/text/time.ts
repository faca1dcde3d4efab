const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0.4s`, `12s`, `5m10s`, `3h20m`, `4d`: two units at most. */
export function duration(ms: number): string {
  const rounded = Math.max(0, ms);
  if (rounded < 9_950) return `${(rounded / SECOND).toFixed(1).replace(/\.0$/, '')}s`;
  if (rounded < MINUTE) return `${Math.floor(rounded / SECOND)}s`;
  if (rounded < HOUR) return twoUnits(rounded, MINUTE, 'm', SECOND, 's');
  if (rounded < DAY) return twoUnits(rounded, HOUR, 'h', MINUTE, 'm');
  return twoUnits(rounded, DAY, 'd', HOUR, 'h');
}

/** How long ago, in whole seconds at most: `5m`, `3h20m`. */
export function age(ms: number): string {
  return duration(Math.max(0, Math.floor(ms / SECOND)) * SECOND);
}

export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** `90`, `90s`, `5m`, `2h` as milliseconds; undefined where it is none of these. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * { s: SECOND, m: MINUTE, h: HOUR }[unit as 's' | 'm' | 'h'];
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`;
}
