/** An attempt that failed and is followed by another one: `attempt 2 failed (conflict): …; next in 12.4 s`. */
export interface RetriedAttempt {
  readonly attempt: number;
  readonly code: string | undefined;
  /** Why it failed. */
  readonly message: string;
  /** Until the next attempt, in milliseconds; undefined if unknown. */
  readonly waitMs: number | undefined;
}

export function describeRetry({ attempt, code, message, waitMs }: RetriedAttempt): string {
  const failure = code ? `failed (${code})` : 'failed';
  const next = waitMs === undefined ? '' : `; next in ${seconds(Math.max(0, waitMs))} s`;
  // A throttled attempt is not counted, even if it was the first.
  return `attempt ${Math.max(1, attempt)} ${failure}: ${message}${next}`;
}

function seconds(ms: number): string {
  return ms < 10_000 ? (ms / 1_000).toFixed(1) : String(Math.ceil(ms / 1_000));
}
