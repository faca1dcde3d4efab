import { MINUTE_MS, SECOND_MS, timeParts } from '../time-parts.ts';

/** `1m 30s`, as exact as it was configured; `ms` would round it to `2m`. */
export function describeDuration(ms: number): string {
  if (ms < SECOND_MS) return `${ms}ms`;
  const { days, hours, minutes } = timeParts(ms);
  const parts = { d: days, h: hours, m: minutes, s: (ms % MINUTE_MS) / SECOND_MS };
  return Object.entries(parts)
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) => `${amount}${unit}`)
    .join(' ');
}

/** Of what was measured: in whole seconds, at least one. */
export function describeElapsed(ms: number): string {
  return describeDuration(Math.max(SECOND_MS, Math.round(ms / SECOND_MS) * SECOND_MS));
}
