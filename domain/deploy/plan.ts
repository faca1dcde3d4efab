import { hasNewConfiguration } from '../cluster/has-new-configuration.ts';
import type { NamespaceConfig } from '../cluster/namespace-config.ts';
import { type DeploymentResult, type NamespaceSnapshot, reportOn } from '../cluster/observed.ts';
import { describeSymptom, tampered } from '../cluster/symptoms.ts';
import { mightLive, whyNoFddRuns } from '../cluster/why-no-fdd-runs.ts';
import type { ErrorCode } from '../errors.ts';
import type { Release } from '../release/release.ts';
import type { Repair } from '../rollout/repair.ts';
import {
  type ApplicationManifest,
  applicationManifest,
  configPatch,
  differenceFrom,
  hasSurplusConfig,
  type Origin,
} from './application.ts';
import { bootstrapPodManifest, type QuotaObject } from './bootstrap-pod.ts';
import { isDeploymentIdOf, nextDeploymentId } from './deployment-id.ts';
import { helmRefusal } from './helm-refusal.ts';
import { isSettled } from './is-settled.ts';
import type { PlanAction } from './plan-action.ts';
import { RBAC_VERSION, rbacManifests } from './rbac.ts';

/** One action in a namespace. Every step is safe to run twice. */
export type Step =
  | {
      readonly kind: 'apply-rbac';
      readonly objects: ReturnType<typeof rbacManifests>;
      readonly version: string;
    }
  | {
      readonly kind: 'apply-application';
      readonly manifest: ApplicationManifest;
      readonly change: 'create' | 'update';
      /** Precondition: the version that the plan was based on. */
      readonly resourceVersion: string | undefined;
      /**
       * Set if server-side apply would keep config keys of another field manager: a merge patch of `spec.config` that
       * removes them, sent with everything else in one write.
       */
      readonly configPatch: Readonly<Record<string, unknown>> | undefined;
    }
  | {
      /** The running pod belongs to this deployment: a later run must not start another one. */
      readonly kind: 'adopt-bootstrap-pod';
      readonly deploymentId: string;
    }
  | { readonly kind: 'delete-bootstrap-pod'; readonly reason: string }
  | {
      readonly kind: 'create-bootstrap-pod';
      readonly manifest: ReturnType<typeof bootstrapPodManifest>;
      readonly deploymentId: string;
    }
  | {
      readonly kind: 'restart-fdd';
      /** By name: a pod that replaces one of them has another name, so a repeated step deletes nothing more. */
      readonly pods: readonly string[];
    }
  | {
      readonly kind: 'verify';
      readonly deploymentId: string;
      readonly image: string;
      readonly bootstrap: boolean;
    };

export interface DeploymentPlan {
  readonly action: PlanAction;
  /** For people: the dry run, the job's log and the page show it. */
  readonly reason: string;
  readonly steps: readonly Step[];
  /** Why it is refused; left out for other plans. */
  readonly code?: Extract<
    ErrorCode,
    'helm_managed' | 'namespace_gone' | 'application_deleting' | 'deployment_deleting'
  >;
}

export interface PlanInput {
  readonly config: NamespaceConfig;
  readonly release: Release;
  readonly rolloutId: string;
  /** The request, for the annotations of what is written; left out in a trial. Never a reason to write. */
  readonly origin?: Origin | undefined;
  readonly forceBootstrap: boolean;
  /** What healing asks for. */
  readonly repair?: Repair | undefined;
  readonly observed: NamespaceSnapshot;
  /** The namespace's quotas; read only if one has rejected the bootstrap pod (docs/decisions/0008). */
  readonly quotas: readonly QuotaObject[];
  readonly manageRbac: boolean;
  /** What was written before this time has had its time, in milliseconds since the epoch. */
  readonly overdueBefore?: number | undefined;
  /** What earlier runs saved in the desired-state record. */
  readonly done: {
    readonly bootstrappedId?: string | undefined;
    /** The deployment id that the last failed run has waited for. */
    readonly abandonedId?: string | undefined;
    readonly rbacVersion?: string | undefined;
    /** A missing or changed RBAC object, although the record shows that it was written. */
    readonly rbacProblem?: string | undefined;
  };
}

