import { randomUUID } from 'node:crypto';
import type { Diagnosis } from '../../domain/cluster/diagnose.ts';
import { BOOTSTRAP_POD } from '../../domain/cluster/names.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import {
  APPLICATIONS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  PODS,
  pathOf,
  RESOURCE_QUOTAS,
  type Resource,
} from '../../shared/kubernetes/resources.ts';
import type { Fault } from '../../simulator/fdd/misbehaviour.ts';
import { type ApiError, failure } from '../../simulator/kubernetes-api/api-error.ts';
import {
  isObject,
  type KubernetesObject,
  listAt,
  objectAt,
} from '../../simulator/kubernetes-api/api-object.ts';
import type { AdmissionRules } from './admission-rules.ts';
import type { Edit } from './follow-remedy.ts';
import { FDD, NEW, OLD } from './published.ts';
import type { World } from './simulated-world.ts';
import { until } from './until.ts';
import type { NamespaceOptions } from './world-namespaces.ts';

/** A namespace of a scenario, and what its cluster refuses. */
export interface Stage {
  readonly world: World;
  readonly rules: AdmissionRules;
  readonly namespace: string;
}

/** How a remedy comes to be shown, and what somebody does who follows it. */
export interface RemedyScenario {
  readonly follows: ErrorCode | Diagnosis;
  readonly options?: NamespaceOptions;
  readonly breaks: (stage: Stage) => unknown;
  /** False: nobody deploys before the remedy is read. */
  readonly isDeployed?: boolean;
  /** Once the deploy runs. */
  readonly during?: (stage: Stage) => unknown;
  /** What the page shows. */
  readonly headline: RegExp;
  /** The remedy is read while Skipper still works. */
  readonly isBusy?: boolean;
  readonly edits?: (stage: Stage) => readonly Edit[];
  readonly isTrue?: RegExp;
  readonly takesOther?: boolean;
}

const BASE = 'https://fiaas.github.io/releases';
const OWN_SPEC = (resources: string) => `version: 3
replicas:
  maximum: 1
  minimum: 1
resources:
${resources}
ports:
  - target_port: 5000
`;
const SMALL = '  requests:\n    memory: 64Mi';
const USUAL = '  requests:\n    memory: 128Mi';
const LIMITED = '  requests:\n    memory: 64Mi\n  limits:\n    memory: 512Mi';

/** The way out of a release that crashes: the tag of one that worked. */
const RELEASE_IS_BROKEN: Pick<RemedyScenario, 'isTrue' | 'edits'> = {
  isTrue: /^If the release is broken/,
  edits: (stage) => [{ when: /set data\.tag to one that worked/, does: () => setData(stage, { tag: OLD }) }],
};

