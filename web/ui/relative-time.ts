import { SECOND_MS, timeParts } from '../../domain/time-parts.ts';

/** Milliseconds as one number and a unit: `12 s`, `4 min`, `3 h`, `9 d`. */
export function duration(ms: number): string {
  const { days, hours, minutes, seconds } = timeParts(Math.max(0, ms));
  if (days > 1) return `${days} d`;
  if (days > 0 || hours > 0) return `${24 * days + hours} h`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}

export function ago(now: number, at: number): string {
  return now - at < 2 * SECOND_MS ? 'just now' : `${duration(now - at)} ago`;
}

/** Counts down; a moment in the past is "now". */
export function until(now: number, at: number): string {
  return at - now < SECOND_MS ? 'now' : `in ${duration(at - now + SECOND_MS / 2)}`;
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