/** Decides what a namespace needs. Pure: the same input gives the same plan, and a dry run prints that plan. */
export function planDeployment(input: PlanInput): DeploymentPlan {
  const { observed, release, config } = input;
  if (config.isDeleting) {
    return { action: 'refuse', code: 'namespace_gone', reason: LEAVING, steps: [] };
  }
  const helmRelease = observed.deployment?.helmRelease;
  if (helmRelease !== undefined && !input.forceBootstrap) {
    return { action: 'refuse', code: 'helm_managed', reason: helmRefusal(helmRelease), steps: [] };
  }
  const deletion = deletionIn(observed);
  if (deletion) return { action: 'refuse', ...deletion, steps: [] };
  const bootstrap = needsBootstrap(input);
  const write = reasonToWrite(input, bootstrap);
  const current = observed.application?.deploymentId;
  const deploymentId =
    write === undefined && current !== undefined
      ? current
      : nextDeploymentId(current, input.rolloutId, config.namespace, (id) => isUsedUp(input, id));
  const steps = [
    ...rbacSteps(input, bootstrap || write !== undefined),
    ...(write === undefined ? [] : applicationSteps(input, deploymentId)),
    ...(bootstrap ? bootstrapSteps(input, deploymentId) : adoptionSteps(input, deploymentId)),
    ...(bootstrap ? [] : repairSteps(input, deploymentId, write !== undefined)),
  ];
  if (steps.length === 0 && isSettled(observed, deploymentId, release)) {
    return { action: 'unchanged', reason: `already runs ${release.version}`, steps: [] };
  }
  const rbac = steps.some(({ kind }) => kind === 'apply-rbac') ? rbacReason(input) : undefined;
  const restart = steps.some(({ kind }) => kind === 'restart-fdd') ? healingReason(input) : undefined;
  const waitsForBootstrap = bootstrap || observed.bootstrapPod?.startedFor === deploymentId;
  return {
    action: restart !== undefined && write === undefined ? 'restart' : actionOf(input, bootstrap, write),
    reason:
      write ??
      (bootstrap ? bootstrapReason(input) : (restart ?? rbac ?? 'already written, not verified yet')),
    steps: [...steps, { kind: 'verify', deploymentId, image: release.image, bootstrap: waitsForBootstrap }],
  };
}

export const LEAVING = 'the ConfigMap is being deleted: the namespace is about to be gone';

/** Nothing comes of what is written to an object that is being deleted: its controllers leave it alone. */
function deletionIn(
  observed: NamespaceSnapshot,
): Required<Pick<DeploymentPlan, 'code' | 'reason'>> | undefined {
  for (const symptom of tampered(observed)) {
    const code = DELETION_CODES.get(symptom.what);
    if (code) return { code, reason: describeSymptom(symptom) };
  }
  return undefined;
}

const DELETION_CODES: ReadonlyMap<string, 'application_deleting' | 'deployment_deleting'> = new Map([
  ['application-deleting', 'application_deleting'],
  ['deployment-deleting', 'deployment_deleting'],
]);

/** True if FDD has to be started by a bootstrap pod that does not exist yet. */
export function needsBootstrap(
  input: Pick<
    PlanInput,
    'observed' | 'forceBootstrap' | 'repair' | 'rolloutId' | 'config' | 'release' | 'done' | 'overdueBefore'
  >,
): boolean {
  const { observed, rolloutId, config } = input;
  const { application, deployment, bootstrapPod } = observed;
  const current = application?.deploymentId;
  const isForced = mustBootstrap(input);
  if (deployment && !isForced) return false;
  if (current === undefined || isAbandoned(input, current)) return true;
  const report = reportOn(observed, current);
  if (report?.result === 'FAILED') return true;
  const isOurs = isDeploymentIdOf(current, rolloutId, config.namespace);
  if ((isForced || deploysAgain(input)) && !isOurs) return true;
  const isUpToDate = differenceFrom(application, input.release) === undefined;
  // A bootstrap deploys once, even if another client deletes the Deployment while its pod is still there.
  if (isUpToDate && bootstrapPod?.startedFor === current) return !deployment && report?.result === 'SUCCESS';
  if (!deployment || input.done.bootstrappedId !== current) return true;
  return isBootstrapRepeated(input, current);
}

/** A bootstrap is repeated only if its run has failed, or another client has deleted its pod too early, and no FDD runs. */
function isBootstrapRepeated(
  input: Pick<PlanInput, 'observed' | 'config' | 'done'>,
  current: string,
): boolean {
  const { observed, done } = input;
  if (isLeftUnconfigured(input, current)) return true;
  const hasSucceeded = reportOn(observed, current)?.result === 'SUCCESS';
  if (hasSucceeded && current !== done.abandonedId) return false;
  return (observed.deployment?.availableReplicas ?? 0) === 0 && !observed.pods.some(mightLive);
}

/** True even if a Deployment exists, if a bootstrap was forced or nothing else can deploy. */
function mustBootstrap(input: Pick<PlanInput, 'forceBootstrap' | 'repair' | 'observed'>): boolean {
  const { forceBootstrap, repair, observed } = input;
  if (forceBootstrap) return true;
  // A restart comes before a bootstrap, also for an FDD that cannot run.
  if (repair?.means === 'restart') return false;
  return isBootstrappedByHealing(input) || whyNoFddRuns(observed) !== undefined;
}

