import { isAtOrAfter } from '../cluster/is-at-or-after.ts';
import { CONFIG_MAP, CONFIG_MOUNT_PATH } from '../cluster/names.ts';
import {
  hasBootstrapEnded,
  isRolledOut,
  type NamespaceSnapshot,
  type ObservedDeployment,
  type ObservedPod,
  type ReportOnId,
  reportOn,
} from '../cluster/observed.ts';
import {
  describePodState,
  describeSymptom,
  failedReport,
  podSymptom,
  replicasOf,
  showsCause,
  symptomsOf,
  worstFirst,
} from '../cluster/symptoms.ts';
import type { ErrorCode } from '../errors.ts';
import type { Symptom } from '../symptom.ts';
import { findDeadEnd } from './find-dead-end.ts';

/** What must be true of a verified deployment. */
export interface Expectation {
  readonly deploymentId: string;
  readonly image: string;
  readonly bootstrap: boolean;
  /** FDD has a configuration, which it reads from its mounted ConfigMap. */
  readonly isConfigured?: boolean;
}

/** The current observations. */
export interface Evidence {
  readonly snapshot: NamespaceSnapshot;
  /** The resourceVersion up to which the Deployment watch is current. */
  readonly deploymentsPosition: string | undefined;
  /** A Deployment read from the API server after SUCCESS was seen. */
  readonly deploymentAfterSuccess?: ObservedDeployment | undefined;
  /** How long ago the bootstrap pod was first seen finished, in milliseconds. */
  readonly podFinishedForMs: number;
  /** How long the watches have shown that nobody can bring the deployment to its end, in milliseconds. */
  readonly deadEndForMs?: number | undefined;
  /** The state that must stay unchanged according to the last verdict, and for how long it has. */
  readonly quiet?: Quiet | undefined;
}

export interface Quiet {
  readonly mark: string;
  readonly forMs: number;
}

export type Verdict =
  | { readonly state: 'verified'; readonly unconfigured: readonly string[] }
  | { readonly state: 'waiting'; readonly for: WaitingFor; readonly detail: string }
  /** Everything is healthy; `mark` must stay the same for a while. */
  | { readonly state: 'waiting'; readonly for: 'quiet'; readonly detail: string; readonly mark: string }
  | FailedVerdict;

export interface FailedVerdict {
  readonly state: 'failed';
  readonly code: ErrorCode;
  readonly reason: string;
  readonly details: readonly string[];
  /** Worst first. */
  readonly symptoms: readonly Symptom[];
}

export type WaitingFor = 'fdd' | 'fresh-deployment' | 'rollout';

/** An FDD that picks up the same deployment writes the Deployment again, 0.1 to 1.5 s after it has started. */
const QUIET_MS = 2_500;
/** Events of two watches are not ordered: FDD's report can arrive this much later than the end of its pod. */
export const POD_END_GRACE_MS = 2_000;

/**
 * Verifies that FDD runs a deployment: SUCCESS for our id, then a Deployment that is newer than that SUCCESS and fully
 * rolled out. SUCCESS alone is not enough (FDD writes it before its own pods are replaced, and can write the Deployment
 * again), and a Deployment seen before it can still show the old numbers.
 */
export function judge(expected: Expectation, evidence: Evidence): Verdict {
  const { snapshot } = evidence;
  const report = reportOn(snapshot, expected.deploymentId);
  const failure = failedReport(snapshot, expected.deploymentId);
  if (failure) {
    return failed(expected, snapshot, {
      code: 'fdd_failed',
      reason: describeSymptom(failure),
      details: [...(report?.logs ?? []), ...describeDeployment(snapshot)],
    });
  }
  const end = deadEnd(expected, evidence);
  if (end) return end;
  if (report?.result !== 'SUCCESS') {
    return bootstrapFailure(expected, evidence) ?? waiting('fdd', describeWait(snapshot, report?.result));
  }
  const deployment = newestAfter(report.resourceVersion, evidence);
  if (!deployment) return waiting('fresh-deployment', 'FDD reported SUCCESS; reading its Deployment');
  if (deployment.deploymentId !== expected.deploymentId || deployment.image !== expected.image) {
    return waiting(
      'rollout',
      `the Deployment does not have this deployment's id and image yet (image ${deployment.image})`,
    );
  }
  if (!isRolledOut(deployment)) {
    return waiting('rollout', describeRollout({ ...snapshot, deployment }));
  }
  const mark = markOf(report, deployment);
  if (canChangeAgain(snapshot, report) && !hasBeenQuiet(mark, evidence.quiet)) {
    return {
      state: 'waiting',
      for: 'quiet',
      mark,
      detail: 'FDD is up; another FDD can pick up the deployment again until it has terminated',
    };
  }
  return { state: 'verified', unconfigured: missingConfiguration(expected, deployment) };
}

