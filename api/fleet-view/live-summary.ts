import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { explainReleaseCheck } from '../../domain/fleet/release-check-age.ts';
import { summariseFleet } from '../../domain/fleet/summarise-fleet.ts';
import type { ClusterCache } from '../../shared/kubernetes/cluster-cache.ts';
import { isReady, type RedisConnection } from '../../shared/redis.ts';
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
  readonly stats: Pick<QueueStatsMonitor, 'current' | 'answers' | 'deploysPaused' | 'resting'>;
}

/** The current summary. Counts once per state of rows and numbers, for any number of callers. */
export function createLiveSummary({
  cluster,
  redis,
  redisHealth,
  rows,
  channels,
  stats,
}: SummarySources): () => FleetSummary {
  const count = memoizeLast(
    (
      _position: string,
      { lastCheck, ...numbers }: QueueStats,
      seen: SnapshotsByChannel,
      redisReady: boolean,
      overdue: string,
      stale: string,
    ) =>
      summariseFleet({
        rows: rows.all(),
        channels: seen,
        ...numbers,
        lastReleaseCheck: { ...lastCheck, problem: overdue === '' ? undefined : overdue },
        ...(redisReady ? {} : { queue: undefined, workers: undefined }),
        stale: stale === '' ? [] : stale.split('\n'),
      }),
  );
  return () => {
    const redisReady = isReady(redis);
    const now = Date.now();
    const isSilent = redisHealth.problems().some((problem) => problem.isSilent);
    const answers = redisReady && stats.answers() && !isSilent;
    // While Redis does not answer, a check can have been made without this process noticing.
    const overdue = (answers && explainReleaseCheck(stats.current().lastCheck, now)) || '';
    const stale = explainStaleness(
      {
        answers,
        deploysPaused: stats.deploysPaused(),
        resting: stats.resting(),
        problems: redisHealth.problems(),
      },
      cluster.watches(),
      now,
    );
    const sentences = overdue === '' ? stale : [...stale, overdue];
    return count(rows.position(), stats.current(), channels.all(), redisReady, overdue, sentences.join('\n'));
  };
}
