import type { Parking } from '../domain/deploy/parking.ts';
import type { DeploymentPlan, Step } from '../domain/deploy/plan.ts';
import { SkipperError } from '../domain/errors.ts';
import { bootstrapWarnings } from '../domain/explain/describe-bootstrap.ts';
import type { BootstrapRecord } from '../domain/rollout/attempt.ts';
import type { RunPhase } from '../domain/rollout/phase.ts';
import type { Outcome } from '../domain/rollout/rollout.ts';
import type { Run } from '../shared/state/runs.ts';
import { blindSpot, blindSpotError } from './blind-spot.ts';
import { planAndApply } from './plan-and-apply.ts';
import type { RunContext } from './run-context.ts';
import { verifyDeployment, type Written } from './verify-deployment.ts';
import { whyGone } from './why-gone.ts';

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

function hasWritten(plan: DeploymentPlan): boolean {
  return plan.steps.some(({ kind }) => WRITES.has(kind));
}

const WRITES: ReadonlySet<Step['kind']> = new Set([
  'apply-application',
  'create-bootstrap-pod',
  'restart-fdd',
]);

const OUTCOMES: Record<Exclude<DeploymentPlan['action'], 'refuse'>, Outcome> = {
  create: 'created',
  update: 'updated',
  redeploy: 'redeployed',
  restart: 'restarted',
  bootstrap: 'bootstrapped',
  verify: 'verified',
  unchanged: 'unchanged',
};
