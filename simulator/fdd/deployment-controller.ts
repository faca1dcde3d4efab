import type { Logger } from 'pino';
import { messageOf } from '../../domain/errors.ts';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { DEPLOYMENTS, PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { keyOf } from '../../shared/kubernetes/watch.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import { type Delays, sleep } from './delays.ts';
import { deploymentStatus, isComplete, type RolloutCounts, saysAlready } from './deployment-status.ts';
import type { Feed } from './feed.ts';
import { type Deployment, type Pod, versionOf } from './kubernetes-objects.ts';
import { hasCode } from './patient-client.ts';
import {
  countsOf,
  HASH_LABEL,
  type KnownPod,
  newRollout,
  podOf,
  type Rollout,
  stateOf,
  updateRollout,
} from './rollout.ts';

const RETRY_MS = 1_000;

export interface DeploymentControllerOptions {
  readonly client: KubernetesClient;
  readonly log: Logger;
  readonly ownsNamespace: (namespace: string) => boolean;
  readonly delays: Delays;
  readonly deployments: Feed<Deployment>;
  readonly pods: Feed<Pod>;
  /** Pods are made bound to this node if it has room, which saves a request; the others are left to the kubelet. */
  readonly nodeName: string;
  readonly runtime: Pick<ContainerRuntime, 'unschedulable'>;
}

export interface DeploymentController {
  stop(): Promise<void>;
}

/**
 * Deployments to pods, for API servers without a controller-manager: no ReplicaSets, and the only strategy is the one
 * that FDD asks for (maxSurge 0, maxUnavailable 1). Call it before the feeds start.
 */
export function startDeploymentController(options: DeploymentControllerOptions): DeploymentController {
  const { client, log, delays } = options;
  const rollouts = new Map<string, Rollout>();
  /** By the key of the Deployment, then by the name of the pod. */
  const podsByDeployment = new Map<string, Map<string, KnownPod>>();
  const deploymentOfPod = new Map<string, string>();
  const stopping = new AbortController();

  function observeDeployment(deployment: Deployment): void {
    if (!options.ownsNamespace(deployment.metadata.namespace)) return;
    const key = keyOf(deployment);
    const known = rollouts.get(key);
    if (known !== undefined && known.uid === deployment.metadata.uid) {
      if (versionOf(deployment.metadata) <= known.version) return;
      updateRollout(known, deployment);
      enqueue(known);
      return;
    }
    if (known !== undefined) forgetDeployment(key);
    const rollout = newRollout(deployment);
    rollouts.set(key, rollout);
    enqueue(rollout);
  }

  /** Without a garbage collector the pods of a Deployment go with it here. */
  function forgetDeployment(key: string): void {
    const rollout = rollouts.get(key);
    if (rollout === undefined) return;
    clearTimeout(rollout.deadline);
    rollouts.delete(key);
    for (const pod of podsOf(rollout)) {
      deletePod(rollout, pod).catch((error: unknown) => complain(rollout, error));
    }
  }

  function observePod(pod: Pod): void {
    const { uid, name, namespace } = pod.metadata;
    const owner = pod.metadata.ownerReferences?.find((reference) => reference.kind === 'Deployment');
    if (owner === undefined || !options.ownsNamespace(namespace)) return;
    const deployment = `${namespace}/${owner.name}`;
    const pods = podsByDeployment.get(deployment) ?? new Map<string, KnownPod>();
    podsByDeployment.set(deployment, pods);
    deploymentOfPod.set(keyOf(pod), deployment);
    const known = pods.get(name);
    if (known?.uid === uid && known.version >= versionOf(pod.metadata)) return;
    const hash = pod.metadata.labels?.[HASH_LABEL] ?? '';
    pods.set(name, { name, uid, owner: owner.uid, hash, version: versionOf(pod.metadata), ...stateOf(pod) });
    const rollout = rollouts.get(deployment);
    if (rollout !== undefined) enqueue(rollout);
  }

  function forgetPod(key: string): void {
    const deployment = deploymentOfPod.get(key);
    if (deployment === undefined) return;
    deploymentOfPod.delete(key);
    const pods = podsByDeployment.get(deployment);
    pods?.delete(key.slice(key.indexOf('/') + 1));
    if (pods?.size === 0) podsByDeployment.delete(deployment);
    const rollout = rollouts.get(deployment);
    if (rollout !== undefined) enqueue(rollout);
  }

  function podsOf({ key, uid }: Rollout): readonly KnownPod[] {
    return [...(podsByDeployment.get(key)?.values() ?? [])].filter((pod) => pod.owner === uid);
  }

  function enqueue(rollout: Rollout): void {
    rollout.dirty = true;
    if (rollout.busy || stopping.signal.aborted) return;
    rollout.busy = true;
    reconcileUntilClean(rollout)
      .catch((error: unknown) => complain(rollout, error))
      .finally(() => {
        rollout.busy = false;
        if (rollout.dirty) enqueue(rollout);
      });
  }

  async function reconcileUntilClean(rollout: Rollout): Promise<void> {
    while (rollout.dirty && !stopping.signal.aborted) {
      if (rollouts.get(rollout.key) !== rollout) rollout.dirty = false;
      else await reconcileOnce(rollout);
    }
  }

  async function reconcileOnce(rollout: Rollout): Promise<void> {
    await sleep(delays.controllerMs, stopping.signal);
    rollout.dirty = false;
    await removePods(rollout);
    await addPods(rollout);
    await writeStatus(rollout);
  }

  async function removePods(rollout: Rollout): Promise<void> {
    const active = podsOf(rollout).filter((pod) => !pod.terminating);
    const outdated = active.filter((pod) => pod.hash !== rollout.templateHash);
    const surplus = active.length - rollout.desired;
    // maxUnavailable 1: the next old pod goes when all others are up.
    const mayTakeOne = active.filter((pod) => pod.ready).length >= rollout.desired;
    if (surplus > 0) {
      const leaving = [...outdated, ...active.filter((pod) => !outdated.includes(pod))].slice(0, surplus);
      for (const pod of leaving) await deletePod(rollout, pod);
    } else if (outdated.length > 0) {
      const leaving = outdated.find((pod) => !pod.ready) ?? (mayTakeOne ? outdated[0] : undefined);
      if (leaving !== undefined) await deletePod(rollout, leaving);
    }
  }

  async function addPods(rollout: Rollout): Promise<void> {
    const missing = rollout.desired - podsOf(rollout).filter((pod) => !pod.terminating).length;
    rollout.createFailure = undefined;
    try {
      for (let made = 0; made < missing; made += 1) await createPod(rollout);
    } catch (error) {
      // Quota, admission: the controller retries forever, and says so in the status.
      if (hasCode(error, 'namespace_gone')) return;
      rollout.createFailure = messageOf(error);
      retryLater(rollout);
    }
  }

  function retryLater(rollout: Rollout): void {
    setTimeout(() => enqueue(rollout), RETRY_MS).unref();
  }

  async function deletePod(rollout: Rollout, pod: KnownPod): Promise<void> {
    pod.terminating = true;
    const namespace = rollout.key.split('/')[0] ?? '';
    try {
      await client.delete(PODS, { namespace, name: pod.name }, { preconditions: { uid: pod.uid } });
    } catch (error) {
      pod.terminating = false;
      unlessOvertaken(error);
    }
  }

  async function createPod(rollout: Rollout): Promise<void> {
    const deployment = rollout.latest ?? (await readDeployment(rollout));
    if (deployment === undefined) return;
    const { metadata, spec } = deployment;
    const hasRoom = options.runtime.unschedulable?.({ metadata, spec: spec.template.spec }) === undefined;
    const body = podOf(deployment, rollout.templateHash, hasRoom ? options.nodeName : undefined);
    observePod(await client.create<Pod>(PODS, metadata.namespace, body));
  }

  async function readDeployment(rollout: Rollout): Promise<Deployment | undefined> {
    const [namespace = '', name = ''] = rollout.key.split('/');
    const deployment = await client.get<Deployment>(DEPLOYMENTS, { namespace, name });
    if (deployment?.metadata.uid !== rollout.uid) return undefined;
    if (versionOf(deployment.metadata) > rollout.version) updateRollout(rollout, deployment);
    return deployment;
  }

  async function writeStatus(rollout: Rollout): Promise<void> {
    const counts = countsOf(rollout, podsOf(rollout));
    watchDeadline(rollout, counts);
    const [namespace = '', name = ''] = rollout.key.split('/');
    const status = deploymentStatus(counts, name);
    if (saysAlready(rollout.written, status)) return;
    const path = pathOf(DEPLOYMENTS, { namespace, name, subresource: 'status' });
    const written = await client
      .request<Deployment>({ method: 'PATCH', patchType: 'merge', path, body: { status } })
      .catch(unlessOvertaken);
    // Only the status: a change of the spec must come through the watch, or it would be taken for seen.
    rollout.written = written?.status;
  }

  function watchDeadline(rollout: Rollout, counts: RolloutCounts): void {
    if (isComplete(counts)) {
      clearTimeout(rollout.deadline);
      rollout.deadline = undefined;
      rollout.deadlineExceeded = false;
      rollout.latest = undefined;
      return;
    }
    rollout.deadline ??= setTimeout(() => {
      rollout.deadlineExceeded = true;
      enqueue(rollout);
    }, rollout.progressDeadlineMs).unref();
  }

  function complain(rollout: Rollout, error: unknown): void {
    if (stopping.signal.aborted) return;
    log.warn({ err: error, deployment: rollout.key }, 'deployment cannot be carried on, will retry');
    retryLater(rollout);
  }

  options.deployments.listen({ onUpsert: observeDeployment, onDelete: forgetDeployment });
  options.pods.listen({ onUpsert: observePod, onDelete: forgetPod });
  return {
    stop: async () => {
      stopping.abort();
      for (const rollout of rollouts.values()) clearTimeout(rollout.deadline);
    },
  };
}

function unlessOvertaken(error: unknown): undefined {
  if (!hasCode(error, 'not_found', 'conflict', 'namespace_gone')) throw error;
  return undefined;
}
