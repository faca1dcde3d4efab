import { errorInText } from '../domain/cluster/fdd-log.ts';
import { FDD } from '../domain/cluster/names.ts';
import type { NamespaceConfig, NamespaceConfigResult } from '../domain/cluster/namespace-config.ts';
import { type NamespaceSnapshot, type ObservedApplication, reportOn } from '../domain/cluster/observed.ts';
import type { QuotaObject } from '../domain/deploy/bootstrap-pod.ts';
import type { Parking } from '../domain/deploy/parking.ts';
import { type DeploymentPlan, LEAVING, needsBootstrap, planDeployment } from '../domain/deploy/plan.ts';
import { type ErrorCode, messageOf, SkipperError } from '../domain/errors.ts';
import { bootstrapWarnings, describeBootstrap } from '../domain/explain/describe-bootstrap.ts';
import { describeStep } from '../domain/explain/describe-step.ts';
import type { BootstrapRecord } from '../domain/rollout/attempt.ts';
import type { RunPhase } from '../domain/rollout/phase.ts';
import type { Outcome } from '../domain/rollout/rollout.ts';
import { readNamespaceConfig } from '../shared/kubernetes/read-namespace-config.ts';
import { APPLICATIONS, pathOf, RESOURCE_QUOTAS } from '../shared/kubernetes/resources.ts';
import { type RawApplication, toObservedApplication } from '../shared/kubernetes/to-observed.ts';
import type { Run } from '../shared/state/runs.ts';
import { inSpan } from '../shared/telemetry/spans.ts';
import { applyPlan } from './apply-plan.ts';
import { awaitBootstrapEnd } from './await-bootstrap-end.ts';
import { type AwaitedDeployment, awaitVerdict, type Waited } from './await-verdict.ts';
import { blindSpot, blindSpotError } from './blind-spot.ts';
import { collectBootstrapPod } from './collect-bootstrap-pod.ts';
import { readDeployment } from './read-deployment.ts';
import { readRbacProblem } from './read-rbac-problem.ts';
import type { RunContext } from './run-context.ts';
import { untilChange } from './until-change.ts';

/** Others (kubectl, FDD itself) can write the Application between our read and our write. */
const CONFLICT_RETRIES = 4;

export interface DeployResult {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly version: string;
  readonly deploymentId?: string;
  readonly warnings: readonly string[];
  readonly bootstrap?: BootstrapRecord | undefined;
}

/** A namespace that waits for FDD: the run continues when it is woken. */
export interface ParkedDeploy {
  readonly parking: Omit<Parking, 'generation' | 'jobId'>;
  readonly phase: RunPhase;
  readonly detail: string;
}

/**
 * Brings one namespace to its requested release: observe, plan, apply, verify. A run that died can have done any part of
 * it; finished parts are not repeated. A run that was parked does the same.
 */
export async function deployNamespace(run: Run, context: RunContext): Promise<DeployResult | ParkedDeploy> {
  try {
    return await deploy(run, context);
  } catch (error) {
    throw (await whyGone(error, context)) ?? error;
  }
}

/** What a namespace that is being deleted looks like: it loses role bindings, pods and FDD's objects in any order. */
const SIGNS_OF_DELETION: readonly ErrorCode[] = [
  'forbidden',
  'bootstrap_failed',
  'fdd_failed',
  'progress_deadline',
  'changed_by_others',
  'application_deleting',
  'deployment_deleting',
];
/** Its ConfigMap may be the last to go. */
const CONFIG_GONE_WITHIN_MS = 2_000;

/** The namespace's own end, if that is why the run failed: then nothing has failed. */
async function whyGone(error: unknown, context: RunContext): Promise<SkipperError | undefined> {
  if (!(error instanceof SkipperError) || !SIGNS_OF_DELETION.includes(error.code)) return undefined;
  if (context.signal.aborted) return undefined;
  const deadline = Date.now() + (mayComeFirst(error) ? CONFIG_GONE_WITHIN_MS : 0);
  for (;;) {
    const config = await readConfig(context).catch(() => 'unknown' as const);
    if (config === 'unknown') return undefined;
    if (config === undefined) return gone();
    if (config.ok && config.value.isDeleting) return leaving();
    const leftMs = deadline - Date.now();
    if (leftMs <= 0) return undefined;
    await untilChange(context.cluster, context.namespace, leftMs, context.signal);
  }
}

