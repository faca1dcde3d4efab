import type { StatusValue } from '../cluster/status.ts';
import type { TargetCounts, TargetState, Trigger } from '../rollout/rollout.ts';
import type { Health } from './fleet-row.ts';

/** The fleet in numbers. All times are milliseconds since the epoch. */
export interface FleetSummary {
  readonly namespaces: number;
  readonly byStatus: Readonly<Partial<Record<StatusValue, number>>>;
  readonly byHealth: Readonly<Partial<Record<Health, number>>>;
  /** Versions that run, most frequent first; '' where none does. */
  readonly versions: readonly { readonly version: string; readonly count: number }[];
  readonly channels: readonly ChannelSummary[];
  /** Undefined while Redis is away. */
  readonly workers: number | undefined;
  readonly queue:
    | {
        readonly waiting: number;
        readonly active: number;
        readonly delayed: number;
        readonly failed: number;
      }
    | undefined;
  /** Those that have work left, and the latest ended ones, newest first. */
  readonly rollouts: readonly RolloutProgress[];
  /** What cannot be trusted at the moment, in words: Redis or the cluster is away; empty when all is fresh. */
  readonly stale: readonly string[];
}

export interface ChannelSummary {
  readonly channel: string;
  /** Namespaces that follow it. */
  readonly namespaces: number;
  readonly version: string;
  /** When it was last read without a problem. */
  readonly checkedAt: number | undefined;
  /** Why the latest look failed. */
  readonly problem: string | undefined;
  /** When it was published, as the channel says. */
  readonly updated: string | undefined;
}

export interface RolloutProgress {
  readonly id: string;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  readonly createdAt: number;
  readonly versions: readonly string[];
  readonly state: TargetState;
  readonly counts: TargetCounts;
  /** When it will be done at the present pace; undefined while that is unknown, or it is done. */
  readonly etaAt: number | undefined;
}
