import { DEPLOYMENT_ID_LABEL } from '../../domain/cluster/names.ts';
import { applicationManifest } from '../../domain/deploy/application.ts';
import type { Step } from '../../domain/deploy/plan.ts';
import { messageOf } from '../../domain/errors.ts';
import { describeStep } from '../../domain/explain/describe-step.ts';
import type {
  FddReport,
  NamespaceObjects,
  PlannedDeploy,
  WantedDiff,
} from '../../domain/explain/namespace-details.ts';
import { APPLICATION_STATUSES, APPLICATIONS } from '../../shared/kubernetes/resources.ts';
import type { Channel } from '../../shared/releases/release-source.ts';
import type { RouteServices } from '../route.ts';
import { diffApplications } from './diff-application.ts';
import { type LiveObject, type Reading, readObjects, showObjects } from './read-objects.ts';

/** The deployment id of the next write does not exist yet. */
const NEW_ID = '(new id)';

/** The sources of a namespace's objects, and of what a deploy would write. */
export type ObjectSources = Pick<RouteServices, 'cluster' | 'client' | 'releases' | 'service'>;

/** Reads the namespace's objects, and compares them with what a deploy would write now. */
export async function readNamespaceObjects(
  { cluster, client, releases, service }: ObjectSources,
  namespace: string,
): Promise<NamespaceObjects> {
  const { config } = cluster.snapshot(namespace);
  const configMap = config?.ok ? config.value.configMap : undefined;
  const tag = config?.ok ? config.value.tag : undefined;
  const [readings, channel, planned] = await Promise.all([
    readObjects(client, namespace, configMap),
    tag === undefined ? undefined : releases.resolve([tag]).then((channels) => channels.get(tag)),
    planOf(service, namespace),
  ]);
  return {
    namespace,
    readAt: Date.now(),
    objects: showObjects(readings),
    reports: reportsIn(readings),
    plan: planned.details,
    diff: diffOf(namespace, readings, channel, planned),
  };
}

interface Planned {
  readonly details: PlannedDeploy;
  readonly writes: boolean;
}

/** Returns the reason, instead of throwing, if a plan is not possible without releases or cluster. */
async function planOf(service: RouteServices['service'], namespace: string): Promise<Planned> {
  try {
    const targets = await service.plan({ namespaces: [namespace], forceBootstrap: false });
    const plan = targets.find((target) => target.namespace === namespace);
    if (!plan) return { details: { reason: 'no plan for this namespace', steps: [] }, writes: false };
    const { action, reason, version, steps } = plan;
    const writes = steps.some(isWrite);
    return { details: { action, reason, version, steps: steps.map(stepOf(writes)) }, writes };
  } catch (error) {
    return { details: { reason: messageOf(error), steps: [] }, writes: false };
  }
}

/** What a plan verifies after a write has a new id with every reading. */
function stepOf(writes: boolean): (step: Step) => string {
  return (step) => describeStep(writes && step.kind === 'verify' ? { ...step, deploymentId: NEW_ID } : step);
}

function isWrite(step: Step): boolean {
  return step.kind === 'apply-application';
}

function diffOf(
  namespace: string,
  readings: readonly Reading[],
  channel: Channel | undefined,
  { writes }: Planned,
): WantedDiff {
  const none = (problem: string): WantedDiff => ({ problem, isEqual: false, hunks: [] });
  const release = channel?.release;
  if (!release) return none(channel?.problem?.message ?? 'the ConfigMap does not name a release');
  const reading = readings.find(({ resource }) => resource === APPLICATIONS);
  if (reading?.problem !== undefined) return none(reading.problem);
  const actual = reading?.items[0];
  const id = actual?.metadata.labels?.[DEPLOYMENT_ID_LABEL];
  const wanted = applicationManifest({ namespace }, release, {
    deploymentId: writes || id === undefined ? NEW_ID : id,
  });
  return diffApplications(actual, wanted);
}

function reportsIn(readings: readonly Reading[]): FddReport[] {
  const statuses = readings.find(({ resource }) => resource === APPLICATION_STATUSES)?.items ?? [];
  return statuses.map((item: LiveObject) => ({
    name: item.metadata.name,
    deploymentId: item.metadata.labels?.[DEPLOYMENT_ID_LABEL],
    result: typeof item.result === 'string' ? item.result : '',
    logs: Array.isArray(item.logs) ? item.logs.map(String) : [],
  }));
}
