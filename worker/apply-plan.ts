import isEqual from 'fast-deep-equal';
import { BOOTSTRAP_POD, CONFIG_DIGEST_ANNOTATION, FDD, FIELD_MANAGER } from '../domain/cluster/names.ts';
import type { ObservedApplication } from '../domain/cluster/observed.ts';
import { hasSurplusConfig } from '../domain/deploy/application.ts';
import type { DeploymentPlan, Step } from '../domain/deploy/plan.ts';
import { SkipperError } from '../domain/errors.ts';
import { describeStep } from '../domain/explain/describe-step.ts';
import { KubernetesError } from '../shared/kubernetes/classify-error.ts';
import {
  APPLICATIONS,
  PODS,
  pathOf,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
} from '../shared/kubernetes/resources.ts';
import {
  type RawApplication,
  type RawPod,
  toObservedApplication,
  toObservedPod,
} from '../shared/kubernetes/to-observed.ts';
import { inSpan } from '../shared/telemetry/spans.ts';
import { deleteBootstrapPod } from './delete-bootstrap-pod.ts';
import type { RunContext } from './run-context.ts';

type StepOf<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/** Performs the writing steps of a plan, in order; repeating a step is safe. Returns the Application if it wrote it. */
export async function applyPlan(
  plan: DeploymentPlan,
  context: RunContext,
): Promise<ObservedApplication | undefined> {
  let written: ObservedApplication | undefined;
  for (const step of plan.steps) {
    context.assertOurs();
    context.step(step.kind, describeStep(step));
    // Verification comes after all writes.
    if (step.kind === 'apply-application') {
      written = await inSpan(step.kind, {}, () => applyApplication(step, context));
    } else if (step.kind !== 'verify') {
      await inSpan(step.kind, {}, () => applyStep(step, context));
    }
  }
  return written;
}

async function applyStep(
  step: Exclude<Step, { kind: 'verify' | 'apply-application' }>,
  context: RunContext,
): Promise<void> {
  switch (step.kind) {
    case 'apply-rbac':
      return applyRbac(step, context);
    case 'adopt-bootstrap-pod':
      return context.remember({ bootstrappedId: step.deploymentId });
    case 'delete-bootstrap-pod':
      return deleteBootstrapPod(context);
    case 'create-bootstrap-pod':
      return createBootstrapPod(step, context);
    case 'restart-fdd':
      return restartFdd(step, context);
  }
}

async function applyRbac(step: StepOf<'apply-rbac'>, context: RunContext): Promise<void> {
  const { client, namespace } = context;
  const ref = { namespace, name: FDD };
  await client.apply(SERVICE_ACCOUNTS, ref, step.objects.serviceAccount);
  await client.apply(ROLES, ref, step.objects.role);
  await applyRoleBinding(step.objects.roleBinding, context);
  await context.remember({ rbacVersion: step.version });
}

/** A RoleBinding's roleRef is immutable: a RoleBinding with another one must be recreated. */
async function applyRoleBinding(manifest: unknown, { client, namespace }: RunContext): Promise<void> {
  const ref = { namespace, name: FDD };
  try {
    await client.apply(ROLE_BINDINGS, ref, manifest);
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.httpStatus !== 422) throw error;
    await client.delete(ROLE_BINDINGS, ref);
    await client.apply(ROLE_BINDINGS, ref, manifest);
  }
}

async function applyApplication(
  step: StepOf<'apply-application'>,
  context: RunContext,
): Promise<ObservedApplication> {
  const { client, namespace, metrics } = context;
  const ref = { namespace, name: FDD };
  const { metadata, spec } = step.manifest;
  const { labels } = metadata;
  const annotations = { [CONFIG_DIGEST_ANNOTATION]: null, ...metadata.annotations };
  const { resourceVersion } = step;
  const stored =
    step.configPatch === undefined
      ? await client.apply<RawApplication>(APPLICATIONS, ref, {
          ...step.manifest,
          metadata: resourceVersion === undefined ? metadata : { ...metadata, resourceVersion },
        })
      : await client.request<RawApplication>({
          method: 'PATCH',
          patchType: 'merge',
          path: pathOf(APPLICATIONS, ref),
          query: { fieldManager: FIELD_MANAGER },
          body: {
            metadata: { labels, annotations, resourceVersion },
            spec: { ...spec, config: step.configPatch },
          },
        });
  metrics.deploymentsTriggered.inc();
  metrics.lastTriggeredDeployment.set(Date.now() / 1000);
  await context.remember({ appliedAt: Date.now() });
  const { config } = stored.spec ?? {};
  // A merge patch cannot write a nested null; the next plan applies it instead, because no field is surplus then.
  const isRight = step.configPatch ? isEqual(config, spec.config) : !hasSurplusConfig(config, spec.config);
  if (!isRight) throw new SkipperError('conflict', 'the stored config differs from the wanted one');
  return toObservedApplication(stored);
}

/** A Deployment's controller replaces the pods that are deleted, under other names. */
async function restartFdd({ pods }: StepOf<'restart-fdd'>, context: RunContext): Promise<void> {
  const { client, namespace } = context;
  for (const name of pods) {
    context.assertOurs();
    await client.delete(PODS, { namespace, name });
  }
  await context.remember({ appliedAt: Date.now() });
}

async function createBootstrapPod(step: StepOf<'create-bootstrap-pod'>, context: RunContext): Promise<void> {
  const { client, namespace, metrics } = context;
  try {
    await client.create(PODS, namespace, step.manifest);
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.httpStatus !== 409) throw error;
    await replaceForeignPod(step, context);
  }
  metrics.bootstrapsTriggered.inc();
  await context.remember({ bootstrappedId: step.deploymentId });
}

/** A pod with this name exists although the watch does not show it: ours, from a run that died, or an older one. */
async function replaceForeignPod(step: StepOf<'create-bootstrap-pod'>, context: RunContext): Promise<void> {
  const { client, namespace } = context;
  const raw = await client.get<RawPod>(PODS, { namespace, name: BOOTSTRAP_POD });
  if (raw && toObservedPod(raw).startedFor === step.deploymentId && !toObservedPod(raw).deleting) return;
  await deleteBootstrapPod(context);
  await client.create(PODS, namespace, step.manifest);
}
