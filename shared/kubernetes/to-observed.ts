import { plainLine } from '../../domain/cluster/fdd-log.ts';
import {
  BOOTSTRAP_FOR_ANNOTATION,
  BOOTSTRAP_LABEL,
  BOOTSTRAP_POD,
  CONFIG_DIGEST_ANNOTATION,
  CONFIG_MAP,
  CONFIG_MOUNT_PATH,
  CONTENT_ANNOTATION,
  DEPLOYMENT_ID_LABEL,
  FDD,
  FIELD_MANAGER,
  GENERATION_ANNOTATION,
  RELEASE_ANNOTATION,
  ROLLOUT_ANNOTATION,
} from '../../domain/cluster/names.ts';
import type {
  DeploymentReport,
  DeploymentResult,
  ObservedApplication,
  ObservedDeployment,
  ObservedPod,
  ObservedStatus,
} from '../../domain/cluster/observed.ts';
import { lastOtherWriter, type ManagedFields, ownerOf, timeOf } from './field-owners.ts';

/** The last lines of FDD's log of a deployment are kept in memory: they show what went wrong. */
const LOG_LINES = 40;
const LINE_LENGTH = 2_000;
const SHOWN_VARIABLES = ['LOG_FORMAT', 'FIAAS_ENVIRONMENT'];

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly managedFields?: ManagedFields;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RawConfigMap {
  readonly metadata: Metadata;
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

export interface RawApplication {
  readonly metadata: Metadata;
  readonly spec?: { readonly image?: string; readonly config?: Record<string, unknown> };
  readonly status?: RawReport & { readonly deployment_id?: string };
}

export interface RawReport {
  readonly result?: string;
  readonly logs?: readonly string[];
}

export type RawApplicationStatus = RawReport & { readonly metadata: Metadata };

export interface RawDeployment {
  readonly metadata: Metadata;
  readonly spec?: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly {
          readonly name?: string;
          readonly image?: string;
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
          readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
        }[];
        readonly volumes?: readonly {
          readonly name: string;
          readonly configMap?: { readonly name?: string };
        }[];
      };
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly RawCondition[];
  };
}

interface RawCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
}

interface RawContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt?: string };
    readonly terminated?: { readonly exitCode: number; readonly reason?: string };
  };
  readonly lastState?: { readonly terminated?: RawLastRun };
}