export const REMEDY_SCENARIOS: Readonly<Record<string, RemedyScenario>> = {
  config_error: {
    follows: 'config_error',
    options: { clusterConfig: '- a list' },
    breaks: nothing,
    isDeployed: false,
    headline: /ConfigMap of this namespace is invalid/,
    edits: (stage) => [
      { when: /^Correct data/, does: () => setData(stage, { 'cluster_config.yaml': '{}' }) },
    ],
  },
  forbidden: {
    follows: 'forbidden',
    breaks: (stage) =>
      refuse(stage, 'Application', {
        code: 403,
        message: `applications is forbidden: User "skipper" cannot patch resource "applications" in API group "fiaas.schibsted.io" in the namespace "${stage.namespace}"`,
      }),
    headline: /Skipper lacks a permission/,
    edits: (stage) => [{ when: /^Grant skipper the verb patch/, does: () => allow(stage) }],
  },
  'forbidden-by-a-policy': {
    follows: 'forbidden',
    breaks: (stage) =>
      refuse(stage, 'Application', {
        code: 403,
        message: 'admission webhook "policy.example.com" denied the request: not on a Friday',
      }),
    headline: /The API server forbids a request/,
    edits: (stage) => [{ when: /^Change the admission policy/, does: () => allow(stage) }],
  },
  quota_exceeded: {
    follows: 'quota_exceeded',
    breaks: (stage) => setQuota(stage, '0'),
    headline: /exceeds a resource quota/,
    edits: (stage) => [{ when: /^Raise ResourceQuota few/, does: () => setQuota(stage, '5') }],
  },
  'quota-exceeded-for-pods-of-fdd': {
    follows: 'quota-exceeded',
    options: { fdd: NEW },
    breaks: async (stage) => {
      await setQuota(stage, '0');
      await killFdd(stage);
    },
    isDeployed: false,
    headline: /exceeds a resource quota/,
    edits: (stage) => [{ when: /^Raise ResourceQuota few/, does: () => setQuota(stage, '5') }],
  },
  limits_missing: {
    follows: 'limits_missing',
    options: { tag: 'no-limits' },
    breaks: (stage) => {
      publish(stage, 'no-limits', USUAL);
      refusePods(
        stage,
        ({ limits }) => limits.memory === undefined,
        'failed quota: q: must specify limits.memory for: x',
      );
    },
    headline: /wants the pod to specify resources/,
    edits: (stage) => [
      {
        when: /^Publish a release whose fiaas\.yml sets resources \(limits\.memory\)/,
        does: () => publish(stage, 'no-limits', LIMITED),
      },
    ],
  },
  limit_range: {
    follows: 'limit_range',
    breaks: (stage) => refusePods(stage, () => true, TOO_MUCH),
    headline: /outside a LimitRange/,
    edits: (stage) => [{ when: /^Change the LimitRange/, does: () => allow(stage) }],
  },
  'limit_range-or-resources': {
    follows: 'limit-range',
    options: { tag: 'large' },
    breaks: (stage) => {
      publish(stage, 'large', USUAL);
      refusePods(stage, ({ requests }) => requests.memory === '128Mi', TOO_MUCH);
    },
    headline: /outside a LimitRange/,
    takesOther: true,
    edits: (stage) => [{ when: /^Or publish a release/, does: () => publish(stage, 'large', SMALL) }],
  },
  pod_rejected: {
    follows: 'pod_rejected',
    breaks: ({ rules, namespace }) =>
      rules.set(namespace, ({ kind }) =>
        kind === 'Pod' && rules.labels(namespace)['pod-security.kubernetes.io/enforce'] !== 'baseline'
          ? refusal({ code: 403, message: 'pods "x" is forbidden: violates PodSecurity "restricted:latest"' })
          : undefined,
      ),
    headline: /Pod Security level rejects the pod/,
  },
  invalid_object: {
    follows: 'invalid_object',
    options: { tag: 'misspelled' },
    breaks: (stage) => {
      publish(stage, 'misspelled', `${USUAL}\nbogus: true`);
      stage.rules.set(stage.namespace, ({ kind, spec }) =>
        kind === 'Application' && objectAt(spec, 'config').bogus !== undefined
          ? refusal({ code: 422, message: 'Application is invalid: spec.config.bogus: Forbidden' })
          : undefined,
      );
    },
    headline: /rejected an object as invalid/,
    isTrue: /^If it is part of the release’s fiaas\.yml/,
    edits: (stage) => [
      { when: /publish a corrected release/, does: () => publish(stage, 'misspelled', USUAL) },
    ],
  },
  crd_missing: {
    follows: 'crd_missing',
    breaks: (stage) =>
      refuse(stage, 'Application', {
        code: 404,
        message: 'the server could not find the requested resource',
      }),
    headline: /CustomResourceDefinitions are not installed/,
    edits: (stage) => [{ when: /^Start a worker without --disable-crd-creation/, does: () => allow(stage) }],
  },
  invalid_release: {
    follows: 'invalid_release',
    options: { tag: 'garbled' },
    breaks: ({ world }) => {
      world.channel.publish('garbled', NEW);
      world.channel.faults.set('/fiaas-deploy-daemon/garbled.json', { kind: 'invalid-json' });
    },
    headline: /has published an invalid release/,
    edits: ({ world }) => [
      {
        when: /^Correct the channel's metadata/,
        does: () => world.channel.faults.clear('/fiaas-deploy-daemon/garbled.json'),
      },
    ],
  },
  fdd_failed: {
    follows: 'fdd_failed',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'failed', lines: ['no such port'] }),
    headline: /reported FAILED/,
    edits: (stage) => [{ when: /^Fix the error in FDD's log/, does: () => behave(stage) }],
  },
  'fdd_failed-without-a-permission': {
    follows: 'fdd_failed',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'failed', lines: ['403 Forbidden: ingresses'] }),
    headline: /FDD lacks a permission/,
    edits: (stage) => [{ when: /^Grant it to the service account/, does: () => behave(stage) }],
  },
  fdd_unconfigured: {
    follows: 'fdd_unconfigured',
    breaks: ({ rules, namespace }) => rules.set(namespace, withoutMounts),
    headline: /FDD runs, but without the configuration of its namespace/,
    edits: (stage) => [{ when: /^Find out what removes the mount/, does: () => allow(stage) }],
  },
  'fdd_unconfigured-by-a-webhook': {
    follows: 'fdd_unconfigured',
    breaks: ({ rules, namespace }) => rules.set(namespace, withoutMounts),
    headline: /FDD runs, but without the configuration of its namespace/,
    edits: (stage) => [{ when: /^A mutating webhook/, does: () => allow(stage) }],
  },
  fdd_cannot_run: {
    follows: 'fdd_cannot_run',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'crash-loop', exitCode: 3 }, NEW),
    headline: new RegExp(`FDD ${NEW} is crash-looping`),
    ...RELEASE_IS_BROKEN,
  },
  'crash-loop': {
    follows: 'crash-loop',
    options: { fdd: NEW },
    breaks: async (stage) => {
      misbehave(stage, { kind: 'crash-loop', exitCode: 3 }, NEW);
    },
    isDeployed: false,
    headline: new RegExp(`FDD ${NEW} is crash-looping`),
    ...RELEASE_IS_BROKEN,
  },
  'image-not-pulled': {
    follows: 'image-not-pulled',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'image-pull-failure' }, NEW),
    headline: new RegExp(`image of FDD ${NEW} cannot be pulled`),
    edits: (stage) => [{ when: /^Check that the image exists/, does: () => behave(stage) }],
  },
  'image-not-pulled-or-another': {
    follows: 'image-not-pulled',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'image-pull-failure' }, NEW),
    headline: new RegExp(`image of FDD ${NEW} cannot be pulled`),
    takesOther: true,
    edits: (stage) => [
      { when: /^Check that the image exists/, does: nothing },
      { when: /^Or set data\.tag/, does: () => setData(stage, { tag: OLD }) },
    ],
  },
  'image-not-pulled-to-bootstrap': {
    follows: 'image-not-pulled',
    breaks: (stage) => misbehave(stage, { kind: 'image-pull-failure' }),
    headline: new RegExp(`image of FDD ${NEW} cannot be pulled`),
    edits: (stage) => [{ when: /^Check that the image exists/, does: () => behave(stage) }],
  },
  'container-not-created': {
    follows: 'container-not-created',
    options: { fdd: OLD },
    breaks: (stage) =>
      misbehave(stage, { kind: 'container-config-error', message: 'secret "x" not found' }, NEW),
    headline: /refers to something that does not exist/,
    isTrue: /^Once it is ready/,
    edits: (stage) => [
      { when: /^Create what the message names/, does: () => behave(stage) },
      { when: /^Once it is ready/, does: () => isReady(stage) },
    ],
  },
  'not-scheduled': {
    follows: 'not-scheduled',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'unschedulable' }, NEW),
    headline: /^FDD’s pod cannot be scheduled/,
    isTrue: /^Once it is ready/,
    edits: (stage) => [
      { when: /^Free resources/, does: () => behave(stage) },
      { when: /^Once it is ready/, does: () => isReady(stage) },
    ],
  },
  'not-scheduled-to-bootstrap': {
    follows: 'not-scheduled',
    breaks: (stage) => misbehave(stage, { kind: 'unschedulable' }),
    headline: /^The bootstrap pod cannot be scheduled/,
    edits: (stage) => [{ when: /^Free resources/, does: () => behave(stage) }],
  },
  'container-not-created-to-bootstrap': {
    follows: 'container-not-created',
    breaks: (stage) => misbehave(stage, { kind: 'container-config-error', message: 'secret "x" not found' }),
    headline: /^The container of the bootstrap pod cannot be created/,
    edits: (stage) => [{ when: /^Create what the message names/, does: () => behave(stage) }],
  },
  'out-of-memory': {
    follows: 'out-of-memory',
    options: { fdd: OLD, tag: 'hungry' },
    breaks: (stage) => {
      publish(stage, 'hungry', SMALL);
      misbehave(stage, { kind: 'crash-loop', exitCode: 137, reason: 'OOMKilled' }, NEW);
    },
    headline: new RegExp(`FDD ${NEW} is OOM-killed`),
    edits: (stage) => [
      {
        when: /^Publish a release whose fiaas\.yml has a higher resources\.limits\.memory/,
        does: () => {
          publish(stage, 'hungry', LIMITED);
          behave(stage);
        },
      },
    ],
  },
  bootstrap_failed: {
    follows: 'bootstrap_failed',
    breaks: (stage) => misbehave(stage, { kind: 'bootstrap-exits', exitCode: 0 }),
    headline: /bootstrap pod ended without deploying FDD/,
    edits: (stage) => [{ when: /^Check its log and exit code/, does: () => behave(stage) }],
  },
  'bootstrap-failed-with-an-exit-code': {
    follows: 'bootstrap-failed',
    breaks: (stage) => misbehave(stage, { kind: 'bootstrap-exits', exitCode: 1, lines: ['no rights'] }),
    headline: /bootstrap pod ended without deploying FDD/,
    edits: (stage) => [{ when: /^Check its log and exit code/, does: () => behave(stage) }],
  },
  progress_deadline: {
    follows: 'progress_deadline',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'hang' }),
    headline: /did not become ready with this deployment before the deadline/,
    isTrue: /^If it is only slow, deploy again/,
    edits: (stage) => [{ when: /^If it is only slow/, does: () => behave(stage) }],
  },
  'progress_deadline-and-not-picked-up': {
    follows: 'progress_deadline',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'hang' }, OLD),
    headline: /did not become ready with this deployment before the deadline/,
    isTrue: /^If FDD is not running, or runs and has not picked up the deployment/,
  },
  helm_managed: {
    follows: 'helm_managed',
    options: { fdd: OLD },
    breaks: (stage) =>
      change(stage, DEPLOYMENTS, {
        metadata: { labels: { heritage: 'Helm' }, annotations: { 'meta.helm.sh/release-name': 'fdd' } },
      }),
    isDeployed: false,
    headline: /managed by Helm/,
    isTrue: /^If it is still shown as managed by Helm/,
    edits: () => [{ when: /^Upgrade it there/, does: nothing }],
  },
  not_found: {
    follows: 'not_found',
    breaks: (stage) =>
      refuse(stage, 'Pod', {
        code: 404,
        message: 'priorityclasses "x" not found',
        details: { name: 'x', kind: 'priorityclasses' },
      }),
    headline: /Something that the deploy needs does not exist/,
    edits: (stage) => [{ when: /^Create what the message names/, does: () => allow(stage) }],
  },
  conflict: {
    follows: 'conflict',
    options: { fdd: OLD },
    breaks: (stage) => refuse(stage, 'Application', { code: 409, reason: 'Conflict', message: 'conflict' }),
    isBusy: true,
    headline: /Another client keeps changing the Application/,
    edits: (stage) => [{ when: /^Stop it/, does: () => allow(stage) }],
  },
  unauthorized: {
    follows: 'unauthorized',
    breaks: (stage) => refuse(stage, 'Application', { code: 401, message: 'Unauthorized' }),
    isBusy: true,
    headline: /does not accept Skipper’s credentials/,
    edits: (stage) => [{ when: /^Renew the token/, does: () => allow(stage) }],
  },
  rate_limited: {
    follows: 'rate_limited',
    breaks: (stage) => refuse(stage, 'Application', { code: 429, message: 'too many requests' }),
    isBusy: true,
    headline: /is rate limiting Skipper/,
    edits: (stage) => [{ when: /^Nothing to do: Skipper retries/, does: () => allow(stage) }],
  },
  cluster_unavailable: {
    follows: 'cluster_unavailable',
    breaks: (stage) => refuse(stage, 'Application', { code: 500, message: 'etcd is not ready' }),
    isBusy: true,
    headline: /API server is unreachable or returns errors/,
    edits: (stage) => [{ when: /^Check the API server’s health/, does: () => allow(stage) }],
  },
  webhook_failed: {
    follows: 'webhook_failed',
    breaks: (stage) =>
      refuse(stage, 'Application', {
        code: 500,
        message:
          'Internal error occurred: failed calling webhook "policy.example.com": context deadline exceeded',
      }),
    isBusy: true,
    headline: /^.*Admission webhook policy\.example\.com does not answer/,
    edits: (stage) => [{ when: /^Repair the webhook’s service/, does: () => allow(stage) }],
  },
  release_source_unavailable: {
    follows: 'release_source_unavailable',
    options: { tag: 'unreachable' },
    breaks: ({ world }) => {
      world.channel.publish('unreachable', NEW);
      world.channel.faults.set('/fiaas-deploy-daemon/unreachable.json', { kind: 'status', status: 503 });
    },
    headline: /Release channel "unreachable" is unreachable/,
    isTrue: /^If a deploy was refused/,
    edits: ({ world }) => [
      {
        when: /^Check the release server/,
        does: () => world.channel.faults.clear('/fiaas-deploy-daemon/unreachable.json'),
      },
    ],
  },
  release_unknown: {
    follows: 'release_unknown',
    options: { tag: 'nowhere' },
    breaks: nothing,
    headline: /Release "nowhere" does not exist/,
    edits: (stage) => [
      { when: /^Set data\.tag to a published/, does: () => setData(stage, { tag: 'stable' }) },
    ],
  },
  application_deleting: heldInDeletion(
    'application_deleting',
    APPLICATIONS,
    /Application is being deleted, and a finalizer holds it/,
  ),
  deployment_deleting: heldInDeletion(
    'deployment_deleting',
    DEPLOYMENTS,
    /Deployment is being deleted, and a finalizer holds it/,
  ),
  changed_by_others: {
    follows: 'changed_by_others',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'hang' }),
    during: (stage) => change(stage, APPLICATIONS, { spec: { image: `fiaas/${FDD}:${OLD}` } }),
    isBusy: true,
    headline: /Another client changed the objects of a deploy/,
    edits: (stage) => [{ when: /^Nothing to do if it happened once/, does: () => behave(stage) }],
  },
  fdd_lost: {
    follows: 'fdd_lost',
    options: { fdd: OLD },
    breaks: (stage) => misbehave(stage, { kind: 'hang' }, OLD),
    during: async (stage) => {
      misbehave(stage, { kind: 'crash-loop' }, OLD);
      misbehave(stage, { kind: 'slow-start', ms: 1_500 }, NEW);
      await killFdd(stage);
    },
    isBusy: true,
    headline: /FDD that should have taken the deployment up no longer runs|is crash-looping/,
  },
  'bootstrap_pod_stuck-by-a-finalizer': {
    follows: 'bootstrap_pod_stuck',
    breaks: (stage) => addBootstrapPod(stage, { finalizers: ['example.com/hold'] }),
    isBusy: true,
    headline: /old bootstrap pod is stuck in deletion/,
    isTrue: /^If the owner of a finalizer no longer exists/,
  },
  'bootstrap_pod_stuck-on-a-lost-node': {
    follows: 'bootstrap_pod_stuck',
    breaks: (stage) => addBootstrapPod(stage, { nodeName: 'lost-node' }),
    isBusy: true,
    headline: /old bootstrap pod is stuck in deletion/,
    isTrue: /^If its node no longer exists/,
  },
  'scaled-to-0': {
    follows: 'scaled-to-0',
    options: { fdd: NEW },
    breaks: (stage) => change(stage, DEPLOYMENTS, { spec: { replicas: 0 } }),
    isDeployed: false,
    headline: /switched off: its Deployment was scaled to 0/,
  },
  'scaled-to-0-or-start-it': {
    follows: 'scaled-to-0',
    options: { fdd: NEW },
    breaks: (stage) => change(stage, DEPLOYMENTS, { spec: { replicas: 0 } }),
    isDeployed: false,
    headline: /switched off: its Deployment was scaled to 0/,
    takesOther: true,
  },
  paused: {
    follows: 'paused',
    options: { fdd: NEW },
    breaks: (stage) => change(stage, DEPLOYMENTS, { spec: { paused: true } }),
    isDeployed: false,
    headline: /Deployment is paused/,
  },
  'paused-or-resume-it': {
    follows: 'paused',
    options: { fdd: NEW },
    breaks: (stage) => change(stage, DEPLOYMENTS, { spec: { paused: true } }),
    isDeployed: false,
    headline: /Deployment is paused/,
    takesOther: true,
  },
};

