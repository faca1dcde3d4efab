import { HOUR_MS, MINUTE_MS, SECOND_MS, timeParts } from '../../domain/time-parts.ts';

/** `0.4s`, `12s`, `5m10s`, `3h20m`, `4d`: two units at most. */
export function duration(ms: number): string {
  const positive = Math.max(0, ms);
  if (positive < 9_950) return `${(positive / SECOND_MS).toFixed(1).replace(/\.0$/, '')}s`;
  const { days, hours, minutes, seconds } = timeParts(positive);
  if (days > 0) return `${days}d${unlessZero(hours, 'h')}`;
  if (hours > 0) return `${hours}h${unlessZero(minutes, 'm')}`;
  return minutes > 0 ? `${minutes}m${unlessZero(seconds, 's')}` : `${seconds}s`;
}

/** An age, rounded down to whole seconds: `5m`, `3h20m`. */
export function age(ms: number): string {
  return duration(Math.max(0, Math.floor(ms / SECOND_MS)) * SECOND_MS);
}

export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

const UNITS = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS } as const;

/** `90`, `90s`, `5m`, `2h` as milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * UNITS[unit as keyof typeof UNITS];
}

function unlessZero(count: number, unit: string): string {
  return count === 0 ? '' : `${count}${unit}`;
}
