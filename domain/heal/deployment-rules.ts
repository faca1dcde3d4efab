import { FDD } from '../cluster/names.ts';
import { hasBootstrapEnded, type NamespaceSnapshot, reportOn } from '../cluster/observed.ts';
import {
  describeSymptom,
  podSymptom,
  replicasOf,
  showsCause,
  symptomsOf,
  tampered,
  worstFirst,
} from '../cluster/symptoms.ts';
import type { Symptom } from '../symptom.ts';
import { utcTime } from '../utc-time.ts';
import type { JudgedRecord, RuleInput, Seen } from './rule-input.ts';

/** Somebody has scaled FDD to 0, or paused its Deployment. */
export function scaledDown({ snapshot }: Pick<RuleInput, 'snapshot'>): Seen | undefined {
  const { switchedOff } = snapshot.deployment ?? {};
  const change = tampered(snapshot).find(({ what }) => what === 'scaled-to-0' || what === 'paused');
  return switchedOff && change
    ? { since: switchedOff.at, evidence: describeSymptom(change), by: switchedOff.by }
    : undefined;
}

/** A sentence: it begins with no identifier, because pages write its first letter as a capital. */
export function describeSwitchedOff(by: string | undefined): string {
  return `FDD was switched off by ${by ?? 'somebody'}`;
}

/** FDD was deployed, or should be, and its Deployment does not exist. A namespace where nothing was ever deployed is only outdated. */
export function noDeployment({ snapshot, record }: RuleInput): Seen | undefined {
  const why = snapshot.deployment ? undefined : whyExpected(snapshot, record);
  return why === undefined ? undefined : { evidence: `Deployment ${FDD} does not exist, but ${why}` };
}

function whyExpected(
  { application }: NamespaceSnapshot,
  record: JudgedRecord | undefined,
): string | undefined {
  if (record?.lastState === 'completed') return `Skipper deployed it${on(record.finishedAt)}`;
  if (!application) return undefined;
  const { deploymentId } = application;
  return `its Application does${deploymentId === undefined ? '' : `, with deployment id ${deploymentId}`}`;
}

function on(time: number | undefined): string {
  return time === undefined ? '' : ` at ${utcTime(time)}`;
}

/** A bootstrap pod that has neither ended nor deployed FDD within its deadline. */
export function bootstrapStuck({ snapshot, timings, now }: RuleInput): Seen | undefined {
  const pod = snapshot.bootstrapPod;
  if (pod?.createdAt === undefined || now - pod.createdAt <= timings.bootstrapDeadlineMs) return undefined;
  if (hasBootstrapEnded(pod) || hasDeployed(snapshot, pod.startedFor) || isLeftOver(snapshot, pod.startedFor))
    return undefined;
  const symptom = podSymptom(pod, true);
  const state = pod.deleting ? 'is being deleted' : symptom ? describeSymptom(symptom) : 'is ready';
  return { since: pod.createdAt, evidence: `bootstrap pod, started${on(pod.createdAt)}: ${state}` };
}

function hasDeployed(snapshot: NamespaceSnapshot, deploymentId: string | undefined): boolean {
  const { deployment } = snapshot;
  if (deploymentId === undefined) return deployment !== undefined;
  return deployment?.deploymentId === deploymentId || reportOn(snapshot, deploymentId)?.result === 'SUCCESS';
}

/** FDD was deployed, and its Application requests another deployment: nothing waits for this one. */
function isLeftOver(
  { deployment, application }: NamespaceSnapshot,
  deploymentId: string | undefined,
): boolean {
  return deployment !== undefined && application?.deploymentId !== deploymentId;
}

/** Kubernetes' own verdict on the Deployment. */
export function progressDeadline({ snapshot: { deployment } }: RuleInput): Seen | undefined {
  const condition = deployment?.conditions.find(({ type }) => type === 'Progressing');
  if (condition?.status !== 'False' || condition.reason !== 'ProgressDeadlineExceeded') return undefined;
  return { since: deployment?.changedAt, evidence: describeSymptom({ kind: 'condition', ...condition }) };
}

/** Fewer replicas are available than wanted. Scaled to 0 it is as wanted. */
export function unavailable({ snapshot }: RuleInput): Seen | undefined {
  const { deployment } = snapshot;
  if (!deployment || (deployment.availableReplicas ?? 0) >= deployment.replicas) return undefined;
  const isSeen = deployment.conditions.some(({ type, status }) => type === 'Available' && status === 'False');
  const symptoms = worstFirst(symptomsOf({ ...snapshot, bootstrapPod: undefined }));
  const cause = symptoms.find((symptom) => showsCause(symptom) || isOfDeployment(symptom));
  return {
    since: isSeen ? deployment.changedAt : undefined,
    evidence: [replicasOf(deployment), cause]
      .filter((symptom) => symptom !== undefined)
      .map(describeSymptom)
      .join('; '),
  };
}

function isOfDeployment(symptom: Symptom): boolean {
  return symptom.kind === 'tampered' && symptom.what !== 'application-deleting';
}
