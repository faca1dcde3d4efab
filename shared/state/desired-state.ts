import { KEY_PREFIX, type RedisConnection } from '../redis.ts';
import { type ApiBudget, openApiBudget } from './api-budget.ts';
import { type AuditLog, openAuditLog } from './audit-log.ts';
import { type AuditReaders, openAuditReaders } from './audit-readers.ts';
import { type ChannelPasts, openChannelPasts } from './channel-pasts.ts';
import { type ChannelSnapshots, openChannelSnapshots } from './channel-snapshots.ts';
import { type Epochs, openEpochs } from './epochs.ts';
import { type FoundReleases, openFoundReleases } from './found-releases.ts';
import { type HealingRecords, openHealingRecords } from './healing.ts';
import { type Holds, openHolds } from './holds.ts';
import { type LastReleaseCheck, openLastReleaseCheck } from './last-release-check.ts';
import { type Notifications, openNotifications } from './notifications.ts';
import { type OutageNotes, openOutageNotes } from './outages.ts';
import { openParkedRuns, type ParkedRuns } from './parked-runs.ts';
import { openPlans, type Plans } from './plans.ts';
import { openPublications, type Publications } from './publications.ts';
import { openRecords, type Records } from './records.ts';
import { openRestingWorkers, type RestingWorkers } from './resting-workers.ts';
import { openRolloutControl, type RolloutControl } from './rollout-control.ts';
import { openRollouts, type Rollouts } from './rollouts.ts';
import { openRuns, type Runs } from './runs.ts';
import { openSaveable, type Saveable } from './saveable.ts';
import { openStateConnection } from './state-connection.ts';
import { openWorkerHeartbeats, type WorkerHeartbeats } from './worker-heartbeats.ts';

/** Desired state and rollouts, stored in the same Redis as the queue. */
export type DesiredState = Runs &
  ParkedRuns &
  Records &
  Rollouts &
  RolloutControl &
  Holds &
  Epochs &
  Saveable &
  AuditLog &
  AuditReaders &
  FoundReleases &
  OutageNotes &
  HealingRecords &
  Notifications &
  Plans &
  Publications &
  ChannelSnapshots &
  ChannelPasts &
  LastReleaseCheck &
  RestingWorkers &
  WorkerHeartbeats &
  ApiBudget;

const DAY_SECONDS = 24 * 3600;
const ROLLOUT_DAYS = 90;

export interface DesiredStateOptions {
  /** How long rollouts are stored after their last change. */
  readonly rolloutDays?: number;
  /** The time of records and rollouts, in milliseconds since the epoch. */
  readonly now?: () => number;
}

export function openDesiredState(
  redis: RedisConnection,
  prefix: string = KEY_PREFIX,
  { rolloutDays = ROLLOUT_DAYS, now = Date.now }: DesiredStateOptions = {},
): DesiredState {
  const rolloutTtlSeconds = rolloutDays * DAY_SECONDS;
  const connection = openStateConnection(redis, prefix, { rolloutTtlSeconds, now: () => now() });
  return {
    ...openRuns(connection),
    ...openParkedRuns(connection),
    ...openRecords(connection),
    ...openRollouts(connection),
    ...openRolloutControl(connection),
    ...openHolds(connection),
    ...openEpochs(connection),
    ...openSaveable(connection),
    ...openAuditLog(connection),
    ...openAuditReaders(connection),
    ...openFoundReleases(connection),
    ...openOutageNotes(connection),
    ...openHealingRecords(connection),
    ...openNotifications(connection),
    ...openPlans(connection),
    ...openPublications(connection),
    ...openChannelSnapshots(connection),
    ...openChannelPasts(connection),
    ...openLastReleaseCheck(connection),
    ...openRestingWorkers(connection),
    ...openWorkerHeartbeats(connection),
    ...openApiBudget(connection),
  };
}
