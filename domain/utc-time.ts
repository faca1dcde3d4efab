/** For sentences and pages, the same on server and browser: `2026-11-23 08:14:03 UTC`. */
export function utcTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
