import { v5 as uuidV5 } from 'uuid';

/** Skipper's own namespace for derived ids (a random UUID, fixed forever). */
const SKIPPER = 'f6c1e1a5-2b7e-4c0e-9d0a-6a53f0f5a3de';
/** The last digits of an id count the tries; the rest is the same for every try of a rollout in a namespace. */
const TRY_DIGITS = 4;
const TRY = /^[0-9a-f]{4}$/;

/** The `fiaas/deployment_id` of a rollout's nth try in a namespace: a derived UUID, so a repeated job writes the same. */
export function deploymentId(rolloutId: string, namespace: string, attempt = 0): string {
  return stemOf(rolloutId, namespace) + attempt.toString(16).padStart(TRY_DIGITS, '0');
}

/** True if the id belongs to this rollout and namespace. */
export function isDeploymentIdOf(id: string, rolloutId: string, namespace: string): boolean {
  return attemptOf(id, stemOf(rolloutId, namespace)) !== undefined;
}

/**
 * The id to write if the one in the cluster must not be reused: the next one that FDD has not finished, since FDD ignores
 * finished ids.
 */
export function nextDeploymentId(
  current: string | undefined,
  rolloutId: string,
  namespace: string,
  hasFinalReport: (id: string) => boolean,
): string {
  const last = current === undefined ? undefined : attemptOf(current, stemOf(rolloutId, namespace));
  let attempt = last === undefined ? 0 : last + 1;
  while (hasFinalReport(deploymentId(rolloutId, namespace, attempt))) attempt += 1;
  return deploymentId(rolloutId, namespace, attempt);
}

function stemOf(rolloutId: string, namespace: string): string {
  return uuidV5(`${rolloutId}/${namespace}`, SKIPPER).slice(0, -TRY_DIGITS);
}

function attemptOf(id: string, stem: string): number | undefined {
  const digits = id.slice(stem.length);
  return id.startsWith(stem) && TRY.test(digits) ? Number.parseInt(digits, 16) : undefined;
}
