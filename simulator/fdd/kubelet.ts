import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { NODES, PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { keyOf } from '../../shared/kubernetes/watch.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import { type Delays, sleep } from './delays.ts';
import type { Feed } from './feed.ts';
import { type FoundLog, type LogRequest, type LogServer, startLogServer } from './kubelet-log-server.ts';
import { type Pod, withoutManagedFields } from './kubernetes-objects.ts';
import { hasCode } from './patient-client.ts';
import { type PodRun, startPodRun } from './pod-run.ts';
import { timestamp } from './pod-status.ts';

/** The node lifecycle controller evicts the pods of a node that does not report for 40 s. */
const HEARTBEAT_MS = 10_000;
const TERMINAL_PHASES: readonly (string | undefined)[] = ['Succeeded', 'Failed'];

export interface KubeletOptions {
  readonly client: KubernetesClient;
  readonly log: Logger;
  /** It runs only the pods of these namespaces, on any cluster. */
  readonly ownsNamespace: (namespace: string) => boolean;
  readonly runtime: ContainerRuntime;
  readonly delays: Delays;
  readonly pods: Feed<Pod>;
  readonly nodeName: string;
  /** Serve logs over plain HTTP, and set that on the node. */
  readonly insecureLogs: boolean;
}

export interface Kubelet {
  readonly nodeName: string;
  stop(): Promise<void>;
}

/**
 * Runs the pods of some namespaces on a node of its own: registers the node, binds pending pods to it, runs their
 * containers, reports, and serves their logs. Call it before the feed of pods starts.
 */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, log, nodeName } = options;
  const runs = new Map<string, PodRun>();
  /** The uid of each pod that is being scheduled. */
  const binding = new Map<string, string>();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const logServer = await startLogServer({
    insecure: options.insecureLogs,
    find: (request) => findLog(runs, request),
  });
  await registerNode(options, logServer);
  const heartbeat = setInterval(() => {
    writeNodeStatus(options, logServer).catch((error: unknown) => {
      if (!stopping.signal.aborted) log.warn({ err: error, nodeName }, 'node cannot be renewed');
    });
  }, HEARTBEAT_MS);
  heartbeat.unref();

  function observe(pod: Pod): void {
    if (stopping.signal.aborted || !options.ownsNamespace(pod.metadata.namespace)) return;
    forgetOlder(pod);
    if (pod.metadata.deletionTimestamp !== undefined) terminate(pod);
    else if (pod.spec.nodeName === undefined) bind(pod);
    else if (pod.spec.nodeName === nodeName) run(pod);
  }

  /** A pod that was deleted and recreated under its name while the watch was broken. */
  function forgetOlder(pod: Pod): void {
    const run = runs.get(keyOf(pod));
    if (run !== undefined && run.uid !== pod.metadata.uid) forget(keyOf(pod));
  }

  function forget(key: string): void {
    runs.get(key)?.stop({ deletePod: false });
    runs.delete(key);
    binding.delete(key);
  }

  function terminate(pod: Pod): void {
    if (pod.spec.nodeName !== nodeName) return;
    const run = runs.get(keyOf(pod)) ?? startPodRun(pod, { ...options, runtime: NEVER_STARTS });
    if (run === undefined) return;
    runs.set(keyOf(pod), run);
    const graceSeconds = pod.metadata.deletionGracePeriodSeconds ?? 0;
    run.stop({ deletePod: true, graceMs: graceSeconds * 1_000 });
  }

  function bind(pod: Pod): void {
    const { uid, namespace, name } = pod.metadata;
    if (binding.get(keyOf(pod)) === uid) return;
    binding.set(keyOf(pod), uid);
    untilSchedulable(pod)
      .then(async () => {
        if (isWaiting(pod)) await bindPod(client, { namespace, name, uid, nodeName });
      })
      .catch((error: unknown) => log.warn({ err: error, pod: keyOf(pod) }, 'pod cannot be bound'))
      .finally(() => {
        if (binding.get(keyOf(pod)) === uid) binding.delete(keyOf(pod));
      });
  }

  /** Tries again and again, as a scheduler does with its queue, until the pod fits or is gone. */
  async function untilSchedulable(pod: Pod): Promise<void> {
    let reported: string | undefined;
    while (isWaiting(pod)) {
      const problem = options.runtime.unschedulable?.(pod);
      if (problem === undefined) return;
      if (problem !== reported) await writeUnschedulable(client, pod, problem);
      reported = problem;
      await sleep(options.delays.backoffMs, stopping.signal);
    }
  }

  function isWaiting(pod: Pod): boolean {
    return !stopping.signal.aborted && binding.get(keyOf(pod)) === pod.metadata.uid;
  }

  function run(pod: Pod): void {
    if (stopping.signal.aborted || runs.has(keyOf(pod)) || TERMINAL_PHASES.includes(pod.status?.phase))
      return;
    const started = startPodRun(withoutManagedFields(pod), options);
    if (started !== undefined) runs.set(keyOf(pod), started);
  }

  options.pods.listen({ onUpsert: observe, onDelete: forget });
  return {
    nodeName,
    stop: async () => {
      stopping.abort();
      clearInterval(heartbeat);
      for (const run of runs.values()) run.stop({ deletePod: false });
      runs.clear();
      await logServer.close();
    },
  };
}

