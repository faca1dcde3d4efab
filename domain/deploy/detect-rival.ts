import isEqual from 'fast-deep-equal';
import { isAtOrAfter } from '../cluster/is-at-or-after.ts';
import { type NamespaceSnapshot, type ObservedApplication, reportOn } from '../cluster/observed.ts';
import { describeSymptom, tampered } from '../cluster/symptoms.ts';
import { mightLive, whyNoFddRuns } from '../cluster/why-no-fdd-runs.ts';
import type { ErrorCode } from '../errors.ts';

/** The deployment that a run waits for, and the current state of the watches. */
export interface Watched {
  /** The Application as this run wrote it, or as it was if nothing had to be written. */
  readonly written: ObservedApplication;
  readonly bootstrap: boolean;
  readonly snapshot: NamespaceSnapshot;
  /** The Deployment existed earlier in this run. */
  readonly hadDeployment: boolean;
  /** Its bootstrap pod existed earlier in this run, and had not ended. */
  readonly hadLivePod?: boolean | undefined;
  /** The resourceVersions up to which the two watches are current. */
  readonly applicationsPosition: string | undefined;
  readonly deploymentsPosition: string | undefined;
}

export interface Interference {
  readonly code: Extract<ErrorCode, 'application_deleting' | 'changed_by_others'>;
  readonly reason: string;
}

/**
 * A change by another client during the wait, after which the deployment cannot be verified any more; undefined if there
 * was none. A watch that has not reached our own write shows an older state, not a rival.
 */
export function detectRival(watched: Watched): Interference | undefined {
  return changeOfApplication(watched) ?? changeOfDeployment(watched) ?? lossOfBootstrap(watched);
}

function changeOfApplication({ written, snapshot, applicationsPosition }: Watched): Interference | undefined {
  const { application } = snapshot;
  if (!application) {
    const isGone = isAtOrAfter(applicationsPosition, written.resourceVersion) === true;
    return isGone ? changed('the Application was deleted during the deploy') : undefined;
  }
  if (application.resourceVersion === written.resourceVersion) return undefined;
  if (isAtOrAfter(application.resourceVersion, written.resourceVersion) !== true) return undefined;
  const [deletion] = tampered({ ...snapshot, deployment: undefined });
  if (deletion) return { code: 'application_deleting', reason: describeSymptom(deletion) };
  const what = overwrittenPart(written, application);
  if (what === undefined) return undefined;
  return changed(`the Application was overwritten during the deploy${by(application)}: ${what}`);
}

function overwrittenPart(written: ObservedApplication, now: ObservedApplication): string | undefined {
  if (now.deploymentId !== written.deploymentId) return 'it has another deployment id';
  if (now.image !== written.image) return `its image is ${now.image}`;
  return isEqual(now.config, written.config) ? undefined : 'its spec.config differs';
}

function by({ lastWriter }: ObservedApplication): string {
  return lastWriter === undefined ? '' : ` by ${lastWriter}`;
}

function changeOfDeployment(watched: Watched): Interference | undefined {
  const { written, bootstrap, snapshot, hadDeployment } = watched;
  const { deployment, pods } = snapshot;
  const isOurs = deployment !== undefined && deployment.deploymentId === written.deploymentId;
  if (!deployment) {
    // While a bootstrap or an FDD runs, it can still write the Deployment.
    const isAwaited = pods.some(({ phase }) => phase === 'Running') || (bootstrap && !hasSucceeded(watched));
    // FDD writes it before SUCCESS: a run can miss one that is deleted at once.
    const wasThere = hadDeployment || hasSucceeded(watched);
    return wasThere && !isAwaited ? changed('the Deployment was deleted during the deploy') : undefined;
  }
  const [change] = tampered({ ...snapshot, application: undefined });
  if (!change || (!isOurs && bootstrap)) return undefined;
  const isOver = isOurs || whyNoFddRuns(snapshot) !== undefined;
  return isOver ? changed(`${describeSymptom(change)} during the deploy`) : undefined;
}

/** A drained node deletes the bootstrap pod, too. A running FDD can still take the deployment up. */
function lossOfBootstrap({ written, bootstrap, snapshot, hadLivePod }: Watched): Interference | undefined {
  const { deploymentId } = written;
  const { bootstrapPod, deployment, pods } = snapshot;
  if (!bootstrap || !hadLivePod || deploymentId === undefined) return undefined;
  const mayEnd = bootstrapPod?.startedFor === deploymentId || pods.some(mightLive);
  if (mayEnd || (deployment?.availableReplicas ?? 0) > 0) return undefined;
  const hasEnded = reportOn(snapshot, deploymentId)?.result === 'SUCCESS';
  return hasEnded ? undefined : changed('the bootstrap pod was deleted during the deploy');
}

/** FDD has succeeded, and the watch of Deployments has reached its write. */
function hasSucceeded({ written, snapshot, deploymentsPosition }: Watched): boolean {
  const report = written.deploymentId === undefined ? undefined : reportOn(snapshot, written.deploymentId);
  return report?.result === 'SUCCESS' && isAtOrAfter(deploymentsPosition, report.resourceVersion) === true;
}

function changed(reason: string): Interference {
  return { code: 'changed_by_others', reason };
}
