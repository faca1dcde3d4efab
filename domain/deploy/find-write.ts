import { type NamespaceSnapshot, reportOn } from '../cluster/observed.ts';
import { contentDigest } from '../release/content-digest.ts';
import type { Release } from '../release/release.ts';
import { type Origin, releaseIn } from './application.ts';
import { isDeploymentIdOf } from './deployment-id.ts';
import { isSettled } from './is-settled.ts';

/** The last write of Skipper in a namespace, and what became of it. */
export interface Write {
  readonly origin: Origin;
  /** Undefined if another client has changed what was written. */
  readonly release: Release | undefined;
  readonly deploymentId: string;
  readonly result: WriteResult;
  readonly isBegun: boolean;
  readonly writtenAt: number;
}

/**
 * `verified`: as a run verifies it. `carried-out`: FDD has deployed it, and is sick or switched off now, or about to be replaced.
 * `changed`: another client has changed it, so nobody knows what became of it.
 */
export type WriteResult = 'verified' | 'carried-out' | 'failed' | 'open' | 'changed';

/** Undefined if Skipper has not written the Application, or its annotations are missing. */
export function findWrite(snapshot: NamespaceSnapshot, now: number): Write | undefined {
  const { application, bootstrapPod } = snapshot;
  if (application?.origin === undefined || application.deploymentId === undefined) return undefined;
  const { image, config, deploymentId, writtenAt = now, origin } = application;
  const isChanged = contentDigest({ image, config }) !== origin.content;
  const isBegun = reportOn(snapshot, deploymentId) !== undefined || bootstrapPod?.startedFor === deploymentId;
  return {
    origin,
    release: isChanged ? undefined : releaseIn(application),
    deploymentId,
    result: isChanged ? changedResult(snapshot, origin, deploymentId) : resultOf(snapshot, deploymentId),
    isBegun,
    writtenAt,
  };
}

function resultOf(snapshot: NamespaceSnapshot, deploymentId: string): WriteResult {
  if (reportOn(snapshot, deploymentId)?.result === 'FAILED') return 'failed';
  if (isVerified(snapshot, deploymentId)) return 'verified';
  return isCarriedOut(snapshot, deploymentId) ? 'carried-out' : 'open';
}

/** FDD skips an id that has succeeded: its SUCCESS is that of what Skipper has written, unless the id is another client's. */
function changedResult(
  snapshot: NamespaceSnapshot,
  { rolloutId }: Origin,
  deploymentId: string,
): WriteResult {
  const isOurs = isDeploymentIdOf(deploymentId, rolloutId, snapshot.namespace);
  return isOurs && reportOn(snapshot, deploymentId)?.result === 'SUCCESS' ? 'carried-out' : 'changed';
}

/** While another FDD terminates, it can write the Deployment once more: a run that continues waits for that. */
function isVerified(snapshot: NamespaceSnapshot, deploymentId: string): boolean {
  const { application, pods } = snapshot;
  if (!application || !isSettled(snapshot, deploymentId, application)) return false;
  return (
    reportOn(snapshot, deploymentId)?.succeededAt === undefined && !pods.some(({ deleting }) => deleting)
  );
}

/** FDD's own report shows it, however its Deployment is now. FDD keeps its last ten reports: an old deployment has none. */
function isCarriedOut(snapshot: NamespaceSnapshot, deploymentId: string): boolean {
  const { application, deployment } = snapshot;
  const report = reportOn(snapshot, deploymentId);
  if (report !== undefined) return report.result === 'SUCCESS';
  return deployment?.deploymentId === deploymentId && deployment.image === application?.image;
}