/**
 * True while another FDD can write the Deployment again: FDD ignores SIGTERM, so for 30 s an old one runs beside the new
 * one, and both pick up deployments that are written during that time (docs/architecture.md).
 */
function canChangeAgain({ pods, deployment }: NamespaceSnapshot, report: ReportOnId): boolean {
  const isAnotherLeaving = pods.some((pod) => pod.deleting);
  // The watch of pods can be behind the Deployment's.
  const surplus = pods.filter(({ phase }) => phase === 'Running').length - (deployment?.replicas ?? 0);
  return isAnotherLeaving || surplus > 0 || report.succeededAt !== undefined;
}

function markOf(report: ReportOnId, deployment: ObservedDeployment): string {
  return `${report.resourceVersion} ${deployment.generation}`;
}

function hasBeenQuiet(mark: string, quiet: Quiet | undefined): boolean {
  return quiet?.mark === mark && quiet.forMs >= QUIET_MS;
}

/**
 * The failure when the deadline passes without a verdict. The reason names the worst symptom (without the pod's name) or
 * else what was waited for, so that failures of one kind have the same text in every namespace.
 */
export function explainTimeout(expected: Expectation, evidence: Evidence, waitedFor: string): FailedVerdict {
  const { snapshot } = evidence;
  const report = reportOn(snapshot, expected.deploymentId);
  const worst = worstOf(snapshot);
  const idle = worst ? undefined : idleBootstrap(expected, snapshot);
  if (idle) return idle;
  return failed(expected, snapshot, {
    code: 'progress_deadline',
    reason: `not verified by the deadline: ${worst ? describeCause(worst) : waitedFor}`,
    details: [
      report
        ? `FDD reported ${report.result} for this deployment`
        : 'FDD reported nothing for this deployment',
      ...(report?.logs ?? []),
      ...describeDeployment(snapshot),
      ...describeBootstrapPod(snapshot),
      ...(isDown(snapshot) ? ['no FDD is running to pick up the deployment: force a bootstrap'] : []),
    ],
  });
}

function describeCause(symptom: Symptom): string {
  return symptom.kind === 'pod' ? `pod: ${describePodState(symptom)}` : describeSymptom(symptom);
}

function describeBootstrapPod({ bootstrapPod }: NamespaceSnapshot): string[] {
  const symptom = bootstrapPod && podSymptom(bootstrapPod, true);
  if (symptom) return [describeSymptom(symptom)];
  return bootstrapPod ? ['bootstrap pod: running'] : [];
}

/** An FDD that is not running cannot deploy itself, even if the release is good. */
function isDown({ deployment, pods }: NamespaceSnapshot): boolean {
  return (
    deployment !== undefined && (deployment.availableReplicas ?? 0) === 0 && !pods.some((pod) => pod.ready)
  );
}

function newestAfter(successVersion: string, evidence: Evidence): ObservedDeployment | undefined {
  const { snapshot, deploymentAfterSuccess } = evidence;
  if (isAtOrAfter(evidence.deploymentsPosition, successVersion)) return snapshot.deployment;
  const seen = snapshot.deployment;
  if (!deploymentAfterSuccess) return undefined;
  // The watch can be ahead of the read by now.
  const newer = seen && isAtOrAfter(seen.resourceVersion, deploymentAfterSuccess.resourceVersion);
  return newer ? seen : deploymentAfterSuccess;
}

/**
 * A bootstrap pod that failed. With exit code 0 everything was deployed: the report can be late, or another FDD has picked
 * up the deployment again and will report SUCCESS again, so only the deadline ends the wait.
 */
function bootstrapFailure(expected: Expectation, evidence: Evidence): FailedVerdict | undefined {
  const { snapshot, podFinishedForMs } = evidence;
  const pod = endedBootstrap(expected, snapshot);
  if (!pod || pod.terminated?.exitCode === 0 || podFinishedForMs < POD_END_GRACE_MS) return undefined;
  const exit = pod.terminated ? `exit code ${pod.terminated.exitCode}` : pod.phase;
  return failed(expected, snapshot, {
    code: 'bootstrap_failed',
    reason: `the bootstrap pod failed (${exit})`,
    details: describeDeployment(snapshot),
  });
}

