/** The progress of a rollout at one time, in milliseconds since the epoch. */
export interface ProgressSample {
  readonly at: number;
  /** Targets that have nothing left to do. */
  readonly done: number;
}

/** The pace is that of the last minute: earlier progress is a poor predictor. */
const WINDOW_MS = 60_000;
/** Without progress for this many times the usual wait, and at least the shortest window, the pace is unknown. */
const STALLED_AFTER = 3;
/** Too little time to measure a pace. */
const SHORTEST_WINDOW_MS = 3_000;

/** Adds a sample and drops those outside the window; keeps the latest of them if no other is left, as a starting point. */
export function withSample(
  samples: readonly ProgressSample[],
  sample: ProgressSample,
): readonly ProgressSample[] {
  const inside = samples.filter(({ at }) => at >= sample.at - WINDOW_MS);
  return [...(inside.length > 0 ? inside : samples.slice(-1)), sample];
}

/** When the rest will be done at the pace of the window; undefined without progress or with too little data. */
export function estimateEnd(samples: readonly ProgressSample[], remaining: number): number | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || remaining <= 0) return undefined;
  const elapsedMs = last.at - first.at;
  const done = last.done - first.done;
  if (elapsedMs < SHORTEST_WINDOW_MS || done <= 0) return undefined;
  const progressAt = samples.find((sample) => sample.done === last.done)?.at ?? last.at;
  const usualWaitMs = (progressAt - first.at) / done;
  if (last.at - progressAt > Math.max(SHORTEST_WINDOW_MS, STALLED_AFTER * usualWaitMs)) return undefined;
  return Math.round(last.at + (remaining * elapsedMs) / done);
}