/** For a pod that is deleted before it has started. */
const NEVER_STARTS: ContainerRuntime = {
  pull: () => new Promise(() => undefined),
  start: () => {
    throw new Error('this pod is only there to be deleted');
  },
};

function findLog(runs: ReadonlyMap<string, PodRun>, request: LogRequest): FoundLog | undefined {
  const run = runs.get(`${request.namespace}/${request.pod}`);
  if (run === undefined || run.containerName !== request.container) return undefined;
  const waiting = run.waitingFor();
  if (waiting !== undefined) return { waiting };
  const log = request.previous ? run.previousLog() : run.log;
  return log === undefined ? undefined : { log };
}

async function bindPod(
  client: KubernetesClient,
  pod: { namespace: string; name: string; uid: string; nodeName: string },
): Promise<void> {
  const { namespace, name, uid, nodeName } = pod;
  try {
    await client.request({
      method: 'POST',
      path: pathOf(PODS, { namespace, name, subresource: 'binding' }),
      body: {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, uid },
        target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
      },
    });
  } catch (error) {
    // Deleted, replaced, or already bound: the watch will show it, as it shows success.
    if (!hasCode(error, 'not_found', 'conflict', 'namespace_gone')) throw error;
  }
}

/** What the scheduler writes about a pod that fits nowhere. */
async function writeUnschedulable(client: KubernetesClient, pod: Pod, message: string): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
  const conditions = [{ ...condition, lastProbeTime: null, lastTransitionTime: timestamp() }];
  try {
    await client.request({
      method: 'PATCH',
      patchType: 'merge',
      path: pathOf(PODS, { namespace, name, subresource: 'status' }),
      body: { metadata: { uid }, status: { conditions } },
    });
  } catch (error) {
    if (!hasCode(error, 'not_found', 'conflict', 'invalid_object', 'namespace_gone')) throw error;
  }
}

async function registerNode(options: KubeletOptions, logServer: LogServer): Promise<void> {
  const { client, nodeName, insecureLogs } = options;
  const annotations = { 'simulator/insecure-kubelet': String(insecureLogs) };
  const metadata = { name: nodeName, labels: { 'kubernetes.io/hostname': nodeName }, annotations };
  const body = { apiVersion: 'v1', kind: 'Node', metadata };
  try {
    await client.create(NODES, undefined, body);
  } catch (error) {
    if (!hasCode(error, 'conflict')) throw error;
    const path = pathOf(NODES, { name: nodeName });
    await client.request({ method: 'PATCH', patchType: 'merge', path, body: { metadata: { annotations } } });
  }
  await writeNodeStatus(options, logServer);
}

async function writeNodeStatus({ client, nodeName }: KubeletOptions, logServer: LogServer): Promise<void> {
  const now = timestamp();
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'simulated' };
  const capacity = { cpu: '1000', memory: '4Ti', pods: '100000' };
  await client.request({
    method: 'PATCH',
    patchType: 'merge',
    path: pathOf(NODES, { name: nodeName, subresource: 'status' }),
    body: {
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        capacity,
        allocatable: capacity,
        daemonEndpoints: { kubeletEndpoint: { Port: logServer.port } },
        conditions: [{ ...ready, lastHeartbeatTime: now, lastTransitionTime: now }],
      },
    },
  });
}
