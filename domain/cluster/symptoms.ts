import type { PodSymptom, Refusal, Symptom, TamperedSymptom } from '../symptom.ts';
import { errorIn, isInfoLine, reportsForbidden } from './fdd-log.ts';
import {
  type Condition,
  isRolledOut,
  type NamespaceSnapshot,
  type ObservedDeployment,
  type ObservedPod,
  reportOn,
} from './observed.ts';
import { parseRefusal } from './parse-refusal.ts';

/**
 * The current problems of a namespace, from the top down: the Deployment, its conditions, its pods, the bootstrap pod, FDD's
 * report on a deployment id (by default the Application's). `worstFirst` sorts them for people.
 */
export function symptomsOf(
  snapshot: NamespaceSnapshot,
  deploymentId = snapshot.application?.deploymentId,
): Symptom[] {
  const { deployment, pods, bootstrapPod } = snapshot;
  return [
    ...tampered(snapshot),
    ...deploymentSymptoms(deployment),
    ...pods.map((pod) => podSymptom(pod, false)),
    bootstrapPod && podSymptom(bootstrapPod, true),
    failedReport(snapshot, deploymentId),
  ].filter((symptom) => symptom !== undefined);
}

/** Objects that another client has scaled to 0, paused or is deleting. */
export function tampered({ application, deployment }: NamespaceSnapshot): TamperedSymptom[] {
  const { switchedOff } = deployment ?? {};
  return [
    ...deletion('application-deleting', application?.heldBy),
    ...deletion('deployment-deleting', deployment?.heldBy),
    ...(switchedOff ? [{ kind: 'tampered', what: WHAT[switchedOff.how], by: switchedOff.by } as const] : []),
  ];
}

function deletion(
  what: Extract<TamperedSymptom['what'], `${string}-deleting`>,
  finalizers: readonly string[] | undefined,
): TamperedSymptom[] {
  return finalizers ? [{ kind: 'tampered', what, finalizers }] : [];
}

const WHAT = { 'scaled to 0': 'scaled-to-0', paused: 'paused' } as const;

