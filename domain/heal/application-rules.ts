import isEqual from 'fast-deep-equal';
import { isDeploying } from '../cluster/awaits-fdd.ts';
import { type NamespaceSnapshot, type ObservedApplication, reportOn } from '../cluster/observed.ts';
import { describeSymptom, failedReport as failedReportOn, tampered } from '../cluster/symptoms.ts';
import { utcTime } from '../utc-time.ts';
import type { RuleInput, Seen } from './rule-input.ts';

/** FDD reported FAILED for the deployment that the Application requests. */
export function failedReport({ snapshot }: RuleInput): Seen | undefined {
  const report = failedReportOn(snapshot);
  if (!report) return undefined;
  return { evidence: `${describeSymptom(report)} (deployment id ${snapshot.application?.deploymentId})` };
}

/** The Application is not what Skipper deployed last; after a failed deploy nobody knows what it should be. */
export function drifted({ snapshot, record, deployed }: RuleInput): Seen | undefined {
  if (record?.lastState !== 'completed' || !deployed) return undefined;
  const { application } = snapshot;
  if (!application) return { evidence: 'the Application that Skipper deployed was deleted' };
  const deletion = tampered(snapshot).find(({ what }) => what === 'application-deleting');
  const difference = deletion ? describeSymptom(deletion) : differenceOf(application, deployed);
  return difference === undefined ? undefined : { evidence: difference, by: application.lastWriter };
}

function differenceOf(
  { image, config }: ObservedApplication,
  deployed: NonNullable<RuleInput['deployed']>,
): string | undefined {
  if (image !== deployed.image)
    return `the Application's image is ${image}, Skipper deployed ${deployed.image}`;
  return isEqual(config, deployed.config)
    ? undefined
    : "the Application's spec.config is not what Skipper deployed";
}

/**
 * The Deployment is not what the Application says, and FDD is not working on it. An FDD that was killed leaves its report at
 * RUNNING forever: after the deadline it counts as not working. While FDD has not reported on the
 * deployment at all, it can be slow, or is `unreported`. With the same deployment id FDD is done: somebody changed one of
 * the two, and nothing is to be awaited.
 */
export function wrongImage({ snapshot, timings, now }: RuleInput): Seen | undefined {
  const difference = mismatchOf(snapshot);
  if (difference === undefined || isUntaken(snapshot)) return undefined;
  const { application, deployment } = snapshot;
  const { writtenAt } = application ?? {};
  const isNew = application?.deploymentId !== deployment?.deploymentId;
  const patienceMs = isDeploying(snapshot) ? timings.progressDeadlineMs : isNew ? timings.graceMs : 0;
  if (now - (writtenAt ?? 0) <= patienceMs) return undefined;
  return { since: isNew ? writtenAt : undefined, evidence: difference };
}

function mismatchOf({ application, deployment }: NamespaceSnapshot): string | undefined {
  if (!application || !deployment) return undefined;
  if (deployment.image !== application.image) {
    return `the Deployment has image ${deployment.image}, the Application ${application.image}`;
  }
  const { deploymentId: requested } = application;
  const { deploymentId: running } = deployment;
  if (requested === undefined || running === undefined || requested === running) return undefined;
  return `the Deployment is of deployment id ${running}, the Application requests ${requested}`;
}

/** FDD has never taken up the deployment that the Application requests. */
export function unreported({ snapshot, timings, now }: RuleInput): Seen | undefined {
  const { application, deployment } = snapshot;
  const { deploymentId, writtenAt } = application ?? {};
  if (!deployment || deploymentId === undefined || writtenAt === undefined) return undefined;
  if (!isUntaken(snapshot) || now - writtenAt <= timings.progressDeadlineMs) return undefined;
  const time = utcTime(writtenAt);
  return {
    since: writtenAt,
    evidence: `deployment id ${deploymentId}, written at ${time}, was never taken up by FDD`,
  };
}

function isUntaken(snapshot: NamespaceSnapshot): boolean {
  const requested = snapshot.application?.deploymentId;
  if (requested === undefined || snapshot.deployment?.deploymentId === requested) return false;
  return reportOn(snapshot, requested) === undefined;
}