interface RawLastRun {
  readonly reason?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface RawPod {
  readonly metadata: Metadata;
  readonly spec?: {
    readonly containers?: readonly { readonly name?: string; readonly image?: string }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly RawCondition[];
    readonly containerStatuses?: readonly RawContainerStatus[];
    readonly initContainerStatuses?: readonly RawContainerStatus[];
  };
}

export function toObservedApplication(raw: RawApplication): ObservedApplication {
  const { metadata, spec, status } = raw;
  return {
    resourceVersion: metadata.resourceVersion ?? '',
    uid: metadata.uid,
    image: spec?.image ?? '',
    config: intern(spec?.config ?? {}),
    deploymentId: metadata.labels?.[DEPLOYMENT_ID_LABEL],
    bootstrapLabel: metadata.labels?.[BOOTSTRAP_LABEL] === 'true',
    status: status?.result === undefined ? undefined : trimReport(status, status.deployment_id),
    heldBy: heldBy(metadata),
    configDigest: metadata.annotations?.[CONFIG_DIGEST_ANNOTATION],
    writtenAt: timeOf(metadata.managedFields, 'metadata', 'labels', DEPLOYMENT_ID_LABEL),
    lastWriter: lastOtherWriter(metadata.managedFields, FIELD_MANAGER, OUR_FIELDS),
    origin: originOf(metadata.annotations),
  };
}

/** Undefined unless all annotations are there: another client can have changed or removed some. */
function originOf(annotations: Metadata['annotations'] = {}): ObservedApplication['origin'] {
  const rolloutId = annotations[ROLLOUT_ANNOTATION];
  const release = annotations[RELEASE_ANNOTATION];
  const content = annotations[CONTENT_ANNOTATION];
  const generation = Number(annotations[GENERATION_ANNOTATION]);
  if (!rolloutId || !release || !content || !Number.isInteger(generation) || generation < 1) return undefined;
  return { rolloutId, generation, release, content };
}

function heldBy({ deletionTimestamp, finalizers = [] }: Metadata): readonly string[] | undefined {
  return deletionTimestamp === undefined ? undefined : finalizers;
}

/** Fields of an Application that only Skipper should write. */
const OUR_FIELDS = [
  ['spec', 'image'],
  ['metadata', 'labels', DEPLOYMENT_ID_LABEL],
];

/** Most namespaces have the same config, so it is stored once. Cleared when full: old releases are never needed again. */
const interned = new Map<string, Readonly<Record<string, unknown>>>();
const MAX_INTERNED = 256;

function intern(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const key = JSON.stringify(config);
  const known = interned.get(key);
  if (known) return known;
  if (interned.size >= MAX_INTERNED) interned.clear();
  interned.set(key, config);
  return config;
}

export function toObservedStatus(raw: RawApplicationStatus): ObservedStatus {
  return {
    name: raw.metadata.name,
    resourceVersion: raw.metadata.resourceVersion ?? '',
    ...trimReport(raw, raw.metadata.labels?.[DEPLOYMENT_ID_LABEL]),
  };
}

function trimReport(raw: RawReport, deploymentId: string | undefined): DeploymentReport {
  const result = (raw.result ?? 'INITIATED') as DeploymentResult;
  return { deploymentId, result, logs: result !== 'SUCCESS' ? trimLogs(raw.logs ?? []) : [] };
}

/** FDD logs whole request dumps: the beginning and the end of a line are enough. */
function trimLogs(logs: readonly string[]): string[] {
  return logs
    .slice(-LOG_LINES)
    .map(plainLine)
    .map((line) =>
      line.length <= LINE_LENGTH
        ? line
        : `${line.slice(0, LINE_LENGTH / 2)} … ${line.slice(-LINE_LENGTH / 2)}`,
    );
}

export function toObservedDeployment(raw: RawDeployment): ObservedDeployment {
  const { metadata, spec, status } = raw;
  const container = containerNamed(FDD, spec?.template?.spec?.containers);
  return {
    resourceVersion: metadata.resourceVersion ?? '',
    generation: metadata.generation ?? 0,
    observedGeneration: status?.observedGeneration ?? 0,
    deploymentId: metadata.labels?.[DEPLOYMENT_ID_LABEL],
    image: container?.image ?? '',
    replicas: spec?.replicas ?? 1,
    currentReplicas: status?.replicas ?? 0,
    updatedReplicas: status?.updatedReplicas ?? 0,
    availableReplicas: status?.availableReplicas,
    conditions: (status?.conditions ?? []).map(trimCondition),
    environment: Object.fromEntries(
      (container?.env ?? [])
        .filter((variable) => SHOWN_VARIABLES.includes(variable.name))
        .map((variable) => [variable.name, variable.value ?? '']),
    ),
    helmRelease: helmReleaseOf(metadata),
    changedAt: newestOf(status?.conditions ?? []),
    mountsConfig: mountsConfig(raw),
    heldBy: heldBy(metadata),
    switchedOff: switchedOff(raw),
  };
}

/**
 * Webhooks inject containers at any position, so containers are found by name. If a pod has only one container, it is
 * used whatever its name: another tool can have chosen it.
 */
function containerNamed<Container extends { readonly name?: string }>(
  name: string,
  containers: readonly Container[] = [],
): Container | undefined {
  const named = containers.find((container) => container.name === name);
  return named ?? (containers.length === 1 ? containers[0] : undefined);
}

function mountsConfig({ spec }: RawDeployment): boolean {
  const { containers = [], volumes = [] } = spec?.template?.spec ?? {};
  const names = volumes.filter(({ configMap }) => configMap?.name === CONFIG_MAP).map(({ name }) => name);
  const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  const path = withoutSlash(CONFIG_MOUNT_PATH);
  return mounts.some(({ name, mountPath }) => names.includes(name) && withoutSlash(mountPath) === path);
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, '');
}

function switchedOff({ metadata, spec }: RawDeployment): ObservedDeployment['switchedOff'] {
  const { managedFields } = metadata;
  const changed = (field: string) => ({
    by: ownerOf(managedFields, 'spec', field),
    at: timeOf(managedFields, 'spec', field),
  });
  if (spec?.replicas === 0) return { how: 'scaled to 0', ...changed('replicas') };
  return spec?.paused ? { how: 'paused', ...changed('paused') } : undefined;
}

function newestOf(conditions: readonly RawCondition[]): number | undefined {
  const times = conditions
    .flatMap(({ lastTransitionTime, lastUpdateTime }) => [lastTransitionTime, lastUpdateTime])
    .map((time) => Date.parse(time ?? ''))
    .filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : Math.max(...times);
}

