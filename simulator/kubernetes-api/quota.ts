import { forbidden } from './api-error.ts';
import {
  isObject,
  type JsonObject,
  type KubernetesObject,
  listAt,
  objectAt,
  stringAt,
} from './api-object.ts';
import type { ResourceType } from './resource-type.ts';

/** Refuses a pod that a quota on the number of pods has no room for. */
export function enforcePodQuotas(
  type: ResourceType,
  pod: KubernetesObject,
  surroundings: { readonly quotas: readonly KubernetesObject[]; readonly pods: readonly KubernetesObject[] },
): void {
  for (const quota of surroundings.quotas) {
    const limit = podLimit(quota);
    if (limit === undefined || !isInScope(quota, pod)) continue;
    const used = podsUnder(quota, surroundings.pods);
    if (used + 1 <= limit) continue;
    const numbers = `requested: pods=1, used: pods=${used}, limited: pods=${limit}`;
    throw forbidden(type, pod.metadata.name, `exceeded quota: ${quota.metadata.name}, ${numbers}`);
  }
}

/** What a quota counts so far, as its controller writes it into the status. */
export function quotaStatus(quota: KubernetesObject, pods: readonly KubernetesObject[]): JsonObject {
  const { hard } = objectAt(quota, 'spec');
  if (podLimit(quota) === undefined) return { hard };
  return { hard, used: { pods: String(podsUnder(quota, pods)) } };
}

function podsUnder(quota: KubernetesObject, pods: readonly KubernetesObject[]): number {
  return pods.filter((pod) => isRunning(pod) && isInScope(quota, pod)).length;
}

/** Best effort: no container asks for or is limited to anything. */
export function isBestEffort(pod: KubernetesObject): boolean {
  const containers = [...listAt(pod.spec, 'containers'), ...listAt(pod.spec, 'initContainers')];
  return containers.every((container) => {
    const resources = objectAt(container, 'resources');
    return isEmpty(resources.requests) && isEmpty(resources.limits);
  });
}

function podLimit(quota: KubernetesObject): number | undefined {
  const hard = objectAt(quota.spec, 'hard').pods;
  return hard === undefined ? undefined : Number(hard);
}

function isInScope(quota: KubernetesObject, pod: KubernetesObject): boolean {
  return listAt(quota.spec, 'scopes').every((scope) => {
    if (scope === 'BestEffort') return isBestEffort(pod);
    if (scope === 'NotBestEffort') return !isBestEffort(pod);
    const hasDeadline = objectAt(pod, 'spec').activeDeadlineSeconds !== undefined;
    return scope === 'Terminating' ? hasDeadline : !hasDeadline;
  });
}

/** Pods that have ended no longer count. */
function isRunning(pod: KubernetesObject): boolean {
  const phase = stringAt(pod.status, 'phase');
  return phase !== 'Succeeded' && phase !== 'Failed';
}

function isEmpty(value: unknown): boolean {
  return !isObject(value) || Object.keys(value).length === 0;
}