/** Without Redis, no page and no API shows a remedy: the API answers with this code, and the guide has its remedy. */
export const WITHOUT_REDIS: Pick<RemedyScenario, 'breaks' | 'edits'> & { readonly follows: ErrorCode } = {
  follows: 'redis_unavailable',
  breaks: ({ world }) => world.redis.stop(),
  edits: ({ world }) => [
    {
      when: /^Check Redis, and \/readyz/,
      does: async () => {
        const { status, body } = await world.http('/readyz');
        if (status !== 503 || !/Redis/.test(String(body.problems)))
          throw new Error('/readyz does not name Redis');
        await world.redis.start();
      },
    },
  ],
};

/** Remedies without a scenario: nothing has to be done, or the advice is that of another one. */
export const NOT_FOLLOWED: Readonly<Partial<Record<ErrorCode | Diagnosis, 'nothing to do' | ErrorCode>>> = {
  superseded_worker: 'nothing to do',
  shutting_down: 'nothing to do',
  namespace_gone: 'nothing to do',
  repair_outdated: 'nothing to do',
  'limits-missing': 'limits_missing',
  'pod-rejected': 'pod_rejected',
  'webhook-failed': 'webhook_failed',
  'application-deleting': 'application_deleting',
  'deployment-deleting': 'deployment_deleting',
};

