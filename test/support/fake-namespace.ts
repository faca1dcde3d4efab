import {
  type DeploymentResult,
  type NamespaceSnapshot,
  type ObservedApplication,
  type ObservedDeployment,
  type ObservedPod,
  type ObservedStatus,
  reportOn,
} from '../../domain/cluster/observed.ts';
import { deploymentId } from '../../domain/deploy/deployment-id.ts';
import { type PlanInput, planDeployment, type Step } from '../../domain/deploy/plan.ts';
import type { Release } from '../../domain/release/release.ts';
import {
  aBootstrapPod,
  aDeployment,
  anApplication,
  aPlanInput,
  aSnapshot,
  aStatus,
  NAMESPACE,
} from './builders.ts';

/** A model of one namespace in the API server, FDD and the desired-state record. Values are immutable. */
export interface FakeNamespace {
  readonly application: ObservedApplication | undefined;
  readonly deployment: ObservedDeployment | undefined;
  readonly statuses: readonly ObservedStatus[];
  readonly bootstrapPod: ObservedPod | undefined;
  readonly done: PlanInput['done'];
  /** The steps so far, in order: step kinds, with the deployment id if there is one. */
  readonly journal: readonly string[];
}

export type PlanRequest = Pick<PlanInput, 'release' | 'rolloutId' | 'forceBootstrap' | 'manageRbac'>;

export function planFor(world: FakeNamespace, request: PlanRequest) {
  return planDeployment(aPlanInput({ ...request, observed: snapshotOf(world), done: world.done }));
}

export function snapshotOf(world: FakeNamespace): NamespaceSnapshot {
  const { application, deployment, statuses, bootstrapPod } = world;
  return aSnapshot({ application, deployment, statuses, bootstrapPod });
}

/** Carries out one step as a worker and the API server would; `forgets` is a crash before the record was written. */
export function applyStep(world: FakeNamespace, step: Step, { forgets = false } = {}): FakeNamespace {
  switch (step.kind) {
    case 'apply-rbac':
      return log(remember(world, forgets ? {} : { rbacVersion: step.version }), step.kind);
    case 'apply-application': {
      const stored = world.application?.resourceVersion;
      if (step.resourceVersion !== undefined && step.resourceVersion !== stored) throw new Error('conflict');
      const { metadata, spec } = step.manifest;
      const applied = withApplication(world, {
        image: spec.image,
        config:
          step.configPatch === undefined
            ? mergeConfig(world.application?.config ?? {}, spec.config)
            : mergePatch(world.application?.config, step.configPatch),
        deploymentId: metadata.labels['fiaas/deployment_id'],
        bootstrapLabel: true,
      });
      return log(applied, `${step.kind} ${metadata.labels['fiaas/deployment_id']}`);
    }
    case 'adopt-bootstrap-pod':
      return log(remember(world, forgets ? {} : { bootstrappedId: step.deploymentId }), step.kind);
    case 'delete-bootstrap-pod':
      return log({ ...world, bootstrapPod: undefined }, step.kind);
    case 'create-bootstrap-pod': {
      if (world.bootstrapPod) throw new Error('the bootstrap pod already exists');
      const created = { ...world, bootstrapPod: aBootstrapPod({ startedFor: step.deploymentId }) };
      return log(
        remember(created, forgets ? {} : { bootstrappedId: step.deploymentId }),
        `${step.kind} ${step.deploymentId}`,
      );
    }
    case 'restart-fdd':
      return log(world, step.kind);
    case 'verify':
      return world;
  }
}

/** How FDD reacts: the bootstrap program, or a running FDD, processes an id that has not succeeded. */
export function fddReacts(world: FakeNamespace): FakeNamespace {
  const { application, bootstrapPod, deployment } = world;
  const bootstraps = bootstrapPod?.phase === 'Running' && application?.bootstrapLabel === true;
  const ended = bootstrapPod && {
    ...bootstrapPod,
    phase: 'Succeeded',
    terminated: { exitCode: 0, reason: 'Completed' },
  };
  const id = application?.deploymentId;
  if (!application || id === undefined || (!bootstraps && !deployment)) {
    return { ...world, bootstrapPod: ended };
  }
  // fdd#69: an id that has succeeded is never deployed again.
  const isNew = reportOn(snapshotOf(world), id)?.result !== 'SUCCESS';
  const rolledOut = isNew
    ? aDeployment({ deploymentId: id, image: application.image, environment: madeWith(application.config) })
    : deployment &&
      aDeployment({ ...deployment, observedGeneration: deployment.generation, availableReplicas: 1 });
  const others = world.statuses.filter((each) => each.deploymentId !== id);
  return {
    ...world,
    bootstrapPod: ended,
    deployment: rolledOut,
    statuses: isNew ? [...others, aStatus({ deploymentId: id, result: 'SUCCESS' })] : world.statuses,
  };
}

