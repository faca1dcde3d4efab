import { SkipperError } from '../domain/errors.ts';
import type { Core } from '../shared/core.ts';
import { RELEASE_CHECK_JOB } from '../shared/queues.ts';
import { isReady } from '../shared/redis.ts';

/** The checks of the release channels, which a worker makes. */
export interface ReleaseChecks {
  readonly intervalSeconds: number;
  /** Asks for one now; returns the id of its job. One that waits already answers several requests. */
  request(): Promise<string>;
}

export function openReleaseChecks({
  redis,
  releaseCheckQueue,
  settings,
}: Pick<Core, 'redis' | 'releaseCheckQueue' | 'settings'>): ReleaseChecks {
  return {
    intervalSeconds: settings.releaseCheckInterval,
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