/** Never an FDD that works: then it is a deploy. */
function isBootstrappedByHealing(input: Pick<PlanInput, 'repair' | 'observed'>): boolean {
  return wantsBootstrap(input) && !input.observed.pods.some(mightLive);
}

/** A bootstrap beside an FDD that starts, hangs or terminates is harmful: its pods are deleted instead. */
function isHeldBack(input: Pick<PlanInput, 'repair' | 'observed'>): boolean {
  return wantsBootstrap(input) && input.observed.pods.some(mightLive);
}

function wantsBootstrap({ repair, observed }: Pick<PlanInput, 'repair' | 'observed'>): boolean {
  return repair?.means === 'bootstrap' && (observed.deployment?.availableReplicas ?? 0) === 0;
}

/** Healing wants a new deployment id, even if nothing differs. */
function deploysAgain({ repair, observed }: Pick<PlanInput, 'repair' | 'observed'>): boolean {
  if (repair?.means === 'deploy' || repair?.means === 'bootstrap') return true;
  return repair?.means === 'restart' && isUnprovable(observed);
}

/** FDD keeps its last ten reports: without the one of its id, no restart can be verified, so it gets a new id. */
function isUnprovable(observed: NamespaceSnapshot): boolean {
  const current = observed.application?.deploymentId;
  if (current === undefined || observed.deployment?.deploymentId !== current) return false;
  return reportOn(observed, current) === undefined;
}

function healingReason(input: PlanInput): string {
  const reason = `healing: ${input.repair?.evidence ?? ''}`;
  return isHeldBack(input) ? `${reason}; ${HELD_BACK}` : reason;
}

const HELD_BACK = 'no bootstrap beside an FDD that runs but is not ready: its pods are deleted instead';

function reasonToWrite(input: PlanInput, bootstrap: boolean): string | undefined {
  const { observed, release, rolloutId, config } = input;
  const { application } = observed;
  const difference = differenceFrom(application, release);
  if (difference !== undefined) return difference;
  const current = application?.deploymentId;
  if (current === undefined) return 'the Application has no deployment id';
  const report = reportOn(observed, current);
  if (report?.result === 'FAILED') return 'FDD reported FAILED for the previous deployment';
  if (!bootstrap && hasNewConfiguration(observed)) return 'the configuration has changed';
  if (isAbandoned(input, current)) return 'the previous deployment ended without a result';
  if (isLeftUnconfigured(input, current)) return 'FDD runs without its configuration';
  if (deploysAgain(input) && !isDeploymentIdOf(current, rolloutId, config.namespace))
    return healingReason(input);
  if (!bootstrap) return reasonToRepeat(observed, current, release, report?.result);
  if (mustBootstrap(input) && !isDeploymentIdOf(current, rolloutId, config.namespace)) {
    return bootstrapReason(input);
  }
  if (report?.result === 'SUCCESS') {
    // FDD skips an id that has succeeded.
    return observed.deployment
      ? 'FDD has already finished the previous deployment'
      : 'there is no Deployment';
  }
  // Another one began it; no FDD takes it up once more.
  if (report && (!observed.deployment || whyNoFddRuns(observed)))
    return 'FDD has begun the deployment and did not finish it';
  if (!application?.bootstrapLabel) return 'the Application lacks the bootstrap label';
  return undefined;
}

/**
 * True for an id that an earlier run has given up, half done: FDD skips an id that it has begun, so waiting for it again would
 * never end well. Whatever FDD reports now, only a SUCCESS that came late counts, or a Deployment that came late and whose report
 * is deleted by now: a bootstrap pod beside an FDD handles the same id, so it can write RUNNING over a FAILED before it is deleted.
 */
function isAbandoned(
  {
    observed,
    rolloutId,
    config,
    release,
    done,
    overdueBefore,
  }: Pick<PlanInput, 'observed' | 'rolloutId' | 'config' | 'release' | 'done' | 'overdueBefore'>,
  current: string,
): boolean {
  const report = reportOn(observed, current);
  if (report?.result === 'SUCCESS' || isSettled(observed, current, release)) return false;
  if (current === done.abandonedId) return true;
  // A run that continues is not too late.
  if (isDeploymentIdOf(current, rolloutId, config.namespace)) return false;
  // Redis has lost the record, or another Skipper wrote it: what is half done for that long stays so.
  const { writtenAt } = observed.application ?? {};
  const isOverdue = writtenAt !== undefined && overdueBefore !== undefined && writtenAt < overdueBefore;
  return isOverdue && (report !== undefined || observed.deployment?.deploymentId !== current);
}

/** True after a bootstrap that failed although FDD runs, because its Deployment did not mount its configuration. */
function isLeftUnconfigured(
  { observed, config, done }: Pick<PlanInput, 'observed' | 'config' | 'done'>,
  current: string,
): boolean {
  const isBootstrapGivenUp = current === done.bootstrappedId && current === done.abandonedId;
  return isBootstrapGivenUp && config.configDigest !== undefined && !observed.deployment?.mountsConfig;
}

