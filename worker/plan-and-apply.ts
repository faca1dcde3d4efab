import { FDD } from '../domain/cluster/names.ts';
import type { NamespaceConfig } from '../domain/cluster/namespace-config.ts';
import { type NamespaceSnapshot, type ObservedApplication, reportOn } from '../domain/cluster/observed.ts';
import type { QuotaObject } from '../domain/deploy/bootstrap-pod.ts';
import { type DeploymentPlan, needsBootstrap, planDeployment } from '../domain/deploy/plan.ts';
import { messageOf, SkipperError } from '../domain/errors.ts';
import { describeStep } from '../domain/explain/describe-step.ts';
import { APPLICATIONS, pathOf, RESOURCE_QUOTAS } from '../shared/kubernetes/resources.ts';
import { type RawApplication, toObservedApplication } from '../shared/kubernetes/to-observed.ts';
import type { Run } from '../shared/state/runs.ts';
import { inSpan } from '../shared/telemetry/spans.ts';
import { applyPlan } from './apply-plan.ts';
import { configOf, withConfig } from './read-config.ts';
import { readDeployment } from './read-deployment.ts';
import { readRbacProblem } from './read-rbac-problem.ts';
import type { RunContext } from './run-context.ts';

/** Others (kubectl, FDD itself) can write the Application between our read and our write. */
const CONFLICT_RETRIES = 4;

export interface Applied {
  readonly plan: DeploymentPlan;
  readonly config: NamespaceConfig;
  /** The Application that the plan wrote, or was made from. */
  readonly application: ObservedApplication | undefined;
}

/** Plans a namespace and performs the plan's writes; plans again if the cluster has changed in between. */
export async function planAndApply(run: Run, context: RunContext): Promise<Applied> {
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
    origin: { rolloutId: run.rolloutId, generation: run.generation, release: run.releaseKey },
    forceBootstrap: run.forceBootstrap,
    repair: run.repair,
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
  const isRepeated =
    run.bootstrappedId !== undefined && run.bootstrappedId === seen.application?.deploymentId;
  // A bootstrap beside a running FDD strips its settings: a watch that shows no FDD is not enough.
  const isInDoubt = bootstraps ? !seen.deployment || !run.forceBootstrap || isRepeated : looksChanged(seen);
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
