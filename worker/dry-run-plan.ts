import { FDD, FIELD_MANAGER } from '../domain/cluster/names.ts';
import { type PlanInput, planDeployment, type Step } from '../domain/deploy/plan.ts';
import { messageOf, SkipperError, toError } from '../domain/errors.ts';
import { versionOf } from '../domain/release/image.ts';
import type { Release } from '../domain/release/release.ts';
import { KubernetesError } from '../shared/kubernetes/classify-error.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import { readNamespaceConfig } from '../shared/kubernetes/read-namespace-config.ts';
import {
  APPLICATIONS,
  PODS,
  pathOf,
  type Resource,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
} from '../shared/kubernetes/resources.ts';
import type { PlanJob } from '../shared/queues.ts';
import { readReleases } from '../shared/read-releases.ts';
import type { Plans, StoredPlan, StoredPlanTarget } from '../shared/state/plans.ts';
import type { Records } from '../shared/state/records.ts';

export interface DryRunDependencies {
  readonly client: KubernetesClient;
  readonly cluster: Pick<ClusterCache, 'snapshot'>;
  readonly state: Pick<Plans, 'plan' | 'savePlanTargets'> & Pick<Records, 'records' | 'release'>;
  readonly manageRbac: boolean;
}

/** Dry runs at the same time: they use the connections of real deploys. */
const AT_ONCE = 8;

/** Tries the namespaces of a plan in the API server's dry run, and stores what it answers. */
export async function dryRunPlan(
  { planId, namespaces }: PlanJob,
  dependencies: DryRunDependencies,
): Promise<number> {
  const { state } = dependencies;
  const plan = await state.plan(planId);
  if (plan === undefined) return 0;
  const wanted = new Set(namespaces);
  const targets = plan.targets.filter(({ namespace }) => wanted.has(namespace));
  const records = await state.records(namespaces);
  const releases = await readReleases(
    state,
    targets.flatMap(({ release }) => release ?? []),
  );
  for (let start = 0; start < targets.length; start += AT_ONCE) {
    const tried = await Promise.all(
      targets.slice(start, start + AT_ONCE).map((target) => {
        const release = releases.get(target.release ?? '');
        return tryTarget({ target, plan, release, done: records.get(target.namespace) ?? {} }, dependencies);
      }),
    );
    await state.savePlanTargets(planId, tried);
  }
  return targets.length;
}

interface Tried {
  readonly target: StoredPlanTarget;
  readonly plan: StoredPlan;
  readonly release: Release | undefined;
  readonly done: PlanInput['done'];
}

async function tryTarget(tried: Tried, dependencies: DryRunDependencies): Promise<StoredPlanTarget> {
  const { target } = tried;
  try {
    return { ...(await planAndTry(tried, dependencies)), isTried: true };
  } catch (error) {
    const { code } = error instanceof SkipperError ? error : { code: undefined };
    return { ...target, denied: messageOf(toError(error)), code, isTried: true };
  }
}

async function planAndTry(
  { target, plan, release, done }: Tried,
  dependencies: DryRunDependencies,
): Promise<Omit<StoredPlanTarget, 'isTried'>> {
  const { client, cluster, manageRbac } = dependencies;
  const { namespace } = target;
  const config = await readNamespaceConfig(client, namespace);
  if (!config) return { ...target, action: 'refuse', reason: 'the namespace, or its ConfigMap, is gone' };
  if (!config.ok) return { ...target, action: 'refuse', reason: config.reason };
  if (!release)
    throw new SkipperError('release_unknown', 'Redis has lost the release of the plan: plan again');
  const observed = { ...cluster.snapshot(namespace), config };
  const planned = planDeployment({
    config: config.value,
    release,
    rolloutId: plan.head.id,
    forceBootstrap: plan.head.forceBootstrap,
    observed,
    quotas: [],
    manageRbac,
    done,
  });
  const { image } = observed.deployment ?? {};
  const from = image === undefined ? '' : versionOf(image);
  for (const step of planned.steps) await tryStep(step, namespace, client);
  return { ...target, action: planned.action, reason: planned.reason, from };
}

/** Throws what the API server refuses. */
async function tryStep(step: Step, namespace: string, client: DryRunDependencies['client']): Promise<void> {
  if (step.kind === 'apply-rbac') {
    const { serviceAccount, role, roleBinding } = step.objects;
    await tryApply(client, SERVICE_ACCOUNTS, namespace, serviceAccount);
    await tryApply(client, ROLES, namespace, role);
    await tryApply(client, ROLE_BINDINGS, namespace, roleBinding);
  }
  if (step.kind === 'apply-application') await tryApply(client, APPLICATIONS, namespace, step.manifest);
  if (step.kind === 'create-bootstrap-pod') await tryCreate(client, namespace, step.manifest);
}

async function tryApply(
  client: DryRunDependencies['client'],
  resource: Resource,
  namespace: string,
  body: unknown,
): Promise<void> {
  await client.request({
    method: 'PATCH',
    patchType: 'apply',
    path: pathOf(resource, { namespace, name: FDD }),
    query: { fieldManager: FIELD_MANAGER, force: true, dryRun: 'All' },
    body,
    retryForbidden: false,
  });
}

/** A pod that exists is replaced by a deploy: what the API server thinks of the new one, its dry run cannot say. */
async function tryCreate(
  client: DryRunDependencies['client'],
  namespace: string,
  body: unknown,
): Promise<void> {
  try {
    await client.request({
      method: 'POST',
      path: pathOf(PODS, { namespace }),
      query: { fieldManager: FIELD_MANAGER, dryRun: 'All' },
      body,
      retryForbidden: false,
    });
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.httpStatus !== 409) throw error;
  }
}
