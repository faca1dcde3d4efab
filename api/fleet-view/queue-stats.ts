import { messageOf } from '../../domain/errors.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import type { ReleaseCheckAge } from '../../domain/fleet/release-check-age.ts';
import type { HealingStatus } from '../../domain/heal/healing.ts';
import type { Core } from '../../shared/core.ts';
import { isReady } from '../../shared/redis.ts';
import { readReleaseCheckSchedule } from '../../shared/release-check-schedule.ts';
import type { HealingRecords } from '../../shared/state/healing.ts';
import type { LastReleaseCheck, ReleaseCheckRecord } from '../../shared/state/last-release-check.ts';
import type { RestingWorkers } from '../../shared/state/resting-workers.ts';
import type { Rollouts } from '../../shared/state/rollouts.ts';
import type { Saveable } from '../../shared/state/saveable.ts';
import type { WorkerHeartbeats } from '../../shared/state/worker-heartbeats.ts';
import { createRolloutFollower } from './follow-rollouts.ts';
import { createWorkerEar } from './hear-workers.ts';

export const POLL_INTERVAL_MS = 1_000;
/** Timers are not exact: a slightly early poll counts. */
const SHORTEST_INTERVAL_MS = 900;
const ROLLOUTS_READ = 30;

/** The polled numbers: queue depth, workers, rollouts, release check. */
export interface QueueStats extends Pick<FleetSummary, 'queue' | 'workers' | 'rollouts' | 'releaseCheck'> {
  readonly lastCheck: ReleaseCheckAge;
  /** The latest pass of healing. */
  readonly healing?: HealingStatus | undefined;
  /** Why nothing is saved outside of Redis; undefined if it is. */
  readonly saveProblem?: string | undefined;
}

export interface QueueStatsMonitor {
  current(): QueueStats;
  /** False while Redis does not answer, even when the connection is up. */
  answers(): boolean;
  /** Why workers rest, by worker. */
  resting(): ReadonlyMap<string, string>;
  /** True if the deploy queue was paused on the board. */
  deploysPaused(): boolean;
  /** Polls, unless the last poll was less than a second ago; never rejects. */
  refresh(): Promise<void>;
}

/** The sources of the numbers. */
export interface QueueStatsSources
  extends Pick<Core, 'redis' | 'deployQueue' | 'releaseCheckQueue' | 'log' | 'settings'> {
  readonly state: Pick<Rollouts, 'rolloutsWithCounts'> &
    Pick<LastReleaseCheck, 'lastReleaseCheck'> &
    Pick<RestingWorkers, 'restingWorkers'> &
    Pick<HealingRecords, 'healingStatus'> &
    Pick<Saveable, 'saveProblem'> &
    Pick<WorkerHeartbeats, 'heartbeats'>;
}

export function openQueueStats({
  redis,
  deployQueue,
  releaseCheckQueue,
  state,
  log,
  settings,
}: QueueStatsSources): QueueStatsMonitor {
  let current: QueueStats = {
    queue: undefined,
    workers: undefined,
    rollouts: [],
    lastCheck: { at: undefined, since: Date.now(), intervalSeconds: settings.releaseCheckInterval },
  };
  const follow = createRolloutFollower();
  const hearWorkers = createWorkerEar();
  let answers = true;
  let deploysPaused = false;
  let resting: ReadonlyMap<string, string> = new Map();
  let polledAt = 0;
  let polling: Promise<void> | undefined;

  async function poll(): Promise<void> {
    try {
      if (!isReady(redis)) throw new Error('Redis is not connected');
      const [
        queue,
        workers,
        rollouts,
        isPaused,
        releaseCheck,
        lastCheck,
        restingNow,
        beats,
        healing,
        saveProblem,
      ] = await Promise.all([
        deployQueue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed'),
        deployQueue.getWorkers(),
        state.rolloutsWithCounts(ROLLOUTS_READ),
        deployQueue.isPaused(),
        readReleaseCheckSchedule(releaseCheckQueue),
        state.lastReleaseCheck(),
        state.restingWorkers(),
        state.heartbeats(),
        state.healingStatus(),
        state.saveProblem(),
      ]);
      const { waiting: urgent = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = queue;
      const waiting = urgent + prioritized;
      answers = true;
      deploysPaused = isPaused;
      resting = restingNow;
      current = {
        queue: { waiting, active, delayed, failed },
        // A worker that has ended has no connection; one that hangs has no heartbeat.
        workers: Math.min(workers.length, hearWorkers(beats, Date.now())),
        rollouts: follow(rollouts, Date.now()),
        releaseCheck,
        healing,
        saveProblem,
        lastCheck: dueEvery(releaseCheck, laterOf(current.lastCheck, lastCheck)),
      };
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'queue and rollouts cannot be read');
      answers = false;
      current = { ...current, queue: undefined, workers: undefined };
    }
  }

  return {
    current: () => current,
    answers: () => answers,
    deploysPaused: () => deploysPaused,
    resting: () => resting,
    refresh: () => {
      if (polling) return polling;
      if (Date.now() - polledAt < SHORTEST_INTERVAL_MS) return Promise.resolve();
      polledAt = Date.now();
      polling = poll().finally(() => {
        polling = undefined;
      });
      return polling;
    },
  };
}

/** If Redis has lost the record of a check, the check still counts. */
function laterOf(known: ReleaseCheckAge, read: ReleaseCheckRecord | undefined): ReleaseCheckAge {
  if (read === undefined || read.at <= (known.at ?? 0)) return known;
  return { ...read, since: read.at };
}

/** The schedule outlives the workers, so its interval applies if no check has ended for a while. */
function dueEvery(schedule: FleetSummary['releaseCheck'], check: ReleaseCheckAge): ReleaseCheckAge {
  return schedule === undefined ? check : { ...check, intervalSeconds: schedule.intervalSeconds };
}
