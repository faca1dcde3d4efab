import type { Logger } from 'pino';
import { toError } from '../../domain/errors.ts';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { type ContainerLog, createContainerLog } from './container-log.ts';
import type { ContainerExit, ContainerRuntime, RunningContainer } from './container-runtime.ts';
import { type Delays, sleep } from './delays.ts';
import type { Container, Pod } from './kubernetes-objects.ts';
import { mainContainer } from './main-container.ts';
import { hasCode } from './patient-client.ts';
import { type ContainerReport, podStatus, type TerminatedContainer, timestamp } from './pod-status.ts';

export interface PodRunContext {
  readonly client: KubernetesClient;
  readonly log: Logger;
  readonly runtime: ContainerRuntime;
  readonly delays: Delays;
}

/** The lifecycle of a pod on its node. */
export interface PodRun {
  readonly uid: string;
  readonly containerName: string;
  readonly log: ContainerLog;
  /** Why no log exists yet. */
  waitingFor(): string | undefined;
  /** The log of the container before the last restart. */
  previousLog(): ContainerLog | undefined;
  /**
   * Ends the container: at once or, if the pod is being deleted (it has a deletionTimestamp), with SIGTERM, and after the
   * grace period with SIGKILL.
   */
  stop(options: StopOptions): void;
}

export type StopOptions =
  | { readonly deletePod: false }
  | { readonly deletePod: true; readonly graceMs: number };

type Report = Omit<ContainerReport, 'podStartedAt'>;

export function startPodRun(pod: Pod, context: PodRunContext): PodRun | undefined {
  const container = mainContainer(pod.spec);
  if (container === undefined) return undefined;
  return runPod(pod, container, context);
}

