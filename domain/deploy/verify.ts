import {
  explainDeployment,
  explainPod,
  isRolledOut,
  type NamespaceSnapshot,
  type ObservedDeployment,
  type ObservedPod,
  reportOn,
} from '../cluster/observed.ts';
import type { ErrorCode } from '../errors.ts';

/** What a deployment must have led to. */
export interface Expectation {
  readonly deploymentId: string;
  readonly image: string;
  readonly bootstrap: boolean;
  /** Variables that FDD's Deployment must carry if it was made with its namespace's configuration. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What is known at the moment of judging. */
export interface Evidence {
  readonly snapshot: NamespaceSnapshot;
  /** The resourceVersion up to which the watch of Deployments has seen everything. */
  readonly deploymentsPosition: string | undefined;
  /** A Deployment read from the API server after SUCCESS had been seen. */
  readonly deploymentAfterSuccess?: ObservedDeployment | undefined;
  /** How long the bootstrap pod has been seen finished, in milliseconds. */
  readonly podFinishedForMs: number;
}

export type Verdict =
  | { readonly state: 'verified'; readonly unconfigured: readonly string[] }
  | { readonly state: 'waiting'; readonly for: WaitingFor; readonly detail: string }
  | {
      readonly state: 'failed';
      readonly code: ErrorCode;
      readonly reason: string;
      readonly details: readonly string[];
    };

export type WaitingFor = 'fdd' | 'fresh-deployment' | 'rollout';

/** Two watches are not ordered: what FDD reported may be seen this much after its pod has ended. */
const POD_END_GRACE_MS = 2_000;

/**
 * Judges whether FDD came up with a deployment: its SUCCESS for our id, then a Deployment that is newer than that
 * SUCCESS and fully rolled out. SUCCESS alone proves nothing (FDD writes it before its own pods are replaced, and may
 * write the Deployment once more), and a Deployment seen before it may still show the old numbers.
 */
export function judge(expected: Expectation, evidence: Evidence): Verdict {
  const { snapshot } = evidence;
  const report = reportOn(snapshot, expected.deploymentId);
  if (report?.result === 'FAILED') {
    const cause = causeIn(report.logs);
    const reason = cause === undefined ? 'FDD reported FAILED' : `FDD reported FAILED: ${cause}`;
    return failed('fdd_failed', reason, [...report.logs, ...explainDeployment(snapshot)]);
  }
  if (report?.result !== 'SUCCESS') {
    return bootstrapFailure(expected, evidence) ?? waiting('fdd', describeWait(snapshot, report?.result));
  }
  const deployment = newestAfter(report.resourceVersion, evidence);
  if (!deployment) return waiting('fresh-deployment', 'FDD reported SUCCESS; reading its Deployment');
  if (deployment.deploymentId !== expected.deploymentId || deployment.image !== expected.image) {
    return waiting(
      'rollout',
      `the Deployment does not carry this deployment yet (image ${deployment.image})`,
    );
  }
  if (!isRolledOut(deployment)) {
    const [numbers = '', ...conditions] = explainDeployment({ ...snapshot, deployment });
    const trouble = troubleOf(snapshot);
    return waiting('rollout', (trouble ? [trouble, numbers] : [numbers, ...conditions]).join('; '));
  }
  return { state: 'verified', unconfigured: missingConfiguration(expected, deployment) };
}

const CAUSE_LENGTH = 300;

/** The error in FDD's log that a person would quote: the end of its last ERROR entry. */
export function causeIn(logs: readonly string[]): string | undefined {
  const entry = logs.findLast((line) => /\bERROR\]/.test(line));
  const [first = '', ...rest] = entry?.split('\n').filter((line) => line.trim() !== '') ?? [];
  const message = rest.at(-1) ?? first.replace(/^\[[^\]]*\]\s*/, '').replace(/\s*\[[^\]]*\]$/, '');
  return message.trim().slice(0, CAUSE_LENGTH) || undefined;
}