/** Symptoms that show the cause come before those that only show that FDD is down. */
export function worstFirst(symptoms: readonly Symptom[]): Symptom[] {
  return symptoms.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** True for a symptom that shows why pods are not created or do not start. */
export function showsCause(symptom: Symptom): boolean {
  return symptom.kind === 'pod' || (symptom.kind === 'condition' && symptom.type === 'ReplicaFailure');
}

function rankOf(symptom: Symptom): number {
  switch (symptom.kind) {
    case 'refusal':
    case 'tampered':
      return 0;
    case 'condition':
      return showsCause(symptom) ? 1 : 5;
    case 'pod':
      return symptom.isBootstrap ? 2 : 3;
    case 'fdd-report':
      return 4;
    case 'replicas':
      return 6;
    case 'no-deployment':
      return 7;
  }
}

/** One line per symptom. */
export function describeSymptom(symptom: Symptom): string {
  switch (symptom.kind) {
    case 'no-deployment':
      return 'there is no Deployment fiaas-deploy-daemon';
    case 'replicas': {
      const { available, wanted, updated, generation, observedGeneration } = symptom;
      return `Deployment: ${available} of ${wanted} available, ${updated} updated, generation ${generation}, observed ${observedGeneration}`;
    }
    case 'condition': {
      const why = [symptom.reason, symptom.message].filter(Boolean).join(': ') || 'no reason given';
      return `Deployment ${symptom.type}=${symptom.status}: ${why}`;
    }
    case 'pod':
      return `${symptom.isBootstrap ? 'bootstrap pod' : `pod ${symptom.pod}`}: ${describePodState(symptom)}`;
    case 'fdd-report':
      return `FDD reported ${symptom.result}${symptom.message ? `: ${symptom.message}` : ''}`;
    case 'refusal':
      return `not allowed: ${describeRefusal(symptom.refusal)}`;
    case 'tampered':
      return describeTampered(symptom);
  }
}

function describeTampered({ what, by, finalizers = [] }: TamperedSymptom): string {
  const who = by === undefined ? '' : ` by ${by}`;
  const held = finalizers.length === 0 ? '' : `, held by finalizer ${finalizers.join(', ')}`;
  switch (what) {
    case 'application-deleting':
      return `the Application is being deleted${held}`;
    case 'deployment-deleting':
      return `the Deployment is being deleted${held}`;
    case 'scaled-to-0':
      return `the Deployment was scaled to 0 replicas${who}`;
    case 'paused':
      return `the Deployment was paused${who}`;
  }
}

/** Why a pod is not ready, without its name. */
export function describePodState({
  state,
  reason,
  exitCode,
  message,
  restarts,
  container,
  lastReason,
}: PodSymptom): string {
  const restarted = restarts > 0 ? `, restarted ${restarts} times` : '';
  switch (state) {
    case 'waiting':
      return `${container === undefined ? '' : `container ${container}: `}${reason}${lastReason === 'OOMKilled' ? ' (OOMKilled)' : ''}${message ? `: ${message}` : ''}${restarted}`;
    case 'terminated':
      return `exited with code ${exitCode}${reason ? ` (${reason})` : ''}${restarted}`;
    case 'unscheduled':
      return `not scheduled: ${message}`;
    case 'not-ready':
      return `${reason}, not ready${restarted}`;
  }
}

function describeRefusal(refusal: Refusal): string {
  switch (refusal.by) {
    case 'quota':
      return `ResourceQuota ${refusal.quota ?? ''} is exceeded`;
    case 'limits':
      return `ResourceQuota ${refusal.quota ?? ''} wants ${refusal.missing.join(', ')}`;
    case 'limit-range':
      return 'a LimitRange rejects the pod';
    case 'webhook':
      return `webhook ${refusal.webhook} does not answer`;
    case 'pod-security':
      return 'the Pod Security level rejects the pod';
    case 'rbac':
      return `${refusal.user ?? 'the service account'} cannot ${refusal.verb} ${refusal.resource}`;
  }
}

function deploymentSymptoms(deployment: ObservedDeployment | undefined): Symptom[] {
  if (!deployment) return [{ kind: 'no-deployment' }];
  return [
    ...(isRolledOut(deployment) ? [] : [replicasOf(deployment)]),
    ...deployment.conditions.filter(isBad).map(conditionSymptom),
  ];
}

/** The replica counts of a Deployment, even if its rollout is complete. */
export function replicasOf(deployment: ObservedDeployment): Symptom {
  return {
    kind: 'replicas',
    wanted: deployment.replicas,
    available: deployment.availableReplicas ?? 0,
    updated: deployment.updatedReplicas,
    generation: deployment.generation,
    observedGeneration: deployment.observedGeneration,
  };
}

function isBad(condition: Condition): boolean {
  return condition.type === 'ReplicaFailure' ? condition.status === 'True' : condition.status !== 'True';
}

function conditionSymptom({ type, status, reason, message }: Condition): Symptom {
  const refusal = message === undefined ? undefined : parseRefusal(message);
  return { kind: 'condition', type, status, reason, message, refusal };
}

/** Undefined for a pod that is ready. */
export function podSymptom(pod: ObservedPod, isBootstrap: boolean): PodSymptom | undefined {
  const { name, restarts, waiting, terminated, unscheduled, blockedBy, phase, image, lastReason } = pod;
  const about = { kind: 'pod', pod: name, isBootstrap, restarts, ...(image ? { image } : {}) } as const;
  if (terminated) return { ...about, state: 'terminated', ...terminated };
  // A container that waits for earlier ones, or is only not ready, is not the cause.
  if (blockedBy && !isCause(waiting)) return { ...about, state: 'waiting', ...blockedBy };
  if (waiting) return { ...about, state: 'waiting', ...waiting, ...(lastReason ? { lastReason } : {}) };
  if (unscheduled) return { ...about, state: 'unscheduled', message: unscheduled };
  return pod.ready ? undefined : { ...about, state: 'not-ready', reason: phase };
}

/** True unless the container waits for other parts of the pod. */
function isCause(waiting: ObservedPod['waiting']): boolean {
  return waiting !== undefined && !['ContainerCreating', 'PodInitializing'].includes(waiting.reason);
}

/** FDD's own report that a deployment failed; by default the deployment that the Application requests. */
export function failedReport(
  snapshot: NamespaceSnapshot,
  deploymentId = snapshot.application?.deploymentId,
): Extract<Symptom, { kind: 'fdd-report' }> | undefined {
  const report = deploymentId === undefined ? undefined : reportOn(snapshot, deploymentId);
  if (report?.result !== 'FAILED') return undefined;
  const { logs } = report;
  return {
    kind: 'fdd-report',
    result: 'FAILED',
    message: errorIn(logs) ?? logs.findLast((line) => !isInfoLine(line)),
    isForbidden: reportsForbidden(logs),
  };
}