/** The model's Deployments record the config that FDD created them with in a variable. */
export function madeWith(config: Release['config']): Record<string, string> {
  return { MADE_WITH: JSON.stringify(config) };
}

/** Ends a run like a worker after verification: the bootstrap pod's record is saved, and the pod deleted. */
export function collect(world: FakeNamespace, verified: string): FakeNamespace {
  if (world.deployment?.deploymentId !== verified) return world;
  return world.bootstrapPod?.startedFor === verified ? { ...world, bootstrapPod: undefined } : world;
}

/** One run. With `crash` it ends after that many steps, before FDD has seen anything. */
export function runOnce(
  world: FakeNamespace,
  request: PlanRequest,
  crash: { after: number; forgets: boolean } = { after: Number.POSITIVE_INFINITY, forgets: false },
): FakeNamespace {
  const { steps } = planFor(world, request);
  let now = world;
  for (const [index, step] of steps.entries()) {
    if (index >= crash.after) return now;
    if (step.kind === 'verify') return collect(fddReacts(now), step.deploymentId);
    now = applyStep(now, step, { forgets: crash.forgets && index === crash.after - 1 });
  }
  return now;
}

export interface StartState {
  readonly application?: Partial<ObservedApplication> | undefined;
  readonly deployment?: Partial<ObservedDeployment> | undefined;
  readonly results: readonly { readonly id: string; readonly result: DeploymentResult }[];
  readonly pod?: { readonly startedFor: string | undefined; readonly ended: boolean } | undefined;
  readonly bootstrappedId?: string | undefined;
}

export function aNamespace(start: StartState): FakeNamespace {
  const { application, deployment, pod, bootstrappedId } = start;
  return {
    application: application && anApplication(application),
    deployment: deployment && aDeployment(deployment),
    statuses: start.results.map(({ id, result }) => aStatus({ name: id, deploymentId: id, result })),
    bootstrapPod:
      pod && aBootstrapPod({ startedFor: pod.startedFor, phase: pod.ended ? 'Failed' : 'Running' }),
    done: bootstrappedId === undefined ? {} : { bootstrappedId },
    journal: [],
  };
}

/** The id of a rollout's nth attempt in the namespace of the builders. */
export function idOf(rolloutId: string, attempt = 0): string {
  return deploymentId(rolloutId, NAMESPACE, attempt);
}

function withApplication(world: FakeNamespace, fields: Partial<ObservedApplication>): FakeNamespace {
  const resourceVersion = String(Number(world.application?.resourceVersion ?? '100') + 1);
  return { ...world, application: anApplication({ ...world.application, ...fields, resourceVersion }) };
}

function remember(world: FakeNamespace, fields: PlanInput['done']): FakeNamespace {
  return { ...world, done: { ...world.done, ...fields } };
}

function log(world: FakeNamespace, entry: string): FakeNamespace {
  return { ...world, journal: [...world.journal, entry] };
}

/** RFC 7386, word for word. */
export function mergePatch(
  stored: unknown,
  patch: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = new Map<string, unknown>(Object.entries(isMapping(stored) ? stored : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, isMapping(value) ? mergePatch(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}

/** Server-side apply over keys that another field manager owns: they stay. */
function mergeConfig(stored: Release['config'], wanted: Release['config']): Release['config'] {
  const merged: Record<string, unknown> = { ...stored };
  for (const [key, value] of Object.entries(wanted)) {
    const old = stored[key];
    merged[key] = isMapping(old) && isMapping(value) ? mergeConfig(old, value) : value;
  }
  return merged;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
