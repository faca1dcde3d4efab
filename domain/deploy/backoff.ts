export interface BackoffPolicy {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): a random delay in
 * milliseconds, from 0 to `baseMs * 2^failures`, capped at `capMs`.
 */
export function fullJitterDelay(
  failures: number,
  { baseMs, capMs }: BackoffPolicy,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(failures, 30));
  return Math.round(random() * ceiling);
}
