import { randomUUID } from 'node:crypto';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { maxInFlight, waitForRoom } from '../domain/deploy/max-in-flight.ts';
import { SkipperError, toError } from '../domain/errors.ts';
import { LEASE_MS } from '../shared/lease-ms.ts';
import type { DeployJob } from '../shared/queues.ts';
import type { Begin, Run } from '../shared/state/runs.ts';
import { inAttemptSpan } from '../shared/telemetry/spans.ts';
import { delayJob } from './delay-job.ts';
import { deployNamespace } from './deploy-namespace.ts';
import { complete, park, yieldToNewer } from './end-attempt.ts';
import { conclude } from './fail-attempt.ts';
import { InterruptedError } from './interrupted-error.ts';
import type { Lease } from './leases.ts';
import type { Conclusion, JobResult, ProcessDependencies } from './open-attempt.ts';
import { openContext } from './open-context.ts';
import { readable } from './readable.ts';

/** Another run has the namespace: retry after this time. */
const BUSY_DELAY_MS = 1_000;
/** Its rollout is paused; resuming it promotes the job, so this is only for the case that the promotion is lost. */
const HELD_DELAY_MS = 30_000;
const FETCHED_TOO_LATE_DELAY_MS = 2_000;

/** Brings a namespace to its desired state, and repeats that if the desired state has changed in the meantime. */
export async function processJob(
  job: Job<DeployJob>,
  token: string | undefined,
  dependencies: ProcessDependencies,
): Promise<JobResult> {
  const { leases, outage } = dependencies;
  const { namespace } = job.data;
  // The job was fetched just before the rest started.
  if (outage.current() !== undefined) throw await delayJob(job, token, FETCHED_TOO_LATE_DELAY_MS);
  for (;;) {
    const askedAt = Date.now();
    const begin = await beginRun(job, dependencies);
    if (begin.kind === 'idle') return { outcome: 'nothing new' };
    if (begin.kind === 'busy') throw await delayJob(job, token, BUSY_DELAY_MS);
    if (begin.kind === 'full') throw await delayJob(job, token, waitForRoom(Math.random()));
    if (begin.kind === 'held') throw await delayJob(job, token, HELD_DELAY_MS);
    const { run } = begin;
    const lease = leases.hold(namespace, run.token, { generation: run.generation, askedAt });
    try {
      const { result, moved } = await inAttemptSpan(
        { namespace, rollout: run.rolloutId, attempt: run.attempt },
        () => runOnce(job, token, run, lease, dependencies),
      );
      if (!moved) return result;
    } finally {
      lease.end();
    }
  }
}

/** A request that was ended instead of started must not be retried by the queue. */
async function beginRun(
  job: Job<DeployJob>,
  { state, cluster, settings }: ProcessDependencies,
): Promise<Begin> {
  const { namespace } = job.data;
  const max = maxInFlight(settings.maxInFlight, () => cluster.namespaces().length);
  const lease = {
    token: randomUUID(),
    leaseMs: LEASE_MS,
    inFlight: { max, ttlMs: settings.progressDeadlineMs },
  };
  try {
    return await state.begin(namespace, job.id ?? namespace, lease);
  } catch (error) {
    const isLost = error instanceof SkipperError && error.code === 'release_unknown';
    throw isLost ? readable(new UnrecoverableError(error.message), error) : error;
  }
}

async function runOnce(
  job: Job<DeployJob>,
  token: string | undefined,
  run: Run,
  lease: Lease,
  dependencies: ProcessDependencies,
): Promise<Conclusion> {
  const { settleTime } = dependencies;
  const began = run.resumed?.startedAt ?? Date.now();
  const context = openContext(job, run, lease, dependencies);
  const attempt = { job, token, run, context };
  try {
    const result = await deployNamespace(run, context);
    await context.settle();
    const hasWaited = 'parking' in result || result.deploymentId !== undefined;
    if (hasWaited && !run.resumed) settleTime.record('parking' in result);
    if ('parking' in result) return await park({ ...result, ...attempt }, dependencies);
    return await complete({ result, began, ...attempt }, dependencies);
  } catch (thrown) {
    await context.settle();
    if (thrown instanceof DelayedError) throw thrown;
    if (thrown instanceof InterruptedError) return yieldToNewer(thrown, attempt, dependencies);
    return conclude(causeOf(thrown, lease, dependencies), attempt, dependencies);
  }
}

/** While the worker stops, or after it has lost the lease, that is the cause of any error. */
function causeOf(thrown: unknown, lease: Lease, { stopping }: ProcessDependencies): Error {
  if (stopping.aborted)
    return new SkipperError('shutting_down', 'the worker is stopping; another one continues');
  return toError(lease.signal.aborted ? lease.signal.reason : thrown);
}
