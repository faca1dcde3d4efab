/** How far a rollout was at one moment, in milliseconds since the epoch. */
export interface ProgressSample {
  readonly at: number;
  /** Targets that have nothing left to do. */
  readonly done: number;
}

/** The pace is taken from the last minute: what a rollout did before says little about what it does now. */
const WINDOW_MS = 60_000;
/** A shorter look says nothing about a pace. */
const SHORTEST_LOOK_MS = 3_000;

/** Adds a sample and forgets those that have left the window; one is kept, so that a long silence has a beginning. */
export function withSample(
  samples: readonly ProgressSample[],
  sample: ProgressSample,
): readonly ProgressSample[] {
  const inside = samples.filter(({ at }) => at >= sample.at - WINDOW_MS);
  return [...(inside.length > 0 ? inside : samples.slice(-1)), sample];
}

/** When the rest will be done at the pace of the window; undefined while nothing moves or too little is known. */
export function estimateEnd(samples: readonly ProgressSample[], remaining: number): number | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || remaining <= 0) return undefined;
  const elapsedMs = last.at - first.at;
  const done = last.done - first.done;
  if (elapsedMs < SHORTEST_LOOK_MS || done <= 0) return undefined;
  return Math.round(last.at + (remaining * elapsedMs) / done);
}
