import isEqual from 'fast-deep-equal';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { composeNotices, type Notice } from '../../domain/fleet/notices.ts';
import { remainingOf, summariseFleet } from '../../domain/fleet/summarise-fleet.ts';
import type { EpochKeeper } from '../../shared/keep-epoch.ts';
import type { ClusterCache } from '../../shared/kubernetes/cluster-cache.ts';
import { isReady, type RedisConnection } from '../../shared/redis.ts';
import type { Epoch } from '../../shared/state/epoch.ts';
import type { RedisHealth } from '../../shared/watch-redis.ts';
import type { ChannelCache, SnapshotsByChannel } from './channel-cache.ts';
import { explainStaleness } from './explain-staleness.ts';
import { memoizeLast } from './memoize-last.ts';
import type { QueueStats, QueueStatsMonitor } from './queue-stats.ts';
import type { RowStore } from './row-store.ts';

export interface SummarySources {
  readonly cluster: Pick<ClusterCache, 'watches'>;
  readonly redis: RedisConnection;
  readonly redisHealth: Pick<RedisHealth, 'problems'>;
  readonly rows: Pick<RowStore, 'all' | 'position'>;
  readonly channels: Pick<ChannelCache, 'all'>;
  readonly epoch: Pick<EpochKeeper, 'current' | 'problem'>;
  readonly stats: Pick<QueueStatsMonitor, 'current' | 'answers' | 'deploysPaused' | 'resting'>;
}

/** The current summary. Counts once per state of rows and numbers, for any number of callers. */
export function createLiveSummary({
  cluster,
  redis,
  redisHealth,
  rows,
  channels,
  epoch,
  stats,
}: SummarySources): () => FleetSummary {
  const sameNotices = keepEqual<readonly Notice[]>();
  const sameStale = keepEqual<readonly string[]>();
  const count = memoizeLast(
    (
      _position: string,
      { lastCheck, healing: _healing, ...numbers }: QueueStats,
      seen: SnapshotsByChannel,
      redisReady: boolean,
      notices: readonly Notice[],
      stale: readonly string[],
    ) =>
      summariseFleet({
        rows: rows.all(),
        channels: seen,
        ...numbers,
        lastReleaseCheck: {
          ...lastCheck,
          problem: notices.find(({ code }) => code === 'release_check_overdue')?.message,
        },
        ...(redisReady ? {} : { queue: undefined, workers: undefined }),
        notices,
        stale,
      }),
  );
  return () => {
    const redisReady = isReady(redis);
    const now = Date.now();
    const problems = redisHealth.problems();
    const answers = redisReady && stats.answers() && !problems.some((problem) => problem.isSilent);
    const { workers, releaseCheck, lastCheck, rollouts, healing, saveProblem } = stats.current();
    const notices = composeNotices(
      {
        // While Redis does not answer, a check can have been made without this process noticing.
        workers: answers ? workers : undefined,
        deploysPaused: stats.deploysPaused(),
        resting: stats.resting(),
        schedule: releaseCheck,
        lastCheck,
        healing,
        pausedRollouts: rollouts.flatMap(({ id, state, counts }) =>
          state === 'paused' ? [{ id, waiting: remainingOf(counts) }] : [],
        ),
        rebuilding: epoch.problem(),
        rebuilt: rebuiltIn(epoch.current()),
        saveProblem,
      },
      now,
    );
    const stale = explainStaleness({ answers, problems }, cluster.watches(), now);
    return count(
      rows.position(),
      stats.current(),
      channels.all(),
      redisReady,
      sameNotices(notices),
      sameStale(stale),
    );
  };
}

function rebuiltIn(epoch: Epoch | undefined) {
  return epoch?.rebuilt && { at: epoch.at, ...epoch.rebuilt };
}

/** Returns the earlier value while an equal one follows, so that it can be compared by identity. */
function keepEqual<Value>(): (value: Value) => Value {
  let kept: Value | undefined;
  return (value) => {
    if (kept === undefined || !isEqual(kept, value)) kept = value;
    return kept;
  };
}
