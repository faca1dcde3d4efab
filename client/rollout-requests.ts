import type { TargetState, Trigger } from '../domain/rollout/rollout.ts';
import { queryOf } from './query-of.ts';

/** What can be done to a rollout; the last part of the URL. */
export const ROLLOUT_COMMANDS = ['pause', 'resume', 'cancel', 'retry', 'skip', 'approve'] as const;
export type RolloutCommand = (typeof ROLLOUT_COMMANDS)[number];

export interface RolloutCommandBody {
  readonly reason: string;
  readonly namespaces?: readonly string[] | undefined;
}

export interface RollbackBody extends RolloutCommandBody {
  /** The version to return to; undefined is the one that was verified before. */
  readonly to?: string | undefined;
}

/** Which rollouts to list. Undefined matches every one. */
export interface RolloutFilter {
  readonly state?: TargetState | undefined;
  readonly trigger?: Trigger | undefined;
  readonly requestedBy?: string | undefined;
  readonly limit?: number | undefined;
  /** Only those that are older than the rollout with this id. */
  readonly before?: string | undefined;
}

/** Which targets of a rollout to read. Undefined means all. */
export interface TargetPage {
  readonly state?: TargetState | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

export function rolloutQuery(filter: RolloutFilter | TargetPage): string {
  return queryOf(filter);
}
