import * as z from 'zod';
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

/** What FDD reports, in the order it reports it. */
export const DEPLOYMENT_RESULTS = ['INITIATED', 'RUNNING', 'SUCCESS', 'FAILED'] as const;
export const DeploymentResult = z.enum(DEPLOYMENT_RESULTS);
export type DeploymentResult = z.infer<typeof DeploymentResult>;

export const DeploymentReport = z.object({
  deploymentId: z.string().optional(),
  result: DeploymentResult,
  logs: z
    .array(z.string())
    .readonly()
    .describe("FDD's own log lines; kept only while the result is not SUCCESS"),
});
export type DeploymentReport = Readonly<z.infer<typeof DeploymentReport>>;

export const ObservedStatus = DeploymentReport.extend({ name: z.string(), resourceVersion: z.string() }).meta(
  {
    id: 'ObservedApplicationStatus',
  },
);
export type ObservedStatus = Readonly<z.infer<typeof ObservedStatus>>;

export const ObservedApplication = z
  .object({
    resourceVersion: z.string(),
    image: z.string(),
    config: z.record(z.string(), z.unknown()),
    deploymentId: z.string().optional(),
    bootstrapLabel: z
      .boolean()
      .describe('It has the label that makes the bootstrap program pick the Application up'),
    status: DeploymentReport.optional().describe(
      "FDD's report in the Application itself (its option include-status-in-app)",
    ),
  })
  .meta({ id: 'ObservedApplication' });
export type ObservedApplication = Readonly<z.infer<typeof ObservedApplication>>;

export const Condition = z
  .object({
    type: z.string(),
    status: z.string(),
    reason: z.string().optional(),
    message: z.string().optional(),
  })
  .meta({ id: 'Condition' });
export type Condition = Readonly<z.infer<typeof Condition>>;

export const ObservedDeployment = z
  .object({
    resourceVersion: z.string(),
    generation: z.number().int(),
    observedGeneration: z.number().int(),
    deploymentId: z.string().optional(),
    image: z.string(),
    replicas: z.number().int().describe('spec.replicas'),
    currentReplicas: z.number().int().describe('status.replicas'),
    updatedReplicas: z.number().int(),
    availableReplicas: z.number().int().optional().describe('Left out at 0, as Kubernetes does'),
    conditions: z.array(Condition).readonly(),
    environment: z
      .record(z.string(), z.string())
      .describe("The variables of FDD's container that show which configuration it was made with"),
    helmRelease: z.string().optional().describe('The Helm release that made the Deployment'),
    changedAt: z
      .number()
      .int()
      .optional()
      .describe('When its conditions changed last, in milliseconds since the epoch'),
  })
  .meta({ id: 'ObservedDeployment' });
export type ObservedDeployment = Readonly<z.infer<typeof ObservedDeployment>>;

export const ObservedPod = z
  .object({
    name: z.string(),
    resourceVersion: z.string(),
    phase: z.string(),
    deleting: z.boolean(),
    ready: z.boolean(),
    restarts: z.number().int(),
    waiting: z.object({ reason: z.string(), message: z.string().optional() }).optional(),
    terminated: z.object({ exitCode: z.number().int(), reason: z.string().optional() }).optional(),
    unscheduled: z.string().optional().describe('Why it is not scheduled'),
    startedFor: z
      .string()
      .optional()
      .describe('Bootstrap pods: the deployment id that they were started for'),
  })
  .meta({ id: 'ObservedPod' });
export type ObservedPod = Readonly<z.infer<typeof ObservedPod>>;

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