function trimCondition(raw: RawCondition) {
  return { type: raw.type, status: raw.status, reason: raw.reason, message: raw.message };
}

function helmReleaseOf(metadata: Metadata): string | undefined {
  const managedByHelm =
    metadata.labels?.['app.kubernetes.io/managed-by'] === 'Helm' || metadata.labels?.heritage === 'Helm';
  const release = metadata.annotations?.['meta.helm.sh/release-name'] ?? metadata.labels?.release;
  if (release !== undefined && (managedByHelm || metadata.annotations?.['meta.helm.sh/release-name'])) {
    return release;
  }
  return managedByHelm ? '(unnamed)' : undefined;
}

export function toObservedPod(raw: RawPod): ObservedPod {
  const { metadata, spec, status } = raw;
  const name = metadata.name === BOOTSTRAP_POD ? BOOTSTRAP_POD : FDD;
  const container = containerNamed(name, status?.containerStatuses);
  const conditions = status?.conditions ?? [];
  const scheduled = conditions.find((condition) => condition.type === 'PodScheduled');
  return {
    name: metadata.name,
    resourceVersion: metadata.resourceVersion ?? '',
    phase: status?.phase ?? 'Pending',
    deleting: metadata.deletionTimestamp !== undefined,
    ready: conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    restarts: container?.restartCount ?? 0,
    waiting: trimWaiting(container),
    lastReason: container?.lastState?.terminated?.reason,
    terminated: trimTerminated(container),
    blockedBy: blockerOf(status, container),
    unscheduled: scheduled?.status === 'False' ? (scheduled.message ?? scheduled.reason) : undefined,
    image: containerNamed(name, spec?.containers)?.image,
    deploymentId: metadata.labels?.[DEPLOYMENT_ID_LABEL],
    startedFor: metadata.annotations?.[BOOTSTRAP_FOR_ANNOTATION],
    createdAt: toTime(metadata.creationTimestamp),
    startedAt: toTime(container?.state?.running?.startedAt),
    lastRanMs: durationOf(container?.lastState?.terminated),
  };
}

function toTime(timestamp: string | undefined): number | undefined {
  const time = Date.parse(timestamp ?? '');
  return Number.isNaN(time) ? undefined : time;
}

function durationOf(run: RawLastRun | undefined): number | undefined {
  const start = toTime(run?.startedAt);
  const end = toTime(run?.finishedAt);
  return start === undefined || end === undefined ? undefined : Math.max(0, end - start);
}

function trimWaiting(container: RawContainerStatus | undefined): ObservedPod['waiting'] {
  const waiting = container?.state?.waiting;
  return waiting && { reason: waiting.reason ?? 'Waiting', message: waiting.message };
}

function trimTerminated(container: RawContainerStatus | undefined): ObservedPod['terminated'] {
  const terminated = container?.state?.terminated;
  return terminated && { exitCode: terminated.exitCode, reason: terminated.reason };
}

/** Reasons for which a healthy container waits. */
const USUAL_WAITS: readonly (string | undefined)[] = [undefined, 'ContainerCreating', 'PodInitializing'];

/** The first of the other containers that keeps the pod from starting or from becoming ready. */
function blockerOf(status: RawPod['status'], own: RawContainerStatus | undefined): ObservedPod['blockedBy'] {
  const initial = status?.initContainerStatuses ?? [];
  const beside = (status?.containerStatuses ?? []).filter((container) => container !== own);
  return [
    ...initial.map((container) => waitingBlocker(container) ?? failedBlocker(container)),
    ...beside.map(waitingBlocker),
  ].find((blocker) => blocker !== undefined);
}

function waitingBlocker({
  name = '',
  state,
  restartCount = 0,
}: RawContainerStatus): ObservedPod['blockedBy'] {
  const waiting = state?.waiting;
  if (USUAL_WAITS.includes(waiting?.reason)) return undefined;
  return {
    container: name,
    reason: waiting?.reason ?? '',
    message: waiting?.message,
    restarts: restartCount,
  };
}

/** After a failed init container, no other container starts. */
function failedBlocker({ name = '', state, restartCount = 0 }: RawContainerStatus): ObservedPod['blockedBy'] {
  const { exitCode = 0, reason = 'Error' } = state?.terminated ?? {};
  if (exitCode === 0) return undefined;
  return { container: name, reason, message: `exited with code ${exitCode}`, restarts: restartCount };
}
