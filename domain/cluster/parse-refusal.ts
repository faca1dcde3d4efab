import type { Refusal } from '../symptom.ts';

/**
 * Reads from a Kubernetes message what was refused, and by what; undefined if it is none of these. Admission plugins and
 * the authorizer have no machine-readable reason: the text is all there is.
 */
export function parseRefusal(message: string): Refusal | undefined {
  if (message.includes('exceeded quota:')) {
    return { by: 'quota', quota: /exceeded quota: ([^,\s]+)/.exec(message)?.[1] };
  }
  if (message.includes('violates PodSecurity')) return { by: 'pod-security' };
  return parseMissingRight(message);
}

/** `User "x" cannot patch resource "applications" in API group "g" in the namespace "n"`, as every API server writes it. */
function parseMissingRight(message: string): Refusal | undefined {
  const [, verb, resource, group] =
    /cannot (\w+) resource "([^"]+)"(?: in API group "([^"]*)")?/.exec(message) ?? [];
  if (verb === undefined || resource === undefined) return undefined;
  const user = /User "([^"]+)"/.exec(message)?.[1];
  return { by: 'rbac', user, verb, resource, group: group || undefined };
}
