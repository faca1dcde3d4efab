import * as z from 'zod';
import type { NamespaceConfigResult } from './namespace-config.ts';

/** The state of a namespace, reduced to the fields that decisions need. */
export interface NamespaceSnapshot {
  readonly namespace: string;
  /** Undefined if the namespace has no ConfigMap of FIAAS. */
  readonly config: NamespaceConfigResult | undefined;
  readonly application: ObservedApplication | undefined;
  readonly deployment: ObservedDeployment | undefined;
  readonly statuses: readonly ObservedStatus[];
  readonly pods: readonly ObservedPod[];
  readonly bootstrapPod: ObservedPod | undefined;
}

/** FDD's results, in the order in which it reports them. */
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
  succeededAt: z
    .string()
    .optional()
    .describe(
      'resourceVersion of a SUCCESS that another FDD, which restarted the deployment, has overwritten',
    ),
});
export type DeploymentReport = Readonly<z.infer<typeof DeploymentReport>>;

export const ObservedStatus = DeploymentReport.extend({ name: z.string(), resourceVersion: z.string() }).meta(
  {
    id: 'ObservedApplicationStatus',
  },
);
export type ObservedStatus = Readonly<z.infer<typeof ObservedStatus>>;

/** What a write of Skipper's was part of, from the annotations of the Application. */
const WriteOrigin = z.object({
  rolloutId: z.string(),
  generation: z.number().int(),
  release: z.string().describe('Key of its release'),
  content: z.string().describe('Digest of image and config as they were written'),
});

export const ObservedApplication = z
  .object({
    resourceVersion: z.string(),
    uid: z.string().optional(),
    image: z.string(),
    config: z.record(z.string(), z.unknown()),
    deploymentId: z.string().optional(),
    bootstrapLabel: z
      .boolean()
      .describe('It has the label that makes the bootstrap program pick up the Application'),
    status: DeploymentReport.optional().describe(
      "FDD's report in the Application itself (its option include-status-in-app)",
    ),
    heldBy: z
      .array(z.string())
      .readonly()
      .optional()
      .describe('It is being deleted, and these finalizers hold it; left out if it is not'),
    configDigest: z
      .string()
      .optional()
      .describe('Of the cluster_config.yaml that FDD was last started with; left out if that is unknown'),
    writtenAt: z
      .number()
      .int()
      .optional()
      .describe(
        'When its deployment id was last written, in milliseconds since the epoch; left out if unknown',
      ),
    lastWriter: z.string().optional().describe('The field manager, other than Skipper, that wrote it last'),
    origin: WriteOrigin.optional().describe(
      "What Skipper's last write of it was part of; left out if unknown",
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
      .describe("The variables of FDD's container that show which configuration it was created with"),
    helmRelease: z.string().optional().describe('The Helm release that created the Deployment'),
    changedAt: z
      .number()
      .int()
      .optional()
      .describe('When its conditions last changed, in milliseconds since the epoch'),
    mountsConfig: z
      .boolean()
      .optional()
      .describe('Its pods have the ConfigMap where FDD reads its configuration'),
    heldBy: z
      .array(z.string())
      .readonly()
      .optional()
      .describe('It is being deleted, and these finalizers hold it; left out if it is not'),
    switchedOff: z
      .object({
        how: z.enum(['scaled to 0', 'paused']),
        by: z.string().optional().describe('The field manager that did it'),
        at: z.number().int().optional().describe('When, in milliseconds since the epoch'),
      })
      .optional()
      .describe('No pod of its latest version can start, because of its spec'),
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
    lastReason: z.string().optional().describe("Why FDD's container ended before it was restarted"),
    terminated: z
      .object({ exitCode: z.number().int(), reason: z.string().optional() })
      .optional()
      .describe("FDD's own container, not a sidecar"),
    blockedBy: z
      .object({
        container: z.string(),
        reason: z.string(),
        message: z.string().optional(),
        restarts: z.number().int(),
      })
      .optional()
      .describe('Another container that keeps the pod from starting or from becoming ready'),
    unscheduled: z.string().optional().describe('Why it is not scheduled'),
    image: z
      .string()
      .optional()
      .describe("The image of FDD's or the bootstrap's container; left out if unknown"),
    deploymentId: z.string().optional().describe("The deployment whose Deployment's pod it is"),
    startedFor: z
      .string()
      .optional()
      .describe('Bootstrap pods: the deployment id that they were started for'),
    createdAt: z.number().int().optional().describe('In milliseconds since the epoch; left out if unknown'),
    startedAt: z
      .number()
      .int()
      .optional()
      .describe("When FDD's container, which runs, was last started, in milliseconds since the epoch"),
    lastRanMs: z
      .number()
      .int()
      .optional()
      .describe("How long FDD's container ran before it was restarted, in milliseconds"),
  })
  .meta({ id: 'ObservedPod' });
export type ObservedPod = Readonly<z.infer<typeof ObservedPod>>;

/** FDD's report on a deployment id, from the better of its two places. */
export interface ReportOnId extends DeploymentReport {
  /** resourceVersion of the object that holds the report, when it reported this result. */
  readonly resourceVersion: string;
}

/**
 * FDD's report on a deployment id. FDD writes an ApplicationStatus and, with include-status-in-app, the Application's
 * status. It can die between the two, so SUCCESS in either place counts, and FAILED only if the other is not SUCCESS. A
 * SUCCESS that another FDD has overwritten with RUNNING counts, too (`succeededAt`).
 */
export function reportOn(snapshot: NamespaceSnapshot, deploymentId: string): ReportOnId | undefined {
  const own = snapshot.statuses.find((status) => status.deploymentId === deploymentId);
  const application = snapshot.application;
  const inApplication =
    application?.status?.deploymentId === deploymentId
      ? { ...application.status, resourceVersion: application.resourceVersion }
      : undefined;
  const reports = [own, inApplication].filter((report) => report !== undefined).map(withSuccess);
  return (
    reports.find((report) => report.result === 'SUCCESS') ??
    reports.find((report) => report.result === 'FAILED') ??
    reports[0]
  );
}

function withSuccess(report: ReportOnId): ReportOnId {
  const { succeededAt } = report;
  return succeededAt === undefined ? report : { ...report, result: 'SUCCESS', resourceVersion: succeededAt };
}

/** True if the Deployment controller has completed the rollout of the Deployment's latest generation, and FDD runs. */
export function isRolledOut(deployment: ObservedDeployment): boolean {
  return (
    deployment.replicas > 0 &&
    deployment.observedGeneration >= deployment.generation &&
    deployment.updatedReplicas === deployment.replicas &&
    deployment.currentReplicas === deployment.replicas &&
    (deployment.availableReplicas ?? 0) === deployment.replicas
  );
}

/** True if the bootstrap has terminated, successfully or not. Its pod keeps running while a sidecar does. */
export function hasBootstrapEnded({ phase, terminated }: ObservedPod): boolean {
  return terminated !== undefined || phase === 'Succeeded' || phase === 'Failed';
}