/** The reasons to give when the deadline has come and the verdict is still out. */
export function explainTimeout(expected: Expectation, evidence: Evidence): string[] {
  const { snapshot } = evidence;
  const report = reportOn(snapshot, expected.deploymentId);
  return [
    report ? `FDD reported ${report.result} for this deployment` : 'FDD reported nothing for this deployment',
    ...(report?.logs ?? []),
    ...explainDeployment(snapshot),
    ...(snapshot.bootstrapPod ? [`bootstrap pod: ${explainPod(snapshot.bootstrapPod) ?? 'running'}`] : []),
    ...(isDead(snapshot) ? ['no FDD runs that could take the deployment up: force a bootstrap'] : []),
  ];
}

/** An FDD that does not run cannot deploy itself, however good the release is. */
function isDead({ deployment, pods }: NamespaceSnapshot): boolean {
  return (
    deployment !== undefined && (deployment.availableReplicas ?? 0) === 0 && !pods.some((pod) => pod.ready)
  );
}

export function isFinished(pod: ObservedPod): boolean {
  return pod.phase === 'Succeeded' || pod.phase === 'Failed';
}

/**
 * True when `position` is at or after `version`, both resourceVersions of one API server; undefined where they cannot
 * be compared as numbers.
 */
export function isAtOrAfter(position: string | undefined, version: string): boolean | undefined {
  if (position === undefined || !/^\d+$/.test(position) || !/^\d+$/.test(version)) return undefined;
  return BigInt(position) >= BigInt(version);
}

function newestAfter(successVersion: string, evidence: Evidence): ObservedDeployment | undefined {
  const { snapshot, deploymentAfterSuccess } = evidence;
  if (isAtOrAfter(evidence.deploymentsPosition, successVersion)) return snapshot.deployment;
  const seen = snapshot.deployment;
  if (!deploymentAfterSuccess) return undefined;
  // The watch may have moved on since the read.
  const newer = seen && isAtOrAfter(seen.resourceVersion, deploymentAfterSuccess.resourceVersion);
  return newer ? seen : deploymentAfterSuccess;
}

/** A bootstrap pod that ended without FDD's SUCCESS has failed, whatever its exit code says. */
function bootstrapFailure(expected: Expectation, evidence: Evidence): Verdict | undefined {
  const pod = evidence.snapshot.bootstrapPod;
  if (!expected.bootstrap || pod?.startedFor !== expected.deploymentId || !isFinished(pod)) return undefined;
  if (evidence.podFinishedForMs < POD_END_GRACE_MS) return undefined;
  const exit = pod.terminated ? `exit code ${pod.terminated.exitCode}` : pod.phase;
  const reason =
    pod.terminated?.exitCode === 0
      ? 'the bootstrap pod ended with exit code 0, but FDD was not deployed'
      : `the bootstrap pod failed (${exit})`;
  return failed('bootstrap_failed', reason, explainDeployment(evidence.snapshot));
}

/** What is wrong with FDD's pods or the bootstrap pod, which is what people look for; then what FDD says. */
function describeWait(snapshot: NamespaceSnapshot, result: string | undefined): string {
  const said = result === undefined ? 'FDD has not taken the deployment up' : `FDD reported ${result}`;
  const trouble = troubleOf(snapshot);
  return trouble === undefined ? said : `${trouble}; ${said}`;
}

function troubleOf({ bootstrapPod, pods }: NamespaceSnapshot): string | undefined {
  const bootstrap = bootstrapPod && !isFinished(bootstrapPod) ? explainPod(bootstrapPod) : undefined;
  if (bootstrap) return `bootstrap pod: ${bootstrap}`;
  for (const pod of pods) {
    const reason = explainPod(pod);
    if (reason) return `pod: ${reason}`;
  }
  return undefined;
}

function missingConfiguration(expected: Expectation, deployment: ObservedDeployment): string[] {
  return Object.entries(expected.environment)
    .filter(([name, value]) => deployment.environment[name] !== value)
    .map(([name, value]) => `${name} is ${deployment.environment[name] ?? 'not set'}, not ${value}`);
}

function waiting(what: WaitingFor, detail: string): Verdict {
  return { state: 'waiting', for: what, detail };
}

function failed(code: ErrorCode, reason: string, details: readonly string[]): Verdict {
  return { state: 'failed', code, reason, details };
}
