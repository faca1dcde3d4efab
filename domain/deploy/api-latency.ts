/** The recent latency of requests, and what is usual, in milliseconds. */
export interface LatencyTrend {
  readonly samples: number;
  readonly recentMs: number;
  readonly usualMs: number;
}

export const NO_LATENCY: LatencyTrend = { samples: 0, recentMs: 0, usualMs: 0 };

/** Weights of a new sample. */
const RECENT_WEIGHT = 0.1;
const USUAL_WEIGHT = 0.005;
/** Before, nothing is known about what is usual. */
const ENOUGH_SAMPLES = 20;
const RISEN_TIMES = 4;
/** A latency below this is no sign of congestion, compared with what is usual: in milliseconds. */
const HARMLESS_MS = 500;

export function withSample({ samples, recentMs, usualMs }: LatencyTrend, ms: number): LatencyTrend {
  if (samples < ENOUGH_SAMPLES) {
    const mean = (recentMs * samples + ms) / (samples + 1);
    return { samples: samples + 1, recentMs: mean, usualMs: mean };
  }
  return {
    samples: samples + 1,
    recentMs: recentMs + (ms - recentMs) * RECENT_WEIGHT,
    usualMs: usualMs + (ms - usualMs) * USUAL_WEIGHT,
  };
}

/** True if the API server has become much slower than it usually is: requests pile up in it. */
export function isRising({ samples, recentMs, usualMs }: LatencyTrend): boolean {
  return samples > ENOUGH_SAMPLES && recentMs > HARMLESS_MS && recentMs > usualMs * RISEN_TIMES;
}
