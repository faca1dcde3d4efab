import { BOOTSTRAP_POD } from '../domain/cluster/names.ts';
import { hasBootstrapEnded, type ObservedPod } from '../domain/cluster/observed.ts';
import { describePodState, podSymptom } from '../domain/cluster/symptoms.ts';
import { messageOf } from '../domain/errors.ts';
import { describeBootstrap } from '../domain/explain/describe-bootstrap.ts';
import type { BootstrapRecord } from '../domain/rollout/attempt.ts';
import { EVENTS, pathOf } from '../shared/kubernetes/resources.ts';
import { deleteBootstrapPod } from './delete-bootstrap-pod.ts';
import { readLogTail } from './read-log-tail.ts';
import type { RunContext } from './run-context.ts';

/** Enough lines to fill 64 KiB. */
const LOG_LINES = 2_000;

/**
 * Saves the pod's log (the last 64 KiB), exit code, reasons and, if it failed, its events into the job and the attempt;
 * then deletes the pod.
 */
export async function collectBootstrapPod(
  deploymentId: string,
  context: RunContext,
): Promise<BootstrapRecord | undefined> {
  const pod = context.cluster.snapshot(context.namespace).bootstrapPod;
  if (pod?.startedFor !== deploymentId) return undefined;
  context.progress('collecting the bootstrap log');
  const exitCode = pod.terminated?.exitCode;
  const record: BootstrapRecord = {
    exitCode,
    reason: reasonOf(pod),
    log: await readLog(context),
    events: exitCode === 0 ? [] : await readEvents(context),
  };
  for (const line of describeBootstrap(record)) context.logToJob(line);
  context.logToJob(`bootstrap pod log:${record.log === '' ? ' (empty)' : `\n${record.log}`}`);
  context.keepBootstrap({ ...record, deploymentId, collectedAt: Date.now() });
  context.assertOurs();
  await deleteBootstrapPod(context);
  return record;
}

function reasonOf(pod: ObservedPod): string | undefined {
  if (hasBootstrapEnded(pod)) return pod.terminated?.reason;
  const symptom = podSymptom(pod, true);
  return symptom ? describePodState(symptom) : 'it was still running';
}

async function readLog({ client, namespace, signal }: RunContext): Promise<string> {
  try {
    const log = { pod: BOOTSTRAP_POD, container: BOOTSTRAP_POD, isPrevious: false };
    return await readLogTail(
      client,
      { ...log, namespace, lines: LOG_LINES },
      { signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) },
    );
  } catch (error) {
    signal.throwIfAborted();
    // A container that never started has no log: this error must not hide why it did not start.
    return `(not available: ${messageOf(error)})`;
  }
}

interface RawEvent {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
}

async function readEvents({ client, namespace }: RunContext): Promise<string[]> {
  try {
    const { items } = await client.request<{ items: readonly RawEvent[] }>({
      method: 'GET',
      path: pathOf(EVENTS, { namespace }),
      query: { fieldSelector: `involvedObject.name=${BOOTSTRAP_POD}`, limit: 50 },
    });
    return items.map(
      ({ type, reason, message, count = 1 }) =>
        `${type ?? ''} ${reason ?? ''}: ${message ?? ''}${count > 1 ? ` (${count} times)` : ''}`,
    );
  } catch (error) {
    return [`(not available: ${messageOf(error)})`];
  }
}
