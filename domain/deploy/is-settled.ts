import { isRolledOut, type NamespaceSnapshot, reportOn } from '../cluster/observed.ts';
import type { Release } from '../release/release.ts';

/** True if, according to the watches, FDD has picked up the deployment and runs it. */
export function isSettled(
  observed: NamespaceSnapshot,
  deploymentId: string,
  { image }: Pick<Release, 'image'>,
): boolean {
  const { deployment } = observed;
  const report = reportOn(observed, deploymentId);
  return (
    deployment !== undefined &&
    deployment.deploymentId === deploymentId &&
    deployment.image === image &&
    isRolledOut(deployment) &&
    // FDD keeps only its last ten reports: an old, finished deployment has none.
    (report === undefined || report.result === 'SUCCESS') &&
    observed.bootstrapPod?.startedFor !== deploymentId
  );
}