/** For a Deployment that was changed behind FDD's back: FDD ignores an id that has succeeded. */
function reasonToRepeat(
  observed: NamespaceSnapshot,
  current: string,
  release: Release,
  result: DeploymentResult | undefined,
): string | undefined {
  const { deployment } = observed;
  const isFinished = result === 'SUCCESS' || isSettled(observed, current, release);
  if (!deployment || !isFinished) return undefined;
  const [change] = tampered({ ...observed, application: undefined });
  if (change) return describeSymptom(change);
  if (deployment.image !== release.image) return `the Deployment runs ${deployment.image}`;
  return deployment.deploymentId === current ? undefined : 'the Deployment belongs to another deployment';
}

/** FDD ignores an id that it has finished, and can ignore one that it has started; its report on it can be deleted. */
function isUsedUp({ observed, done }: PlanInput, deploymentId: string): boolean {
  return reportOn(observed, deploymentId) !== undefined || deploymentId === done.abandonedId;
}

function actionOf(input: PlanInput, bootstrap: boolean, write: string | undefined): DeploymentPlan['action'] {
  if (bootstrap) return 'bootstrap';
  if (write === undefined) return 'verify';
  if (!input.observed.application) return 'create';
  return differenceFrom(input.observed.application, input.release) === undefined ? 'redeploy' : 'update';
}

function bootstrapReason(input: PlanInput): string {
  const { observed, forceBootstrap } = input;
  if (!observed.deployment) return 'there is no Deployment';
  if (!forceBootstrap && isBootstrappedByHealing(input)) return healingReason(input);
  const why = forceBootstrap ? undefined : whyNoFddRuns(observed);
  return why ?? 'a bootstrap was forced';
}

function rbacReason({ done }: PlanInput): string {
  return done.rbacProblem ?? 'the RBAC objects must be written';
}

function rbacSteps(input: PlanInput, changing: boolean): Step[] {
  if (!input.manageRbac) return [];
  const { rbacVersion, rbacProblem } = input.done;
  if (!changing && rbacVersion === RBAC_VERSION && rbacProblem === undefined) return [];
  return [{ kind: 'apply-rbac', objects: rbacManifests(input.config.namespace), version: RBAC_VERSION }];
}

function applicationSteps(input: PlanInput, deploymentId: string): Step[] {
  const { application } = input.observed;
  const manifest = applicationManifest(input.config, input.release, {
    deploymentId,
    origin: input.origin,
  });
  const { config } = input.release;
  return [
    {
      kind: 'apply-application',
      manifest,
      change: application ? 'update' : 'create',
      resourceVersion: application?.resourceVersion,
      configPatch:
        application && hasSurplusConfig(application.config, config)
          ? configPatch(application.config, config)
          : undefined,
    },
  ];
}

function adoptionSteps({ observed, forceBootstrap, done }: PlanInput, deploymentId: string): Step[] {
  const isRunning = observed.bootstrapPod?.startedFor === deploymentId;
  if (!forceBootstrap || !isRunning || done.bootstrappedId === deploymentId) return [];
  return [{ kind: 'adopt-bootstrap-pod', deploymentId }];
}

/** What healing does beside the Application: a bootstrap does all of it. */
function repairSteps(input: PlanInput, deploymentId: string, isWriting: boolean): Step[] {
  const { repair, observed } = input;
  if (repair === undefined) return [];
  const alive = observed.pods.filter(({ deleting }) => !deleting).map(({ name }) => name);
  if (repair.means === 'restart') return restartSteps(alive.filter((name) => repair.pods?.includes(name)));
  const isLeftOver = observed.bootstrapPod && observed.bootstrapPod.startedFor !== deploymentId;
  return [
    ...(isLeftOver ? [LEFT_OVER] : []),
    // Only with the new id: the pods that come after it must not be deleted by a run that continues.
    ...restartSteps(isWriting && isHeldBack(input) ? alive : []),
  ];
}

function restartSteps(pods: readonly string[]): Step[] {
  return pods.length === 0 ? [] : [{ kind: 'restart-fdd', pods }];
}

const LEFT_OVER: Step = { kind: 'delete-bootstrap-pod', reason: 'it belongs to an earlier deployment' };

function bootstrapSteps(input: PlanInput, deploymentId: string): Step[] {
  const { config, release, quotas, manageRbac, observed } = input;
  const manifest = bootstrapPodManifest({ config, release, deploymentId, quotas, manageRbac });
  const create: Step = { kind: 'create-bootstrap-pod', manifest, deploymentId };
  if (!observed.bootstrapPod) return [create];
  return [LEFT_OVER, create];
}
