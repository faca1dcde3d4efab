const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds as one number and a unit: `12 s`, `4 min`, `3 h`, `9 d`. */
export function duration(ms: number): string {
  const positive = Math.max(0, ms);
  if (positive < MINUTE) return `${Math.floor(positive / SECOND)} s`;
  if (positive < HOUR) return `${Math.floor(positive / MINUTE)} min`;
  if (positive < 2 * DAY) return `${Math.floor(positive / HOUR)} h`;
  return `${Math.floor(positive / DAY)} d`;
}

export function ago(now: number, at: number): string {
  return now - at < 2 * SECOND ? 'just now' : `${duration(now - at)} ago`;
}

/** Counts down; a moment in the past is "now". */
export function until(now: number, at: number): string {
  return at - now < SECOND ? 'now' : `in ${duration(at - now + SECOND / 2)}`;
}

/** The same text on server and browser, independent of the time zone: `2026-11-23 08:14:03 UTC`. */
export function absolute(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** For `<time datetime>`. */
export function machineTime(at: number): string {
  return new Date(at).toISOString();
}

/** In the viewer's time zone: `14:03:22`. */
export function wallClock(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
