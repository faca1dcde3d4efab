import { versionOf } from '../release/image.ts';
import { isRolledOut, type NamespaceSnapshot, type ObservedPod } from './observed.ts';

/**
 * The version of FDD's ready pods, empty if none is ready: an old pod keeps running while the Deployment names an image that
 * cannot be pulled. The Deployment counts only while no pod is known, and everything it reports agrees.
 */
export function runningVersion({ pods, deployment }: NamespaceSnapshot): string {
  const specified = deployment ? versionOf(deployment.image) : '';
  const known = pods.filter(({ image }) => image !== undefined);
  if (known.length === 0) {
    return deployment && deployment.replicas > 0 && isRolledOut(deployment) ? specified : '';
  }
  const versions = known.filter(isRunning).map(({ image = '' }) => versionOf(image));
  return versions.includes(specified) ? specified : (versions[0] ?? '');
}

function isRunning({ ready, deleting }: ObservedPod): boolean {
  return ready && !deleting;
}
