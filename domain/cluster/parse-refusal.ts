import type { Refusal } from '../symptom.ts';

/**
 * Reads from a Kubernetes message what was refused, and by what; undefined if it is none of these. Admission plugins and
 * the authorizer have no machine-readable reason: the text is all there is.
 */
export function parseRefusal(message: string): Refusal | undefined {
  for (const parse of [parseQuota, parseMissingLimits, parseLimitRange, parseWebhook]) {
    const refusal = parse(message);
    if (refusal) return refusal;
  }
  if (message.includes('violates PodSecurity')) return { by: 'pod-security' };
  return parseMissingRight(message);
}

function parseQuota(message: string): Refusal | undefined {
  if (!message.includes('exceeded quota:')) return undefined;
  return { by: 'quota', quota: /exceeded quota: ([^,\s]+)/.exec(message)?.[1] };
}

/** `failed quota: q: must specify limits.cpu for: app; limits.memory for: app`, or with commas in older versions. */
function parseMissingLimits(message: string): Refusal | undefined {
  const [, quota, what = ''] = /failed quota: ([^:\s]+): must specify (.*)/.exec(message) ?? [];
  if (quota === undefined) return undefined;
  const missing = new Set(what.match(/\b(?:(?:limits|requests)\.)?(?:cpu|memory|ephemeral-storage)\b/g));
  return { by: 'limits', quota, missing: [...missing] };
}

/** `maximum memory usage per Container is 50Mi, but limit is 100Mi`, and the like. */
function parseLimitRange(message: string): Refusal | undefined {
  const isOne = /(?:(?:max|min)imum \S+ usage|max limit to request ratio) per (?:Container|Pod) is/.test(
    message,
  );
  return isOne ? { by: 'limit-range' } : undefined;
}

/** A webhook that cannot be reached, or answers too late. */
function parseWebhook(message: string): Refusal | undefined {
  const webhook = /failed calling webhook "([^"]+)"/.exec(message)?.[1];
  return webhook === undefined ? undefined : { by: 'webhook', webhook };
}

/** `User "x" cannot patch resource "applications" in API group "g" in the namespace "n"`, as every API server writes it. */
function parseMissingRight(message: string): Refusal | undefined {
  const [, verb, resource, group] =
    /cannot (\w+) resource "([^"]+)"(?: in API group "([^"]*)")?/.exec(message) ?? [];
  if (verb === undefined || resource === undefined) return undefined;
  const user = /User "([^"]+)"/.exec(message)?.[1];
  const isClusterWide = message.includes('at the cluster scope') || undefined;
  return { by: 'rbac', user, verb, resource, group: group || undefined, isClusterWide };
}
