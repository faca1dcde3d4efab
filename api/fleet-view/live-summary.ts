import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { summariseFleet } from '../../domain/fleet/summarise-fleet.ts';
import type { ClusterCache } from '../../shared/kubernetes/cluster-cache.ts';
import { isReady, type RedisConnection } from '../../shared/redis.ts';
import type { ChannelCache, SnapshotsByChannel } from './channel-cache.ts';
import { explainStaleness } from './explain-staleness.ts';
import { memoizeLast } from './memoize-last.ts';
import type { QueueStats, QueueStatsMonitor } from './queue-stats.ts';
import type { RowStore } from './row-store.ts';

export interface SummarySources {
  readonly cluster: Pick<ClusterCache, 'watches'>;
  readonly redis: RedisConnection;
  readonly rows: Pick<RowStore, 'all' | 'position'>;
  readonly channels: Pick<ChannelCache, 'all'>;
  readonly stats: Pick<QueueStatsMonitor, 'current' | 'answers' | 'deploysPaused'>;
}

/** The current summary. Counts once per state of rows and numbers, for any number of callers. */
export function createLiveSummary({
  cluster,
  redis,
  rows,
  channels,
  stats,
}: SummarySources): () => FleetSummary {
  const count = memoizeLast(
    (_position: string, numbers: QueueStats, seen: SnapshotsByChannel, redisReady: boolean, stale: string) =>
      summariseFleet({
        rows: rows.all(),
        channels: seen,
        ...numbers,
        ...(redisReady ? {} : { queue: undefined, workers: undefined }),
        stale: stale === '' ? [] : stale.split('\n'),
      }),
  );
  return () => {
    const redisReady = isReady(redis);
    const stale = explainStaleness(
      { answers: redisReady && stats.answers(), deploysPaused: stats.deploysPaused() },
      cluster.watches(),
      Date.now(),
    );
    return count(rows.position(), stats.current(), channels.all(), redisReady, stale.join('\n'));
  };
}