function runPod(pod: Pod, container: Container, context: PodRunContext): PodRun {
  const { client, log, runtime, delays } = context;
  const stopping = new AbortController();
  const killing = new AbortController();
  let current: RunningContainer | undefined;
  const podStartedAt = timestamp();
  const report = (state: Report) => writeStatus(client, pod, container, { ...state, podStartedAt });
  let output = createContainerLog();
  let previous: ContainerLog | undefined;
  let restartCount = restartsOf(pod, container);
  let last: TerminatedContainer | undefined;
  let deleting = false;
  let waiting: string | undefined = 'ContainerCreating';

  async function live(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pull();
      await configure();
      if (stopping.signal.aborted) return;
      const exit = await runContainer();
      if (stopping.signal.aborted || exit === undefined) return;
      if (!isRestarted(pod, exit)) {
        return report({ restartCount, last, state: { kind: 'terminated', exit, final: true } });
      }
      last = exit;
      await backOff(exit);
    }
  }

  async function pull(): Promise<void> {
    await sleep(delays.imagePullMs, stopping.signal);
    for (let failures = 0; !stopping.signal.aborted; failures += 1) {
      const problem = await runtime.pull?.(pod).then(
        () => undefined,
        (error: unknown) => toError(error).message,
      );
      if (problem === undefined) return;
      const message = `failed to pull image "${container.image}": ${problem}`;
      await report({ restartCount, last, state: { kind: 'waiting', reason: 'ErrImagePull', message } });
      waiting = 'trying and failing to pull image';
      const waitMs = backoffMs(failures);
      await sleep(waitMs / 4, stopping.signal);
      if (stopping.signal.aborted) return;
      const backingOff = `Back-off pulling image "${container.image}": ${problem}`;
      await report({
        restartCount,
        last,
        state: { kind: 'waiting', reason: 'ImagePullBackOff', message: backingOff },
      });
      await sleep((waitMs * 3) / 4, stopping.signal);
    }
  }

  /** Tries again and again, as a kubelet does with each sync. */
  async function configure(): Promise<void> {
    for (let problem = runtime.configProblem?.(pod); problem !== undefined && !stopping.signal.aborted; ) {
      const reason = 'CreateContainerConfigError';
      await report({ restartCount, last, state: { kind: 'waiting', reason, message: problem } });
      await sleep(delays.backoffMs, stopping.signal);
      problem = runtime.configProblem?.(pod);
    }
  }

  async function runContainer(): Promise<TerminatedContainer | undefined> {
    await sleep(delays.startMs, stopping.signal);
    if (stopping.signal.aborted) return undefined;
    const startedAt = timestamp();
    waiting = undefined;
    const writing = output;
    const running = runtime.start(pod, { log: writing.write });
    current = running;
    const end = running.exited.then((exit) => ({ ...exit, startedAt, finishedAt: timestamp() }));
    await reportUntilReady(running.ready, end, startedAt);
    const exit = await end;
    current = undefined;
    writing.end();
    return exit;
  }

  async function reportUntilReady(
    ready: Promise<void>,
    end: Promise<TerminatedContainer>,
    startedAt: string,
  ): Promise<void> {
    const isReady = ready.then(() => sleep(delays.readyMs, stopping.signal)).then(() => 'ready' as const);
    const isOver = end.then(() => 'over' as const);
    const running = (readyNow: boolean) =>
      report({ restartCount, last, state: { kind: 'running', startedAt, ready: readyNow } });
    // A container that is ready at once is reported once: at 10,000 namespaces every request counts.
    const first = await Promise.race([isReady, isOver, sleepOneTick()]);
    if (stopping.signal.aborted || first === 'over') return;
    await running(first === 'ready');
    if (first === 'ready') return;
    const next = await Promise.race([isReady, isOver]);
    if (next === 'ready' && !stopping.signal.aborted) await running(true);
  }

  async function backOff(exit: TerminatedContainer): Promise<void> {
    previous = output;
    output = createContainerLog();
    const message = `back-off restarting failed container=${container.name} pod=${pod.metadata.name}`;
    const firstCrash = restartCount === 0;
    if (firstCrash) await report({ restartCount, state: { kind: 'terminated', exit, final: false } });
    else
      await report({ restartCount, last, state: { kind: 'waiting', reason: 'CrashLoopBackOff', message } });
    // As a kubelet does: the first restart comes at once.
    if (!firstCrash) await sleep(backoffMs(restartCount - 1), stopping.signal);
    restartCount += 1;
  }

  function backoffMs(failures: number): number {
    return Math.min(delays.backoffCapMs, delays.backoffMs * 2 ** Math.min(failures, 20));
  }

  async function deletePod(graceMs: number): Promise<void> {
    current?.stop();
    const grace = sleep(Math.min(graceMs, delays.graceMs), killing.signal);
    await Promise.race([grace, current?.exited]);
    if (killing.signal.aborted) return;
    kill();
    await sleep(delays.terminateMs);
    await client.delete(
      PODS,
      { namespace: pod.metadata.namespace, name: pod.metadata.name },
      { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } },
    );
  }

  function kill(): void {
    killing.abort();
    current?.stop();
    current?.kill?.();
    output.end();
  }

  function complain(error: unknown): void {
    if (!isOvertaken(error)) log.warn({ err: error, pod: pod.metadata.name }, 'pod cannot be carried on');
  }

  live().catch(complain);
  return {
    uid: pod.metadata.uid,
    containerName: container.name,
    get log() {
      return output;
    },
    waitingFor: () => waiting,
    previousLog: () => previous,
    stop: (options) => {
      stopping.abort();
      if (!options.deletePod) kill();
      else if (!deleting) {
        deleting = true;
        deletePod(options.graceMs).catch(complain);
      }
    },
  };
}

function restartsOf({ status }: Pod, { name }: Container): number {
  return status?.containerStatuses?.find((known) => known.name === name)?.restartCount ?? 0;
}

async function writeStatus(
  client: KubernetesClient,
  pod: Pod,
  container: Container,
  report: ContainerReport,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  try {
    await client.request({
      method: 'PATCH',
      patchType: 'merge',
      path: pathOf(PODS, { namespace, name, subresource: 'status' }),
      // The uid keeps the report from a later pod of the same name.
      body: { metadata: { uid }, status: podStatus(pod, container, report) },
    });
  } catch (error) {
    if (!isOvertaken(error)) throw error;
  }
}

/** The pod is gone, or another one has its name now. */
function isOvertaken(error: unknown): boolean {
  return hasCode(error, 'not_found', 'conflict', 'invalid_object', 'namespace_gone');
}

function isRestarted(pod: Pod, exit: ContainerExit): boolean {
  const policy = pod.spec.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && exit.exitCode !== 0);
}

function sleepOneTick(): Promise<'later'> {
  return new Promise((resolve) => {
    setImmediate(() => resolve('later'));
  });
}
