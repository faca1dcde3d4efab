import { createHash } from 'node:crypto';
import { keyOf } from '../../shared/kubernetes/watch.ts';
import type { RolloutCounts } from './deployment-status.ts';
import { type Deployment, type OwnerReference, type Pod, versionOf } from './kubernetes-objects.ts';

export const HASH_LABEL = 'pod-template-hash';
const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;

/** What is kept of a Deployment: not the object, which is only read when a pod is to be made. */
export interface Rollout {
  readonly key: string;
  readonly uid: string;
  version: number;
  generation: number;
  templateHash: string;
  desired: number;
  progressDeadlineMs: number;
  written: Deployment['status'];
  /** Kept while a pod may have to be made of it. */
  latest: Deployment | undefined;
  busy: boolean;
  dirty: boolean;
  deadline: NodeJS.Timeout | undefined;
  deadlineExceeded: boolean;
  createFailure: string | undefined;
}

export interface KnownPod {
  readonly name: string;
  readonly uid: string;
  readonly owner: string;
  readonly hash: string;
  version: number;
  ready: boolean;
  terminating: boolean;
}

export function newRollout(deployment: Deployment): Rollout {
  const rollout: Rollout = {
    key: keyOf(deployment),
    uid: deployment.metadata.uid,
    version: 0,
    generation: -1,
    templateHash: '',
    desired: 0,
    progressDeadlineMs: 0,
    written: undefined,
    latest: undefined,
    busy: false,
    dirty: false,
    deadline: undefined,
    deadlineExceeded: false,
    createFailure: undefined,
  };
  updateRollout(rollout, deployment);
  return rollout;
}

export function updateRollout(rollout: Rollout, deployment: Deployment): void {
  rollout.version = versionOf(deployment.metadata);
  rollout.written = deployment.status;
  const generation = deployment.metadata.generation ?? 0;
  if (generation === rollout.generation) return;
  rollout.generation = generation;
  rollout.desired = deployment.spec.replicas ?? 1;
  rollout.templateHash = hashOf(deployment.spec.template);
  rollout.latest = deployment;
  rollout.progressDeadlineMs =
    (deployment.spec.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_SECONDS) * 1_000;
  clearTimeout(rollout.deadline);
  rollout.deadline = undefined;
  rollout.deadlineExceeded = false;
}

export function countsOf(rollout: Rollout, pods: readonly KnownPod[]): RolloutCounts {
  const active = pods.filter((pod) => !pod.terminating);
  return {
    generation: rollout.generation,
    desired: rollout.desired,
    replicas: active.length,
    updated: active.filter((pod) => pod.hash === rollout.templateHash).length,
    ready: active.filter((pod) => pod.ready).length,
    deadlineExceeded: rollout.deadlineExceeded,
    createFailure: rollout.createFailure,
  };
}

export function stateOf(pod: Pod): { ready: boolean; terminating: boolean } {
  const over = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return { ready: ready === true, terminating: over || pod.metadata.deletionTimestamp !== undefined };
}

export function podOf(
  deployment: Deployment,
  hash: string,
  nodeName: string | undefined,
): Record<string, unknown> {
  const { name, uid } = deployment.metadata;
  const { template } = deployment.spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-${hash}-`,
      labels: { ...template.metadata?.labels, [HASH_LABEL]: hash },
      annotations: template.metadata?.annotations,
      ownerReferences: [owner(name, uid)],
    },
    spec: { ...template.spec, nodeName },
  };
}

function owner(name: string, uid: string): OwnerReference {
  return { apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true, blockOwnerDeletion: true };
}

function hashOf(template: unknown): string {
  return createHash('sha1').update(stableJson(template)).digest('hex').slice(0, 10);
}

/** The order of keys is no change. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) =>
    typeof nested === 'object' && nested !== null && !Array.isArray(nested)
      ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : 1)))
      : nested,
  );
}
