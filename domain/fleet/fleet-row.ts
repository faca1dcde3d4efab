import type { StatusValue } from '../cluster/status.ts';
import type { TargetState } from '../rollout/rollout.ts';

/** What is going on in a namespace; `idle` when nothing is. */
export type ActivityValue =
  | 'idle'
  | 'queued'
  | 'planning'
  | 'applying'
  | 'bootstrapping'
  | 'waiting for FDD'
  | 'rolling out'
  | 'retrying';

/**
 * How a namespace is doing, in one word; page, board and CLI colour and count by it.
 * `healthy`: runs what it should. `progressing`: Skipper is at it. `outdated`: works, but is not what it should run, and nothing is under
 * way. `degraded`: FDD does not work, or the latest deploy failed. `unmanaged`: Skipper leaves it alone.
 */
export type Health = 'healthy' | 'progressing' | 'outdated' | 'degraded' | 'unmanaged';

/** One namespace, as the fleet page, the board and the CLI show it. All times are milliseconds since the epoch. */
export interface FleetRow {
  readonly namespace: string;
  readonly status: StatusValue;
  readonly health: Health;
  /** Release channel (the ConfigMap's tag); empty where the ConfigMap cannot be read. */
  readonly channel: string;
  /** What runs now; empty where nothing does. */
  readonly version: string;
  /** What should run: the version asked for while that is under way, else the channel's; empty where unknown. */
  readonly wanted: string;
  readonly activity: ActivityValue;
  /** What exactly is waited for or done; empty while idle. */
  readonly detail: string;
  /** The very message of what is wrong; while an attempt runs, of the one before it. Empty where nothing is. */
  readonly cause: string;
  /** The cause without names, ids and times that differ between namespaces: what failures are grouped by. */
  readonly causeGroup: string;
  /** Error code of the latest failure, where there is one. */
  readonly code?: string | undefined;
  /** State of the latest request; undefined where nothing was ever asked. */
  readonly state?: TargetState | undefined;
  /** Attempt under way, or the last one; 0 before the first. */
  readonly attempt: number;
  /** When the next attempt begins, while retrying. */
  readonly retryAt?: number | undefined;
  /** Since when it is as it is; undefined where the cluster does not tell. */
  readonly since?: number | undefined;
  readonly rollout?: string | undefined;
  readonly jobId?: string | undefined;
}

/** True where the cause is that of the attempt before the one that is queued or runs. */
export function isPastCause({ activity, cause }: Pick<FleetRow, 'activity' | 'cause'>): boolean {
  return cause !== '' && activity !== 'idle' && activity !== 'retrying';
}
