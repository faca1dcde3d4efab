import { messageOf } from '../../domain/errors.ts';
import type { FleetSummary, RolloutProgress } from '../../domain/fleet/fleet-summary.ts';
import { doneOf, remainingOf, toProgress } from '../../domain/fleet/summarise-fleet.ts';
import { estimateEnd, type ProgressSample, withSample } from '../../domain/rollout/rollout-eta.ts';
import type { Core } from '../../shared/core.ts';
import { isReady } from '../../shared/redis.ts';
import type { CountedRollout, Rollouts } from '../../shared/state/rollouts.ts';

export const POLL_INTERVAL_MS = 1_000;
/** Timers are not exact: a poll that comes a little early counts. */
const SHORTEST_INTERVAL_MS = 900;
/** Of so many rollouts those with work left are shown, and a few that have ended. */
const ROLLOUTS_READ = 30;
const ENDED_SHOWN = 5;

/** What has to be asked for: the queue's depth, the workers, the rollouts. */
export interface QueueStats extends Pick<FleetSummary, 'queue' | 'workers' | 'rollouts'> {}

export interface QueueStatsMonitor {
  current(): QueueStats;
  /** False while Redis does not answer, also where its connection stands. */
  answers(): boolean;
  /** Somebody has paused the deploy queue on the board. */
  deploysPaused(): boolean;
  /** Asks, unless it was asked less than a second ago; never rejects. */
  refresh(): Promise<void>;
}

/** Who is asked. */
export interface QueueStatsSources extends Pick<Core, 'redis' | 'deployQueue' | 'log'> {
  readonly state: Pick<Rollouts, 'rolloutsWithCounts'>;
}

export function openQueueStats({ redis, deployQueue, state, log }: QueueStatsSources): QueueStatsMonitor {
  let current: QueueStats = { queue: undefined, workers: undefined, rollouts: [] };
  let samples = new Map<string, readonly ProgressSample[]>();
  let answers = true;
  let deploysPaused = false;
  let askedAt = 0;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      if (!isReady(redis)) throw new Error('Redis is not connected');
      const [queue, workers, rollouts, isPaused] = await Promise.all([
        deployQueue.getJobCounts('waiting', 'active', 'delayed', 'failed'),
        deployQueue.getWorkers(),
        state.rolloutsWithCounts(ROLLOUTS_READ),
        deployQueue.isPaused(),
      ]);
      const { waiting = 0, active = 0, delayed = 0, failed = 0 } = queue;
      answers = true;
      deploysPaused = isPaused;
      current = {
        queue: { waiting, active, delayed, failed },
        workers: workers.length,
        rollouts: follow(rollouts, Date.now()),
      };
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'queue and rollouts cannot be read');
      answers = false;
      current = { ...current, queue: undefined, workers: undefined };
    }
  }

  function follow(rollouts: readonly CountedRollout[], now: number): RolloutProgress[] {
    const followed = new Map<string, readonly ProgressSample[]>();
    let ended = 0;
    const shown = rollouts.flatMap(({ rollout, counts }) => {
      const remaining = remainingOf(counts);
      if (remaining === 0) {
        ended += 1;
        return ended <= ENDED_SHOWN ? [toProgress(rollout, counts, undefined)] : [];
      }
      const known = withSample(samples.get(rollout.id) ?? [], { at: now, done: doneOf(counts) });
      followed.set(rollout.id, known);
      return [toProgress(rollout, counts, estimateEnd(known, remaining))];
    });
    samples = followed;
    return shown;
  }

  return {
    current: () => current,
    answers: () => answers,
    deploysPaused: () => deploysPaused,
    refresh: () => {
      if (asking) return asking;
      if (Date.now() - askedAt < SHORTEST_INTERVAL_MS) return Promise.resolve();
      askedAt = Date.now();
      asking = ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}
