import { describeDuration } from './describe-duration.ts';
import { type DecidedTarget, isAdmitted, isInProgress, overAt, type Situation } from './situation.ts';

/** A target that counts as failed from now on, although its run has not failed. */
export interface TargetFailure {
  readonly namespace: string;
  readonly code: 'fell_back' | 'progress_deadline';
  readonly reason: string;
}

/** Targets that take too long, and targets that were verified and did not stay so for `minSuccessTime`. */
export function findFailures(situation: Situation): TargetFailure[] {
  const { targets, strategy, now } = situation;
  const lastBegun = lastBegunWave(targets);
  return targets.flatMap((target): TargetFailure[] => {
    const { namespace } = target;
    const deadline = deadlineOf(target, situation);
    if (deadline !== undefined && deadline <= now) {
      const reason = `did not end within ${describeDuration(strategy.progressDeadlineMs ?? 0)} after it started`;
      return [{ namespace, code: 'progress_deadline', reason }];
    }
    if (!isWatched(target, situation, lastBegun) || target.isHealthyNow) return [];
    const reason = `was verified, but did not stay so for ${describeDuration(strategy.minSuccessMs)}`;
    return [{ namespace, code: 'fell_back', reason }];
  });
}

/**
 * When a target has taken too long. Until it starts, it waits for a worker, and a paused rollout lets it write nothing: that
 * is not its fault.
 */
export function deadlineOf(target: DecidedTarget, { rollout, strategy }: Situation): number | undefined {
  const { startedAt } = target;
  const { progressDeadlineMs } = strategy;
  if (startedAt === undefined || progressDeadlineMs === undefined) return undefined;
  if (!isInProgress(target) || rollout.state === 'paused') return undefined;
  return Math.max(startedAt, rollout.deadlinesFrom ?? 0) + progressDeadlineMs;
}

/** True if a target must still be verified: until its soak has ended, and the next wave has begun. */
export function isWatched(target: DecidedTarget, { strategy, now }: Situation, lastBegun: number): boolean {
  if (target.state !== 'completed' || strategy.minSuccessMs === 0 || !isAdmitted(target)) return false;
  // Until the next wave begins, nobody may have decided since the soak ended.
  return now < (overAt(target, strategy) ?? 0) || target.wave >= lastBegun;
}

/** The last wave of which a target was admitted, counted from 0. */
export function lastBegunWave(targets: readonly DecidedTarget[]): number {
  return targets.reduce((last, target) => (isAdmitted(target) ? Math.max(last, target.wave) : last), 0);
}
