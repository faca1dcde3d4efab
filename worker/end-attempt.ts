import { DelayedError, type Job } from 'bullmq';
import type { ApplicationEvent } from '../domain/audit/application-event.ts';
import { URGENT } from '../domain/deploy/lane.ts';
import type { Parking } from '../domain/deploy/parking.ts';
import { messageOf } from '../domain/errors.ts';
import { adoptionLag } from '../domain/release/adoption.ts';
import type { RolloutTarget } from '../domain/rollout/rollout.ts';
import type { DeployJob } from '../shared/queues.ts';
import type { Run } from '../shared/state/runs.ts';
import { recordOutcome } from '../shared/telemetry/spans.ts';
import type { DeployResult, ParkedDeploy } from './deploy-namespace.ts';
import type { InterruptedError } from './interrupted-error.ts';
import { type Conclusion, type OpenAttempt, type ProcessDependencies, targetOf } from './open-attempt.ts';

export interface CompletedRun extends Pick<OpenAttempt, 'job' | 'run' | 'context'> {
  readonly result: DeployResult;
  readonly began: number;
}

/** Ends an attempt whose deployment is verified, or that had nothing to do. */
export async function complete(
  { result, began, job, run, context }: CompletedRun,
  { state, metrics, events }: ProcessDependencies,
): Promise<Conclusion> {
  // The bootstrap pod's log is in the job's log, where it is easier to read.
  const { bootstrap, ...rest } = result;
  const { outcome, version, reason, warnings } = rest;
  const ending = context.ending('completed', { outcome, reason, details: warnings });
  const { namespace } = job.data;
  // An end that a metric would prevent is worse than a metric without it.
  const publication = await state.publicationIn(namespace, run.releaseKey).catch(() => undefined);
  const moved = await state.finish(namespace, run, completedTarget(run, result, job.id), ending);
  if (outcome !== 'unchanged') events?.publish(eventOf(namespace, run, result));
  const lag = publication && adoptionLag({ ...publication, outcome, now: Date.now() });
  if (lag !== undefined) metrics.adoptionLag.observe(lag / 1000);
  const durationMs = Date.now() - began;
  metrics.runs.inc({ outcome });
  metrics.runDuration.observe(durationMs / 1000);
  context.logToJob(`${outcome} ${version} in ${durationMs} ms${warnings.map((w) => `; ${w}`).join('')}`);
  await Promise.all([
    context.settle(),
    // A quick run has published nothing that could be out of date.
    hasProgress(job) && job.updateProgress({ phase: 'done', detail: outcome }).catch(() => undefined),
  ]);
  context.log.info({ outcome, version, durationMs }, 'deploy verified');
  const bootstrapExitCode = bootstrap?.exitCode;
  return { result: { ...rest, rolloutId: run.rolloutId, durationMs, bootstrapExitCode }, moved };
}

/** Equal versions are one Event, which counts. */
function eventOf(
  namespace: string,
  { trigger, rolloutId }: Run,
  { outcome, version }: DeployResult,
): ApplicationEvent {
  const reason = trigger === 'heal' ? 'Healed' : 'Deployed';
  return { namespace, reason, note: `${outcome} ${version} by rollout ${rolloutId}`, cause: version };
}

export interface ParkedRun extends ParkedDeploy, OpenAttempt {}

/** Gives back slot, lock and lease until something happens; a newer request continues at once instead. */
export async function park(
  { parking, phase, detail, job, token, run, context }: ParkedRun,
  { state, waker }: ProcessDependencies,
): Promise<Conclusion> {
  const { namespace } = job.data;
  const { generation } = run;
  const parked: Parking = { ...parking, generation, jobId: job.id ?? namespace };
  const fields = { phase, reason: detail, steps: context.encodedSteps() };
  const reason = `a newer request came while it waited: ${detail}`;
  const superseded = context.ending('superseded', { reason });
  const moved = await state.park(namespace, run, { fields, parking: parked }, superseded);
  if (moved) return { result: { outcome: 'nothing new' }, moved };
  recordOutcome('parked');
  // What resumes does not wait behind what has not begun.
  await Promise.allSettled([job.updateProgress({ phase, detail }), job.changePriority({ priority: URGENT })]);
  await job.moveToDelayed(parked.until + 1, token);
  await waker.watch(namespace, parked).catch((error: unknown) => {
    context.log.debug({ reason: messageOf(error) }, 'the parked run is watched from the next sweep on');
  });
  throw new DelayedError();
}

/** The attempt has written nothing: it ends as superseded and does not count; what interrupted it decides what begins next. */
export async function yieldToNewer(
  { message }: InterruptedError,
  { job, run, context }: Pick<OpenAttempt, 'job' | 'run' | 'context'>,
  { state }: ProcessDependencies,
): Promise<Conclusion> {
  const { namespace } = job.data;
  const ending = context.ending('superseded', { reason: message });
  await state.report(
    namespace,
    run,
    { phase: 'queued', reason: '', attempt: run.attempt - 1 },
    undefined,
    ending,
  );
  await state.releaseLease(namespace, run.token);
  return { result: { outcome: 'nothing new' }, moved: true };
}

function hasProgress({ progress }: Job<DeployJob>): boolean {
  return typeof progress === 'object';
}

function completedTarget(run: Run, result: DeployResult, jobId: string | undefined): RolloutTarget {
  return {
    ...targetOf(run, jobId),
    state: 'completed',
    outcome: result.outcome,
    reason: result.reason,
    ...(result.warnings.length === 0 ? {} : { warnings: result.warnings }),
    finishedAt: Date.now(),
  };
}
