import type { ResolvedStrategy } from './resolved-strategy.ts';

/** A target as an estimate needs it; times in milliseconds since the epoch. */
export interface EstimatedTarget {
  readonly wave: number;
  readonly isOpen: boolean;
  /** Left out while the rollout holds it back. */
  readonly startedAt?: number | undefined;
  /** When it was verified; left out if it was not. */
  readonly verifiedAt?: number | undefined;
}

/** When a rollout is expected to end, in milliseconds since the epoch. */
export interface Eta {
  readonly p50: number;
  readonly p90: number;
}

/** Fewer deploys say nothing about how long the next ones take. */
const LEAST_DURATIONS = 3;

/**
 * When all targets will have ended and soaked, from how long deploys of this fleet took (milliseconds): each wave takes as many
 * rounds as maxConcurrency needs, and then its soak. Undefined with too few durations, and with an approval to come: nobody
 * knows when a person decides.
 */
export function estimateRollout(
  targets: readonly EstimatedTarget[],
  strategy: ResolvedStrategy,
  durations: readonly number[],
  now: number,
): Eta | undefined {
  if (durations.length < LEAST_DURATIONS) return undefined;
  const sorted = [...durations].sort((a, b) => a - b);
  const ends = [quantile(sorted, 0.5), quantile(sorted, 0.9)].map((ms) => endAt(targets, strategy, ms, now));
  const [p50, p90] = ends;
  return p50 === undefined || p90 === undefined ? undefined : { p50, p90 };
}

function endAt(
  targets: readonly EstimatedTarget[],
  strategy: ResolvedStrategy,
  durationMs: number,
  now: number,
): number | undefined {
  let at = now;
  for (const wave of strategy.waves.keys()) {
    const own = targets.filter((target) => target.wave === wave);
    const open = own.filter(({ isOpen }) => isOpen);
    const isBegun = own.some(({ startedAt }) => startedAt !== undefined);
    if (strategy.approval && wave > 0 && !isBegun && open.length > 0) return undefined;
    at = Math.max(at, endOfWave(own, open, { strategy, durationMs, at, now }));
  }
  return Math.round(at);
}

interface WaveTimes {
  readonly strategy: ResolvedStrategy;
  readonly durationMs: number;
  /** When the wave can begin. */
  readonly at: number;
  readonly now: number;
}

function endOfWave(
  own: readonly EstimatedTarget[],
  open: readonly EstimatedTarget[],
  { strategy, durationMs, at, now }: WaveTimes,
): number {
  const lastVerified = own.reduce((last, { verifiedAt = 0 }) => Math.max(last, verifiedAt), 0);
  if (open.length === 0) return lastVerified === 0 ? at : lastVerified + strategy.minSuccessMs;
  const started = open.filter(({ startedAt }) => startedAt !== undefined);
  const running = started.map(({ startedAt = now }) => Math.max(now, startedAt + durationMs));
  const waiting = open.length - started.length;
  const rounds = Math.ceil(waiting / strategy.maxConcurrency);
  const end = Math.max(at + rounds * durationMs, ...running);
  return end + strategy.minSuccessMs;
}

/** Of sorted numbers. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