const TOO_MUCH = 'pods "x" is forbidden: maximum memory usage per Container is 100Mi, but request is 128Mi';

function nothing(): void {
  // Nothing breaks, or nothing has to be done.
}

function refusal(answer: Parameters<typeof failure>[0]): ApiError {
  return failure({ details: {}, ...answer });
}

function refuse({ rules, namespace }: Stage, kind: string, answer: Parameters<typeof failure>[0]): void {
  rules.set(namespace, (object) => (object.kind === kind ? refusal(answer) : undefined));
}

interface Resources {
  readonly requests: Readonly<Record<string, unknown>>;
  readonly limits: Readonly<Record<string, unknown>>;
}

function refusePods(
  { rules, namespace }: Stage,
  isRefused: (resources: Resources) => boolean,
  message: string,
): void {
  rules.set(namespace, ({ kind, spec }) => {
    if (kind !== 'Pod') return undefined;
    const [container] = listAt(spec, 'containers');
    const resources = objectAt(container, 'resources');
    const seen = { requests: objectAt(resources, 'requests'), limits: objectAt(resources, 'limits') };
    return isRefused(seen) ? refusal({ code: 403, message }) : undefined;
  });
}

function allow({ rules, namespace }: Stage): void {
  rules.clear(namespace);
}

function misbehave({ world, namespace }: Stage, fault: Fault, version?: string): void {
  world.fdds.misbehaviour.set(namespace, fault, version === undefined ? {} : { version });
}

