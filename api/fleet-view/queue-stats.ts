import { messageOf } from '../../domain/errors.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import type { Core } from '../../shared/core.ts';
import { isReady } from '../../shared/redis.ts';
import { readReleaseCheckSchedule } from '../../shared/release-check-schedule.ts';
import type { Rollouts } from '../../shared/state/rollouts.ts';
import { createRolloutFollower } from './follow-rollouts.ts';

export const POLL_INTERVAL_MS = 1_000;
/** Timers are not exact: a slightly early poll counts. */
const SHORTEST_INTERVAL_MS = 900;
const ROLLOUTS_READ = 30;

/** What is polled: the queue's depth, the workers, the rollouts. */
export interface QueueStats extends Pick<FleetSummary, 'queue' | 'workers' | 'rollouts' | 'releaseCheck'> {}

export interface QueueStatsMonitor {
  current(): QueueStats;
  /** False while Redis does not answer, even when the connection is up. */
  answers(): boolean;
  /** Somebody has paused the deploy queue on the board. */
  deploysPaused(): boolean;
  /** Polls, unless the last poll was less than a second ago; never rejects. */
  refresh(): Promise<void>;
}

/** The sources of the numbers. */
export interface QueueStatsSources extends Pick<Core, 'redis' | 'deployQueue' | 'releaseCheckQueue' | 'log'> {
  readonly state: Pick<Rollouts, 'rolloutsWithCounts'>;
}

export function openQueueStats({
  redis,
  deployQueue,
  releaseCheckQueue,
  state,
  log,
}: QueueStatsSources): QueueStatsMonitor {
  let current: QueueStats = { queue: undefined, workers: undefined, rollouts: [] };
  const follow = createRolloutFollower();
  let answers = true;
  let deploysPaused = false;
  let polledAt = 0;
  let polling: Promise<void> | undefined;

  async function poll(): Promise<void> {
    try {
      if (!isReady(redis)) throw new Error('Redis is not connected');
      const [queue, workers, rollouts, isPaused, releaseCheck] = await Promise.all([
        deployQueue.getJobCounts('waiting', 'active', 'delayed', 'failed'),
        deployQueue.getWorkers(),
        state.rolloutsWithCounts(ROLLOUTS_READ),
        deployQueue.isPaused(),
        readReleaseCheckSchedule(releaseCheckQueue),
      ]);
      const { waiting = 0, active = 0, delayed = 0, failed = 0 } = queue;
      answers = true;
      deploysPaused = isPaused;
      current = {
        queue: { waiting, active, delayed, failed },
        workers: workers.length,
        rollouts: follow(rollouts, Date.now()),
        releaseCheck,
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