function mayComeFirst({ code, message, details }: SkipperError): boolean {
  return code === 'bootstrap_failed' || /being terminated/.test([message, ...details].join('\n'));
}

async function deploy(run: Run, context: RunContext): Promise<DeployResult | ParkedDeploy> {
  // A parked run has written its deployment. If another client changed it since, the next attempt plans again.
  const written = run.resumed?.parking ?? (await write(run, context));
  const { version } = run.release;
  const { outcome, reason } = written;
  if (written.deploymentId === undefined) return { outcome, reason, version, warnings: written.warnings };
  context.awaits(written.deploymentId);
  const verified = await verifyDeployment(written, context);
  if (verified.kind === 'parked') {
    const { kind: _kind, phase, detail, ...wait } = verified;
    return { parking: { ...written, ...wait }, phase, detail };
  }
  const { unconfigured, bootstrap } = verified;
  const result = { outcome, reason, version, deploymentId: written.deploymentId, bootstrap };
  const warnings = [...written.warnings, ...bootstrapWarnings(bootstrap)];
  if (unconfigured.length === 0) return { ...result, warnings };
  if (written.bootstrap) throw unconfiguredError(unconfigured);
  const hint = `FDD runs without its configuration (${unconfigured.join('; ')}): force a bootstrap to fix it`;
  return { ...result, warnings: [...warnings, hint] };
}

function unconfiguredError(unconfigured: readonly string[]): SkipperError {
  return new SkipperError(
    'fdd_unconfigured',
    `the bootstrapped FDD runs without its configuration: ${unconfigured.join('; ')}; stop what removes the mount, then force a bootstrap`,
  );
}

/** A deployment that is to be verified. */
type Written = Omit<Parking, 'generation' | 'jobId' | keyof Wait> & Partial<Wait>;
type Wait = Pick<Parking, 'stage' | 'until' | 'hadDeployment' | 'hadLivePod' | 'podEnded'>;
/** There was nothing to do. */
type Unchanged = Pick<DeployResult, 'outcome' | 'reason' | 'warnings'> & {
  readonly deploymentId?: undefined;
};

async function write(run: Run, context: RunContext): Promise<Written | Unchanged> {
  // What cannot be verified is not begun: it would restart FDD and then fail.
  const spot = blindSpot(context.cluster);
  if (spot !== undefined) throw blindSpotError(spot);
  const { plan, config, application } = await planAndApply(run, context);
  const { reason } = plan;
  const outcome = plan.action === 'refuse' ? 'skipped' : OUTCOMES[plan.action];
  const verify = plan.steps.find((step) => step.kind === 'verify');
  const { warnings = [] } = config;
  if (!verify) return { outcome, reason, warnings };
  const { deploymentId, image, bootstrap } = verify;
  const isConfigured = config.configDigest !== undefined;
  // The deadline counts from the write, even if a run that died made it.
  const began = hasWritten(plan) ? Date.now() : (run.appliedAt ?? Date.now());
  return {
    deploymentId,
    image,
    bootstrap,
    isConfigured,
    written: application,
    began,
    outcome,
    reason,
    warnings,
  };
}

interface Applied {
  readonly plan: DeploymentPlan;
  readonly config: NamespaceConfig;
  /** The Application that the plan wrote, or was made from. */
  readonly application: ObservedApplication | undefined;
}