function behave({ world, namespace }: Stage): void {
  world.fdds.misbehaviour.clear(namespace);
}

/** A channel of one's own. Each release has its own address, as a build gives it. */
function publish({ world }: Stage, tag: string, resources: string): void {
  const artifact = `/artifacts/${tag}-${randomUUID()}/fiaas.yml`;
  const channel = { image: `fiaas/${FDD}:${NEW}`, spec: `${BASE}${artifact}` };
  world.channel.write(artifact, OWN_SPEC(resources));
  world.channel.write(`/fiaas-deploy-daemon/${tag}.json`, JSON.stringify(channel));
}

async function setData({ world, namespace }: Stage, data: Readonly<Record<string, string>>): Promise<void> {
  await change({ world, namespace }, CONFIG_MAPS, { data });
  const { tag } = data;
  if (tag === undefined) return;
  await until(async () => {
    const { body } = await world.http(`/api/namespaces/${namespace}`);
    return body.row.channel === tag;
  }, 'the changed ConfigMap is seen');
}

async function change(
  { world, namespace }: Pick<Stage, 'world' | 'namespace'>,
  resource: Resource,
  body: unknown,
): Promise<void> {
  const path = pathOf(resource, { namespace, name: FDD });
  await world.kube.request({ method: 'PATCH', patchType: 'merge', path, body });
}

