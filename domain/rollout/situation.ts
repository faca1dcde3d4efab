import type { Closure } from './closure.ts';
import type { ResolvedStrategy } from './resolved-strategy.ts';
import { isOpen, type Rollout, type RolloutTarget, type TargetState } from './rollout.ts';

/** What a decision about a rollout is based on. */
export interface Situation {
  readonly rollout: Pick<Rollout, 'id'> & {
    readonly state: TargetState;
    /** The last wave that was approved, counted from 0. */
    readonly approvedWave?: number | undefined;
    /** The time that targets can take is counted from here at the earliest: before, they could make no progress. */
    readonly deadlinesFrom?: number | undefined;
  };
  readonly targets: readonly DecidedTarget[];
  /** As it was frozen when the rollout was created. */
  readonly strategy: ResolvedStrategy;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Why the policy lets it admit nothing now; left out if it does. */
  readonly closure?: Closure | undefined;
}

/** A target as a decision needs it. */
export interface DecidedTarget extends Pick<RolloutTarget, 'state' | 'startedAt' | 'finishedAt'> {
  readonly namespace: string;
  /** Its wave and its place, as `planWaves` has planned them. */
  readonly wave: number;
  readonly order: number;
  /** When its desired state was written; left out while the rollout holds it back. */
  readonly admittedAt?: number | undefined;
  /** True if the namespace is verified at this time; read only of completed targets. */
  readonly isHealthyNow: boolean;
  /** Why it failed, without what differs between namespaces. */
  readonly cause?: string | undefined;
  /** Why its namespace cannot be admitted now; read only of targets that are held back. */
  readonly closure?: Closure | undefined;
  /** An operator knows how it ended and let the rollout continue: it does not count any more. */
  readonly isExcused?: boolean | undefined;
}

/** A target that has begun is admitted, even if the time was lost. */
export function isAdmitted({ admittedAt, state }: DecidedTarget): boolean {
  return admittedAt !== undefined || state === 'running';
}

export function isHeldBack(target: DecidedTarget): boolean {
  return isOpen(target.state) && !isAdmitted(target);
}

export function isInProgress(target: DecidedTarget): boolean {
  return isOpen(target.state) && isAdmitted(target);
}

/** A failure that the budget pays for; one before the admission is not the release's fault. */
export function isCountedFailure(target: DecidedTarget): boolean {
  return target.state === 'failed' && isAdmitted(target) && !target.isExcused;
}

/** When nothing more can happen to a target; undefined if it has not ended. */
export function overAt(target: DecidedTarget, { minSuccessMs }: ResolvedStrategy): number | undefined {
  if (isOpen(target.state)) return undefined;
  return target.state === 'completed' ? (target.finishedAt ?? 0) + minSuccessMs : 0;
}

export function isOver(target: DecidedTarget, { strategy, now }: Situation): boolean {
  const at = overAt(target, strategy);
  return at !== undefined && at <= now;
}
