import type { NamespaceConfigResult } from './namespace-config.ts';

/** What is seen of a namespace, cut down to the fields that decisions rest on. */
export interface NamespaceSnapshot {
  readonly namespace: string;
  /** Undefined where no ConfigMap makes the namespace FIAAS's. */
  readonly config: NamespaceConfigResult | undefined;
  readonly application: ObservedApplication | undefined;
  readonly deployment: ObservedDeployment | undefined;
  readonly statuses: readonly ObservedStatus[];
  readonly pods: readonly ObservedPod[];
  readonly bootstrapPod: ObservedPod | undefined;
}

export interface ObservedApplication {
  readonly resourceVersion: string;
  readonly image: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly deploymentId: string | undefined;
  /** The label that makes the bootstrap program pick the Application up. */
  readonly bootstrapLabel: boolean;
  /** FDD's report in the Application itself (its option include-status-in-app). */
  readonly status: DeploymentReport | undefined;
}

/** What FDD reports, in the order it reports it. */
export const DEPLOYMENT_RESULTS = ['INITIATED', 'RUNNING', 'SUCCESS', 'FAILED'] as const;
export type DeploymentResult = (typeof DEPLOYMENT_RESULTS)[number];

export interface DeploymentReport {
  readonly deploymentId: string | undefined;
  readonly result: DeploymentResult;
  /** FDD's own log lines; kept only while the result is not SUCCESS. */
  readonly logs: readonly string[];
}

export interface ObservedStatus extends DeploymentReport {
  readonly name: string;
  readonly resourceVersion: string;
}

export interface ObservedDeployment {
  readonly resourceVersion: string;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly deploymentId: string | undefined;
  readonly image: string;
  /** spec.replicas */
  readonly replicas: number;
  /** status.replicas */
  readonly currentReplicas: number;
  readonly updatedReplicas: number;
  /** Undefined where Kubernetes leaves it out, which it does at 0. */
  readonly availableReplicas: number | undefined;
  readonly conditions: readonly Condition[];
  /** The variables of FDD's container that show which configuration it was made with. */
  readonly environment: Readonly<Record<string, string>>;
  /** The Helm release that made the Deployment. */
  readonly helmRelease: string | undefined;
  /** When its conditions changed last, in milliseconds since the epoch. */
  readonly changedAt?: number | undefined;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly message: string | undefined;
}

export interface ObservedPod {
  readonly name: string;
  readonly resourceVersion: string;
  readonly phase: string;
  readonly deleting: boolean;
  readonly ready: boolean;
  readonly restarts: number;
  readonly waiting: { readonly reason: string; readonly message: string | undefined } | undefined;
  readonly terminated: { readonly exitCode: number; readonly reason: string | undefined } | undefined;
  /** Why it is not scheduled. */
  readonly unscheduled: string | undefined;
  /** Bootstrap pods: the deployment id they were started for. */
  readonly startedFor: string | undefined;
}

/** FDD's report on a deployment id, from whichever of its two places says more. */
export interface ReportOnId extends DeploymentReport {
  /** resourceVersion of the object that says so. */
  readonly resourceVersion: string;
}

/**
 * What FDD says of a deployment id. It writes an ApplicationStatus and, with include-status-in-app, the Application's
 * status; it may die between the two, so SUCCESS in either place counts, and FAILED only if the other does not say
 * SUCCESS.
 */
export function reportOn(snapshot: NamespaceSnapshot, deploymentId: string): ReportOnId | undefined {
  const own = snapshot.statuses.find((status) => status.deploymentId === deploymentId);
  const application = snapshot.application;
  const inApplication =
    application?.status?.deploymentId === deploymentId
      ? { ...application.status, resourceVersion: application.resourceVersion }
      : undefined;
  const reports = [own, inApplication].filter((report) => report !== undefined);
  return (
    reports.find((report) => report.result === 'SUCCESS') ??
    reports.find((report) => report.result === 'FAILED') ??
    reports[0]
  );
}

/** True when the Deployment controller has done all that the Deployment's latest generation asks. */
export function isRolledOut(deployment: ObservedDeployment): boolean {
  return (
    deployment.observedGeneration >= deployment.generation &&
    deployment.updatedReplicas === deployment.replicas &&
    deployment.currentReplicas === deployment.replicas &&
    (deployment.availableReplicas ?? 0) === deployment.replicas
  );
}

/** True for a pod that has run to its end, well or not. */
export function hasPodEnded({ phase }: ObservedPod): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