/** The failure at the deadline if the bootstrap succeeded, but FDD was not deployed. */
function idleBootstrap(expected: Expectation, snapshot: NamespaceSnapshot): FailedVerdict | undefined {
  const hasSucceeded = reportOn(snapshot, expected.deploymentId)?.result === 'SUCCESS';
  if (hasSucceeded || endedBootstrap(expected, snapshot)?.terminated?.exitCode !== 0) return undefined;
  return failed(expected, snapshot, {
    code: 'bootstrap_failed',
    reason: 'the bootstrap pod ended with exit code 0, but FDD was not deployed',
    details: describeDeployment(snapshot),
  });
}

/** The failure if nobody is left who could bring the deployment to its end. */
function deadEnd(expected: Expectation, { snapshot, deadEndForMs = 0 }: Evidence): FailedVerdict | undefined {
  const end = findDeadEnd(expected, snapshot);
  if (!end || deadEndForMs < end.certainAfterMs) return undefined;
  const what =
    end.code === 'fdd_lost' ? 'no FDD is left that could take the deployment up' : 'no FDD can run';
  return failed(expected, snapshot, {
    code: end.code,
    reason: `${what}: ${describeBriefly(end.symptom)}`,
    details: describeDeployment(snapshot),
  });
}

function endedBootstrap(expected: Expectation, { bootstrapPod }: NamespaceSnapshot): ObservedPod | undefined {
  const isOurs = expected.bootstrap && bootstrapPod?.startedFor === expected.deploymentId;
  return isOurs && hasBootstrapEnded(bootstrapPod) ? bootstrapPod : undefined;
}

/** The Deployment from the top down: its numbers (even if they are fine), its conditions, its pods. */
function describeDeployment(snapshot: NamespaceSnapshot): string[] {
  const { deployment } = snapshot;
  const symptoms = symptomsOf({ ...snapshot, bootstrapPod: undefined });
  const reasons = symptoms.filter(({ kind }) => kind === 'condition' || kind === 'pod');
  const numbers: Symptom = deployment ? replicasOf(deployment) : { kind: 'no-deployment' };
  return [numbers, ...reasons].map(describeSymptom);
}

function describeRollout(snapshot: NamespaceSnapshot): string {
  const worst = worstOf(snapshot);
  const [numbers = '', ...reasons] = describeDeployment(snapshot);
  return (worst ? [describeBriefly(worst), numbers] : [numbers, ...reasons]).join('; ');
}

/** First what is wrong with FDD's pods or the bootstrap pod, which people look for; then FDD's report. */
function describeWait(snapshot: NamespaceSnapshot, result: string | undefined): string {
  const progress = result === undefined ? 'FDD has not picked up the deployment' : `FDD reported ${result}`;
  const worst = worstOf(snapshot);
  return worst ? `${describeBriefly(worst)}; ${progress}` : progress;
}

/** Without the pod's name: while one deployment is watched, it is clear which pod is meant. */
function describeBriefly(symptom: Symptom): string {
  return symptom.kind === 'pod' && !symptom.isBootstrap ? describeCause(symptom) : describeSymptom(symptom);
}

/** Why no pod becomes ready. Skips a finished bootstrap pod: bootstrapFailure handles it. */
function worstOf(snapshot: NamespaceSnapshot): Symptom | undefined {
  const { bootstrapPod } = snapshot;
  const isWaitedFor = bootstrapPod !== undefined && !hasBootstrapEnded(bootstrapPod);
  const waitedFor = isWaitedFor ? snapshot : { ...snapshot, bootstrapPod: undefined };
  return worstFirst(symptomsOf(waitedFor)).find(showsCause);
}

/** FDD reads the mounted file; the variables in its Deployment come from the FDD that wrote it, and are not read. */
function missingConfiguration(expected: Expectation, deployment: ObservedDeployment): string[] {
  if (!expected.isConfigured || deployment.mountsConfig) return [];
  return [`its Deployment does not mount ConfigMap ${CONFIG_MAP} at ${CONFIG_MOUNT_PATH}`];
}

function waiting(what: WaitingFor, detail: string): Verdict {
  return { state: 'waiting', for: what, detail };
}

function failed(
  { deploymentId }: Expectation,
  snapshot: NamespaceSnapshot,
  failure: Pick<FailedVerdict, 'code' | 'reason' | 'details'>,
): FailedVerdict {
  return { state: 'failed', ...failure, symptoms: worstFirst(symptomsOf(snapshot, deploymentId)) };
}