async function planAndApply(run: Run, context: RunContext): Promise<Applied> {
  context.step('observe', 'read the state of the cluster');
  let observed = await withConfig(context.cluster.snapshot(context.namespace), context, run.configVersion);
  let quotas: readonly QuotaObject[] | undefined;
  for (let conflicts = 0; ; ) {
    const config = configOf(observed);
    const plan = await inSpan('plan', {}, async (span) => {
      const made = await makePlan(run, config, observed, quotas ?? [], context);
      span.setAttribute('skipper.action', made.action);
      return made;
    });
    if (plan.action === 'refuse') throw new SkipperError(plan.code ?? 'helm_managed', plan.reason);
    context.step('plan', `${plan.action}: ${plan.reason}`);
    context.logToJob(
      `plan: ${plan.action} (${plan.reason}): ${plan.steps.map(describeStep).join(', ') || 'nothing to do'}`,
    );
    try {
      const written = await applyPlan(plan, context);
      return { plan, config, application: written ?? observed.application };
    } catch (error) {
      const code = error instanceof SkipperError ? error.code : undefined;
      if (code === 'quota_exceeded' && quotas === undefined) {
        // A quota can admit pods without requests and limits: the planner decides that from the quotas.
        quotas = await readQuotas(context);
      } else if (code === 'conflict' && conflicts < CONFLICT_RETRIES) conflicts += 1;
      else throw error;
      context.step('observe', `read again after: ${messageOf(error)}`);
      context.logToJob(`${code}, planning again: ${messageOf(error)}`);
      const seen = await withConfig(context.cluster.snapshot(context.namespace), context, run.configVersion);
      observed = { ...seen, application: await readApplication(context) };
    }
  }
}

async function makePlan(
  run: Run,
  config: NamespaceConfig,
  seen: NamespaceSnapshot,
  quotas: readonly QuotaObject[],
  context: RunContext,
): Promise<DeploymentPlan> {
  const input = {
    config,
    release: run.release,
    rolloutId: run.rolloutId,
    forceBootstrap: run.forceBootstrap,
    manageRbac: context.settings.manageRbac,
    quotas,
    overdueBefore: Date.now() - context.settings.progressDeadlineMs,
    done: {
      bootstrappedId: run.bootstrappedId,
      abandonedId: run.abandonedId,
      rbacVersion: run.rbacVersion,
    },
  };
  const bootstraps = needsBootstrap({ ...input, observed: seen });
  // A bootstrap beside a running FDD strips its settings: a watch that shows no FDD is not enough.
  const isInDoubt = bootstraps ? !seen.deployment || !run.forceBootstrap : looksChanged(seen);
  const observed = isInDoubt ? { ...seen, deployment: await readDeployment(context) } : seen;
  const plan = planDeployment({ ...input, observed });
  const trustsRecord = input.manageRbac && !plan.steps.some(({ kind }) => kind === 'apply-rbac');
  if (!trustsRecord || plan.action === 'refuse') return plan;
  const rbacProblem = await readRbacProblem(context);
  return rbacProblem === undefined
    ? plan
    : planDeployment({ ...input, observed, done: { ...input.done, rbacProblem } });
}

/**
 * The Deployment differs from FDD's report: another client changed it, or its watch lags behind the watch that showed the
 * SUCCESS. Only a read can show which.
 */
function looksChanged(observed: NamespaceSnapshot): boolean {
  const current = observed.application?.deploymentId;
  if (!observed.deployment || current === undefined) return false;
  const hasSucceeded = reportOn(observed, current)?.result === 'SUCCESS';
  return hasSucceeded && observed.deployment.deploymentId !== current;
}

/** Verifies the deployment; in any case, a bootstrap pod's record is saved before the pod is deleted. */
async function verifyDeployment(
  written: Written,
  context: RunContext,
): Promise<VerifiedDeployment | Extract<Waited, { kind: 'parked' }>> {
  const expected: AwaitedDeployment = written;
  const { deploymentId } = expected;
  try {
    const first = await inSpan('verify', { 'skipper.deployment': deploymentId }, () =>
      awaitVerdict(expected, verdictDeadline(written, context), context),
    );
    if (first.kind === 'parked' || !expected.bootstrap) return first;
    return await inSpan('collect bootstrap pod', {}, async () => {
      const end = await awaitBootstrapEnd(bootstrapDeadline(written, context), context);
      if (end.kind === 'parked') return end;
      // Beside a running FDD, the bootstrap repeats the deployment that FDD has made.
      const last = await awaitVerdict(expected, Date.now() + context.settings.progressDeadlineMs, context);
      if (last.kind === 'parked') return last;
      return { ...last, bootstrap: await collectBootstrapPod(deploymentId, context) };
    });
  } catch (error) {
    context.signal.throwIfAborted();
    if (expected.bootstrap && error instanceof SkipperError && error.errorClass === 'permanent') {
      const record = await inSpan('collect bootstrap pod', {}, () =>
        collectBootstrapPod(expected.deploymentId, context),
      );
      throw withBootstrap(error, record);
    }
    throw error;
  }
}

