import { v5 as uuidV5 } from 'uuid';

/** Skipper's own namespace for derived ids (a random UUID, fixed for ever). */
const SKIPPER = 'f6c1e1a5-2b7e-4c0e-9d0a-6a53f0f5a3de';
/** Ids that one rollout may need in one namespace: every further one answers a FAILED or lost deployment. */
const MOST_TRIES = 32;

/**
 * The `fiaas/deployment_id` of a rollout's nth try in a namespace. Derived, so that a job that runs twice writes the
 * same thing.
 */
export function deploymentId(rolloutId: string, namespace: string, attempt = 0): string {
  return uuidV5(`${rolloutId}/${namespace}/${attempt}`, SKIPPER);
}

/** True when the id belongs to this rollout and namespace. */
export function isDeploymentIdOf(id: string, rolloutId: string, namespace: string): boolean {
  return attemptOf(id, rolloutId, namespace) !== undefined;
}

/** The id to write when the one that stands in the cluster must not be used again: FDD ignores an id it has finished. */
export function nextDeploymentId(current: string | undefined, rolloutId: string, namespace: string): string {
  const attempt = current === undefined ? undefined : attemptOf(current, rolloutId, namespace);
  return deploymentId(rolloutId, namespace, attempt === undefined ? 0 : attempt + 1);
}

function attemptOf(id: string, rolloutId: string, namespace: string): number | undefined {
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    if (deploymentId(rolloutId, namespace, attempt) === id) return attempt;
  }
  return undefined;
}