async function setQuota({ world, namespace }: Stage, pods: string): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'few', namespace },
    spec: { hard: { pods } },
  };
  await world.kube.apply(RESOURCE_QUOTAS, { namespace, name: 'few' }, body);
}

async function isReady({ world, namespace }: Stage): Promise<void> {
  await until(async () => (await world.deployment(namespace)).status.availableReplicas === 1, 'FDD is ready');
}

/** A mutating webhook that removes every volume of FDD's pods. */
function withoutMounts(object: KubernetesObject): KubernetesObject | undefined {
  if (object.kind !== 'Deployment') return undefined;
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  const pod = objectAt(template, 'spec');
  const containers = listAt(pod, 'containers').map((each) =>
    isObject(each) ? { ...each, volumeMounts: [] } : each,
  );
  return {
    ...object,
    spec: { ...spec, template: { ...template, spec: { ...pod, volumes: [], containers } } },
  };
}

/** Somebody deletes an object of FDD, and a finalizer without an owner holds it. */
function heldInDeletion(follows: ErrorCode, resource: Resource, headline: RegExp): RemedyScenario {
  return {
    follows,
    options: { fdd: OLD },
    breaks: async (stage) => {
      await change(stage, resource, { metadata: { finalizers: ['example.com/hold'] } });
      await stage.world.kube.delete(resource, { namespace: stage.namespace, name: FDD });
    },
    isBusy: true,
    headline,
    isTrue: /^if that owner no longer exists/,
    edits: () => [{ when: /^Find out who deletes it/, does: nothing }],
  };
}

/** The bootstrap pod of an earlier deploy. */
async function addBootstrapPod(
  { world, namespace }: Stage,
  { finalizers, nodeName }: { readonly finalizers?: readonly string[]; readonly nodeName?: string },
): Promise<void> {
  // Not an image of FDD: it would deploy what Skipper writes, before it is deleted.
  await world.kube.create(PODS, namespace, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: BOOTSTRAP_POD, namespace, labels: { app: BOOTSTRAP_POD }, finalizers },
    spec: { nodeName, containers: [{ name: BOOTSTRAP_POD, image: 'example.com/not-fdd:1' }] },
  });
}

async function killFdd({ world, namespace }: Stage): Promise<void> {
  const query = { labelSelector: `app=${FDD}` };
  await world.kube.request({ method: 'DELETE', path: pathOf(PODS, { namespace }), query });
}