interface VerifiedDeployment extends Extract<Waited, { kind: 'verified' }> {
  readonly bootstrap?: BootstrapRecord | undefined;
}

function verdictDeadline({ began, stage, until }: Written, { settings, blindMs }: RunContext): number {
  if (stage === 'verdict' && until !== undefined) return until + blindMs();
  // What was verified once, and is not any more, has a whole deadline again.
  return (stage === 'bootstrap end' ? Date.now() : began) + settings.progressDeadlineMs;
}

function bootstrapDeadline({ began }: Written, { settings }: RunContext): number {
  return Math.max(began + settings.bootstrapDeadlineMs, Date.now());
}

function hasWritten(plan: DeploymentPlan): boolean {
  return plan.steps.some((step) => step.kind === 'apply-application' || step.kind === 'create-bootstrap-pod');
}

/** Adds the end of the bootstrap log to the reasons of a failure. */
function withBootstrap(error: SkipperError, record: BootstrapRecord | undefined): SkipperError {
  if (!record) return error;
  const message = withCause(error, record);
  return new SkipperError(error.code, message, {
    cause: error,
    symptoms: error.symptoms,
    details: [
      ...error.details,
      ...describeBootstrap(record),
      ...record.log
        .split('\n')
        .slice(-20)
        .map((line) => `bootstrap log: ${line}`),
    ],
  });
}

/** Adds the last error in the bootstrap log to the message. */
function withCause({ code, message }: SkipperError, { log }: BootstrapRecord): string {
  const cause = code === 'bootstrap_failed' ? errorInText(log) : undefined;
  return cause === undefined || message.includes(cause) ? message : `${message}: ${cause}`;
}

function configOf(observed: NamespaceSnapshot): NamespaceConfig {
  if (!observed.config) throw gone();
  if (!observed.config.ok) throw new SkipperError('config_error', observed.config.reason);
  if (observed.config.value.isDeleting) throw leaving();
  return observed.config.value;
}

function gone(): SkipperError {
  return new SkipperError('namespace_gone', 'the namespace, or its ConfigMap fiaas-deploy-daemon, is gone');
}

function leaving(): SkipperError {
  return new SkipperError('namespace_gone', LEAVING);
}

async function readConfig(context: RunContext): Promise<NamespaceSnapshot['config']> {
  return (await withConfig(context.cluster.snapshot(context.namespace), context)).config;
}

/**
 * What decided the request can be ahead of this worker's watch: the ConfigMap is read if the watch shows another version
 * than `wanted`, and before the namespace counts as gone.
 */
async function withConfig(
  observed: NamespaceSnapshot,
  context: RunContext,
  wanted?: string,
): Promise<NamespaceSnapshot> {
  if (observed.config && (!wanted || isOfVersion(observed.config, wanted))) return observed;
  return { ...observed, config: await readNamespaceConfig(context.client, context.namespace) };
}

/** A resourceVersion is opaque: another one can be older or newer. */
function isOfVersion(config: NamespaceConfigResult, version: string): boolean {
  return config.ok && config.value.resourceVersion === version;
}

async function readApplication({ client, namespace }: RunContext) {
  const raw = await client.get<RawApplication>(APPLICATIONS, { namespace, name: FDD });
  return raw && toObservedApplication(raw);
}

async function readQuotas({ client, namespace }: RunContext): Promise<readonly QuotaObject[]> {
  const list = await client.request<{ items: readonly QuotaObject[] }>({
    method: 'GET',
    path: pathOf(RESOURCE_QUOTAS, { namespace }),
  });
  return list.items;
}

const OUTCOMES: Record<Exclude<DeploymentPlan['action'], 'refuse'>, Outcome> = {
  create: 'created',
  update: 'updated',
  redeploy: 'redeployed',
  bootstrap: 'bootstrapped',
  verify: 'verified',
  unchanged: 'unchanged',
};
