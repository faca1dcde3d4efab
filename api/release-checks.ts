import { SkipperError } from '../domain/errors.ts';
import type { Core } from '../shared/core.ts';
import { RELEASE_CHECK_JOB } from '../shared/queues.ts';
import { isReady } from '../shared/redis.ts';

/** Requests checks of the release channels, which a worker makes. */
export interface ReleaseChecks {
  /** Requests a check now; returns the id of its job. A waiting check serves several requests. */
  request(): Promise<string>;
}

export function openReleaseChecks({
  redis,
  releaseCheckQueue,
}: Pick<Core, 'redis' | 'releaseCheckQueue'>): ReleaseChecks {
  return {
    request: async () => {
      if (!isReady(redis)) throw new SkipperError('redis_unavailable', 'Redis is not connected');
      const job = await releaseCheckQueue.add(
        RELEASE_CHECK_JOB,
        {},
        { deduplication: { id: 'asked-for', keepLastIfActive: true } },
      );
      return job.id ?? '';
    },
  };
}
