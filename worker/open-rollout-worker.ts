import { Worker } from 'bullmq';
import type { TargetState } from '../domain/rollout/rollout.ts';
import type { Core } from '../shared/core.ts';
import { ROLLOUT_QUEUE, type RolloutJob } from '../shared/queues.ts';
import type { RedisConnection } from '../shared/redis.ts';
import { decideRolloutJob } from './decide-rollout-job.ts';
import type { StateSaver } from './save-state.ts';
import { logConnectionErrors, workerOptions } from './worker-options.ts';

/** Decisions about rollouts; those about one rollout never run at the same time. */
export function openRolloutWorker(
  core: Core,
  connection: RedisConnection,
  { saveNow: saveState }: Pick<StateSaver, 'saveNow'>,
): Worker<RolloutJob> {
  const log = core.log.child({ logger: 'rollouts' });
  const { state, cluster, client, jobs, policy, metrics } = core;
  const onEnd = (ended: TargetState) => metrics.rolloutsEnded.inc({ state: ended });
  const worker = new Worker<RolloutJob>(
    ROLLOUT_QUEUE,
    ({ data }) =>
      decideRolloutJob(data.rolloutId, { state, cluster, client, jobs, policy, log, onEnd, saveState }),
    { ...workerOptions(core, connection), concurrency: 4 },
  );
  logConnectionErrors(worker, log);
  worker.on('completed', () => metrics.rolloutDecisions.inc({ result: 'ok' }));
  worker.on('failed', (_job, error) => {
    metrics.rolloutDecisions.inc({ result: 'error' });
    log.warn({ err: error }, 'a decision about a rollout failed; it is repeated');
  });
  return worker;
}
