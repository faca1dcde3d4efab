/** A target's state, and a rollout's: the roadmap's words. */
export type TargetState =
  | 'pending'
  | 'running'
  | 'paused'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'superseded';

/** Something is still to be done. */
export function isOpen(state: TargetState): boolean {
  return state === 'pending' || state === 'running' || state === 'paused';
}

/** Who or what asked. */
export type Trigger = 'api' | 'board' | 'release' | 'retry';

/** What became of a target in the end. */
export type Outcome =
  | 'created'
  | 'updated'
  | 'redeployed'
  | 'bootstrapped'
  | 'verified'
  | 'unchanged'
  | 'skipped';

/** One namespace's part in a rollout, as it is kept in Redis and shown to users. */
export interface RolloutTarget {
  readonly state: TargetState;
  /** Why it is in this state: the very message, for people. */
  readonly reason?: string | undefined;
  readonly version?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly code?: string | undefined;
  /** FDD's log lines, the Deployment's conditions, pod reasons, events. */
  readonly details?: readonly string[] | undefined;
  readonly warnings?: readonly string[] | undefined;
  readonly attempt?: number | undefined;
  readonly jobId?: string | undefined;
  readonly coalesced?: boolean | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt?: number | undefined;
  readonly finishedAt?: number | undefined;
}

export interface Rollout {
  readonly id: string;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  readonly forceBootstrap: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly releases: readonly {
    readonly channel: string;
    readonly image: string;
    readonly version: string;
  }[];
}

export type TargetCounts = Readonly<Record<TargetState, number>>;

export function countTargets(targets: Iterable<RolloutTarget>): TargetCounts {
  const counts = {
    pending: 0,
    running: 0,
    paused: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    superseded: 0,
  };
  for (const target of targets) counts[target.state] += 1;
  return counts;
}

/** A rollout is what its targets are: running while any has work left, failed if any failed. */
export function rolloutState(counts: TargetCounts): TargetState {
  if (counts.running > 0) return 'running';
  if (counts.pending > 0) {
    const begun = counts.completed + counts.failed + counts.cancelled + counts.superseded > 0;
    return begun ? 'running' : 'pending';
  }
  if (counts.paused > 0) return 'paused';
  if (counts.failed > 0) return 'failed';
  if (counts.completed > 0) return 'completed';
  if (counts.superseded > 0) return 'superseded';
  return counts.cancelled > 0 ? 'cancelled' : 'completed';
}
