import { DIAGNOSES, type Diagnosis, diagnose } from '../cluster/diagnose.ts';
import { BOOTSTRAP_POD, FDD } from '../cluster/names.ts';
import type { ConfigMapKey } from '../cluster/namespace-config.ts';
import type { ErrorCode } from '../errors.ts';
import { versionOf } from '../release/image.ts';
import type { Refusal, Symptom } from '../symptom.ts';

/** The facts that advice can use, besides the symptoms. */
export interface Trouble {
  readonly namespace: string;
  /** The ConfigMap that makes this a FIAAS namespace. */
  readonly configMap: string;
  /** The invalid key of the ConfigMap. */
  readonly configKey?: ConfigMapKey | undefined;
  readonly channel: string;
  readonly version: string;
  /** The Helm release that owns FDD. */
  readonly helmRelease?: string | undefined;
  /** There is a Deployment, but no FDD runs that could take a deploy up. */
  readonly isDown?: boolean;
  /** The rollout whose deploy failed here; left out for a repair. */
  readonly rolloutId?: string | undefined;
}

/** What is wrong, in one sentence, and what an operator can do about it. */
export interface Advice {
  readonly headline: string;
  readonly remedy: readonly string[];
  /** The remedy needs a forced bootstrap. */
  readonly offer?: 'bootstrap';
}

/** With its group: Argo CD's Applications have the same short name, and kubectl takes those. */
const APPLICATIONS = 'applications.fiaas.schibsted.io';
/** Becomes BOOTSTRAP if no FDD runs: only a bootstrap is certain to deploy then. */
const AGAIN = 'Then deploy again.';
/** A failed deploy stays failed until the next one, even if FDD runs by then. */
const VERIFY = 'Once it is ready, deploy again: FDD is verified then.';
const BOOTSTRAP = 'Then bootstrap FDD again: skipper deploy NAMESPACE --force-bootstrap';

type Adviser = (trouble: Trouble, symptoms: readonly Symptom[]) => Advice;

/** What each error code means to an operator. */
const BY_CODE: Readonly<Record<ErrorCode, Adviser>> = {
  config_error: ({ namespace, configMap, configKey }) => ({
    headline: 'The ConfigMap of this namespace is invalid, so nothing is deployed here.',
    remedy: [
      `Correct ${configKey ?? 'it'}: kubectl -n ${namespace} edit configmap ${configMap}`,
      'Skipper sees the change immediately. Then deploy.',
    ],
  }),
  forbidden: ({ namespace }, symptoms) => ({
    headline: refusalsIn(symptoms).some(({ by }) => by === 'rbac')
      ? 'Skipper lacks a permission that this deploy needs.'
      : 'The API server forbids a request that this deploy needs.',
    remedy: [grantRight(namespace, symptoms), AGAIN],
  }),
  quota_exceeded: ({ namespace }, symptoms) => ({
    headline: 'The pod exceeds a resource quota of the namespace.',
    remedy: [
      `Raise ${nameOfQuota(symptoms)} in ${namespace}, or remove what uses it: kubectl -n ${namespace} describe resourcequota`,
      AGAIN,
    ],
  }),
  limits_missing: ({ namespace }, symptoms) => ({
    headline: 'A ResourceQuota wants the pod to specify resources that it does not specify.',
    remedy: [
      `Publish a release whose fiaas.yml sets ${missingLimits(symptoms)}, or set them in the override and restart Skipper; or let a LimitRange in ${namespace} set defaults for them: kubectl -n ${namespace} describe resourcequota,limitrange`,
      AGAIN,
    ],
  }),
  limit_range: ({ namespace }) => ({
    headline: 'The pod’s resources are outside a LimitRange of the namespace.',
    remedy: [
      `Change the LimitRange: kubectl -n ${namespace} describe limitrange. Or publish a release whose fiaas.yml has other resources, or change them in the override and restart Skipper.`,
      AGAIN,
    ],
  }),
  pod_rejected: ({ namespace }) => ({
    headline: 'The namespace’s Pod Security level rejects the pod.',
    remedy: [
      `Lower the level: kubectl label namespace ${namespace} pod-security.kubernetes.io/enforce=baseline --overwrite`,
      AGAIN,
    ],
  }),
  invalid_object: () => ({
    headline: 'The API server rejected an object as invalid.',
    remedy: [
      'The message names the field. If it is part of the release’s fiaas.yml, publish a corrected release; if it is part of the override, correct it there and restart Skipper.',
      AGAIN,
    ],
  }),
  crd_missing: () => ({
    headline: 'FIAAS’s CustomResourceDefinitions are not installed in the cluster.',
    remedy: [
      'Start a worker without --disable-crd-creation, or apply the two CustomResourceDefinitions of FIAAS.',
      AGAIN,
    ],
  }),
  invalid_release: ({ channel }) => ({
    headline: `Release channel "${channel}" has published an invalid release.`,
    remedy: [`Correct the channel's metadata or spec, or point data.tag at another channel.`, AGAIN],
  }),
  fdd_failed: ({ namespace }) => ({
    headline: 'FDD picked up the deployment and reported FAILED.',
    remedy: [
      `Fix the error in FDD's log. The full log: kubectl -n ${namespace} logs deployment/${FDD} -c ${FDD}`,
      AGAIN,
    ],
  }),
  fdd_unconfigured: ({ namespace }) => ({
    headline: 'FDD runs, but without the configuration of its namespace.',
    remedy: [
      `Find out what removes the mount from its Deployment, and stop it: kubectl -n ${namespace} get deployment ${FDD} -o yaml --show-managed-fields`,
      'A mutating webhook does not appear there: kubectl get mutatingwebhookconfigurations',
      BOOTSTRAP,
    ],
  }),
  fdd_cannot_run: ({ namespace }) => ({
    headline: 'No FDD can run, so the deploy was ended before its deadline.',
    remedy: [`Fix what the message names: kubectl -n ${namespace} describe pods -l app=${FDD}`, BOOTSTRAP],
  }),
  bootstrap_failed: ({ namespace }) => ({
    headline: 'The bootstrap pod ended without deploying FDD.',
    remedy: [
      'Check its log and exit code.',
      `Often its service account lacks a permission: kubectl auth can-i --list -n ${namespace} --as system:serviceaccount:${namespace}:default`,
      AGAIN,
    ],
  }),
  progress_deadline: ({ namespace }) => ({
    headline: 'FDD did not become ready with this deployment before the deadline.',
    remedy: [
      `Check whether FDD is running: kubectl -n ${namespace} get pods -l app=${FDD}`,
      `If FDD is not running, or runs and has not picked up the deployment: skipper deploy ${namespace} --force-bootstrap. If it is only slow, deploy again, or raise --progress-deadline.`,
    ],
  }),
  helm_managed: ({ namespace, helmRelease = FDD }) => ({
    headline: 'FDD is managed by Helm here: Skipper does not change it.',
    remedy: [
      `Upgrade it there: helm -n ${namespace} upgrade ${helmRelease} …`,
      `To hand it over to Skipper: skipper deploy ${namespace} --force-bootstrap`,
      `If it is still shown as managed by Helm afterwards, remove Helm's label: kubectl -n ${namespace} label deployment ${FDD} heritage- app.kubernetes.io/managed-by-`,
      `If it is still shown as managed by Helm afterwards, remove Helm's annotation: kubectl -n ${namespace} annotate deployment ${FDD} meta.helm.sh/release-name-`,
    ],
  }),
  not_found: () => ({
    headline: 'Something that the deploy needs does not exist.',
    remedy: ['Create what the message names, or correct the reference to it.', AGAIN],
  }),
  conflict: ({ namespace }) => ({
    headline: 'Another client keeps changing the Application at the same time.',
    remedy: [
      `Find the other client: kubectl -n ${namespace} get ${APPLICATIONS} ${FDD} -o yaml --show-managed-fields`,
      'Stop it (an old Skipper, a GitOps tool). Then deploy again.',
    ],
  }),
  unauthorized: () => ({
    headline: 'The API server does not accept Skipper’s credentials.',
    remedy: [
      'Renew the token or certificate that Skipper runs with. While it is refused, the queue rests and no attempt is counted; Skipper then continues automatically.',
    ],
  }),
  rate_limited: () => ({
    headline: 'The API server is rate limiting Skipper.',
    remedy: [
      'Nothing to do: Skipper retries automatically. If it persists, lower --kube-api-qps or raise the priority level.',
    ],
  }),
  cluster_unavailable: () => ({
    headline: 'The Kubernetes API server is unreachable or returns errors.',
    remedy: [
      'Check the API server’s health. While it is unreachable, the queue rests and no attempt is counted; Skipper then continues automatically. If it answers with errors, Skipper retries; after the last attempt, deploy again.',
    ],
  }),
  webhook_failed: (_trouble, symptoms) => ({
    headline: `${webhookIn(symptoms)} does not answer the API server, which therefore refuses requests.`,
    remedy: [
      'Repair the webhook’s service, or delete its configuration if it is no longer used: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations',
      'Skipper retries automatically; after the last attempt, deploy again.',
    ],
  }),
  release_source_unavailable: ({ channel }) => ({
    headline: `Release channel "${channel}" is unreachable.`,
    remedy: [
      'Check the release server, the network to it, and --baseurl. Skipper reads the channel again with each release check.',
      'If a deploy was refused, deploy again.',
    ],
  }),
  release_unknown: ({ namespace, configMap, channel }) => ({
    headline: `Release "${channel}" does not exist.`,
    remedy: [
      `Set data.tag to a published channel or version: kubectl -n ${namespace} edit configmap ${configMap}`,
      'If no channel at all exists at --baseurl, correct --baseurl and restart Skipper.',
      AGAIN,
    ],
  }),
  redis_unavailable: () => ({
    headline: 'Skipper’s Redis is unreachable.',
    remedy: ['Check Redis, and /readyz. Skipper continues automatically.'],
  }),
  bootstrap_pod_stuck: ({ namespace }) => ({
    headline: 'The old bootstrap pod is stuck in deletion.',
    remedy: [
      `Check its node and finalizers: kubectl -n ${namespace} describe pod ${BOOTSTRAP_POD}`,
      `If the owner of a finalizer no longer exists, remove the finalizer: kubectl -n ${namespace} patch pod ${BOOTSTRAP_POD} --type merge -p '{"metadata":{"finalizers":null}}'`,
      `If its node no longer exists, delete it by force: kubectl -n ${namespace} delete pod ${BOOTSTRAP_POD} --force --grace-period=0`,
      'Once it is gone, Skipper continues automatically; after the last attempt, deploy again.',
    ],
  }),
  fdd_lost: ({ namespace }) => ({
    headline: 'The FDD that should have taken the deployment up no longer runs.',
    remedy: [
      `Nothing to do: Skipper retries with a bootstrap automatically. After the last attempt: skipper deploy ${namespace} --force-bootstrap`,
    ],
  }),
  application_deleting: ({ namespace }) => ({
    headline: 'The Application is being deleted, and a finalizer holds it: nothing can be deployed with it.',
    remedy: [
      `Find out who deletes it, and let the finalizer's owner finish; if that owner no longer exists, remove the finalizer: kubectl -n ${namespace} patch ${APPLICATIONS} ${FDD} --type merge -p '{"metadata":{"finalizers":null}}'`,
      'Once it is gone, Skipper continues automatically; after the last attempt, deploy again.',
    ],
  }),
  deployment_deleting: ({ namespace }) => ({
    headline:
      'The Deployment is being deleted, and a finalizer holds it: its pods are not replaced, so nothing can be deployed.',
    remedy: [
      `Find out who deletes it, and let the finalizer's owner finish; if that owner no longer exists, remove the finalizer: kubectl -n ${namespace} patch deployments ${FDD} --type merge -p '{"metadata":{"finalizers":null}}'`,
      'Once it is gone, deploy: Skipper bootstraps FDD again. A deploy that is being retried does so automatically.',
    ],
  }),
  changed_by_others: ({ namespace }) => ({
    headline:
      'Another client changed the objects of a deploy: the message shows the change, and the client if the cluster recorded it.',
    remedy: [
      'Nothing to do if it happened once: Skipper retries, and repairs it.',
      `If it happens again, find the other client and stop it (an old Skipper, a GitOps tool): kubectl -n ${namespace} get ${APPLICATIONS},deployments ${FDD} -o yaml --show-managed-fields`,
      AGAIN,
    ],
  }),
  superseded_worker: () => ({
    headline: 'Another worker has taken over the namespace.',
    remedy: [],
  }),
  shutting_down: () => ({
    headline: 'The worker was stopped; another one continues.',
    remedy: [],
  }),
  namespace_gone: ({ namespace }) => ({
    headline: 'The namespace, or its ConfigMap, is gone or being deleted.',
    remedy: [
      `Nothing to do if that is intended. If the deletion does not end, check what holds it: kubectl get namespace ${namespace} -o yaml`,
    ],
  }),
  repair_outdated: () => ({
    headline: 'A step of healing waited, and by then it was not wanted any more: nothing was written.',
    remedy: ['Nothing to do: healing decides again if a rule still holds.'],
  }),
};

/** Causes that pods and conditions show, more specific than the error code. */
const BY_DIAGNOSIS: Readonly<Record<Diagnosis, Adviser>> = {
  'image-not-pulled': ({ namespace, configMap, version }, symptoms) => ({
    headline: `The image of FDD ${failing(symptoms) ?? version} cannot be pulled.`,
    remedy: [
      'Check that the image exists in its registry, and that this cluster’s nodes can pull it.',
      `Or set data.tag to another version: kubectl -n ${namespace} edit configmap ${configMap}`,
      AGAIN,
    ],
  }),
  'out-of-memory': ({ version }, symptoms) => ({
    headline: `FDD ${failing(symptoms) ?? version} is OOM-killed: it needs more memory than its limit allows.`,
    remedy: [
      'Publish a release whose fiaas.yml has a higher resources.limits.memory, or raise it in the override and restart Skipper.',
      AGAIN,
    ],
  }),
  'application-deleting': BY_CODE.application_deleting,
  'deployment-deleting': BY_CODE.deployment_deleting,
  'scaled-to-0': ({ namespace }) => ({
    headline: 'FDD is switched off: its Deployment was scaled to 0.',
    remedy: [
      'If that is intended, leave it.',
      `Otherwise deploy: no FDD is running, so Skipper bootstraps it again. Or start the existing one: kubectl -n ${namespace} scale deployment ${FDD} --replicas=1`,
    ],
  }),
  paused: ({ namespace }) => ({
    headline: 'FDD’s Deployment is paused: a new version does not start.',
    remedy: [
      `Deploy: FDD then writes its Deployment again, without the pause. Or resume it: kubectl -n ${namespace} rollout resume deployment ${FDD}`,
    ],
  }),
  'quota-exceeded': BY_CODE.quota_exceeded,
  'limits-missing': BY_CODE.limits_missing,
  'limit-range': BY_CODE.limit_range,
  'pod-rejected': BY_CODE.pod_rejected,
  'webhook-failed': BY_CODE.webhook_failed,
  'container-not-created': ({ namespace }, symptoms) =>
    symptoms.some(isBootstrapPod)
      ? {
          headline:
            'The container of the bootstrap pod cannot be created: it refers to something that does not exist.',
          remedy: ['Create what the message names.', AGAIN],
        }
      : {
          headline: 'FDD’s container cannot be created: it refers to something that does not exist.',
          remedy: [
            `Create what the message names: kubectl -n ${namespace} describe pods -l app=${FDD}. The pod then starts automatically.`,
            VERIFY,
          ],
        },
  'crash-loop': ({ namespace, configMap, version, rolloutId }, symptoms) => ({
    headline: `FDD ${failing(symptoms) ?? version} is crash-looping.`,
    remedy: [
      `Read its last log lines: kubectl -n ${namespace} logs deployment/${FDD} -c ${FDD} --previous`,
      `If the release is broken, set data.tag to one that worked: kubectl -n ${namespace} edit configmap ${configMap}`,
      BOOTSTRAP,
      ...(rolloutId === undefined
        ? []
        : [`Or return all that the release has reached to the one before: skipper rollback ${rolloutId}`]),
    ],
  }),
  'bootstrap-failed': BY_CODE.bootstrap_failed,
  'not-scheduled': (_trouble, symptoms) =>
    symptoms.some(isBootstrapPod)
      ? {
          headline: 'The bootstrap pod cannot be scheduled.',
          remedy: ['Free resources, or fix what the message names (taints, selectors, volumes).', AGAIN],
        }
      : {
          headline: 'FDD’s pod cannot be scheduled.',
          remedy: [
            'Free resources, or fix what the message names (taints, selectors, volumes). The pod then starts automatically.',
            VERIFY,
          ],
        },
};

/** The advice for an error code, refined by the symptoms. `code` can come from an older or newer Skipper. */
export function adviceFor(code: string | undefined, trouble: Trouble, symptoms: readonly Symptom[]): Advice {
  if (code === 'fdd_failed' && symptoms.some(isForbiddenFdd)) return toFollow(grantToFdd(trouble), trouble);
  const isVague = code === undefined || VAGUE.includes(code);
  const advice = isVague ? adviceForSymptoms(trouble, symptoms) : undefined;
  if (advice) return advice;
  if (code !== undefined && isKnown(code)) return toFollow(BY_CODE[code](trouble, symptoms), trouble);
  return {
    headline: 'Unknown error.',
    remedy: ['Check the job’s log. Deploy again; if the error returns, report it with that log.'],
  };
}

/** The advice for symptoms without an error; undefined if they do not show the cause. */
export function adviceForSymptoms(trouble: Trouble, symptoms: readonly Symptom[]): Advice | undefined {
  for (const diagnosis of DIAGNOSES) {
    const symptom = symptoms.find((each) => diagnose(each) === diagnosis);
    if (symptom) return toFollow(BY_DIAGNOSIS[diagnosis](trouble, [symptom]), trouble);
  }
  return undefined;
}

/** Codes that say that it failed, not why. */
const VAGUE: readonly string[] = ['progress_deadline', 'bootstrap_failed', 'fdd_cannot_run'];

/** The advice with its last step as it has to be now, and with its names. */
function toFollow({ headline, remedy }: Advice, { namespace, isDown = false }: Trouble): Advice {
  const steps = remedy.map((step) => (step === AGAIN && isDown ? BOOTSTRAP : step));
  const isOffered = steps.includes(BOOTSTRAP);
  return {
    headline,
    remedy: steps.map((step) => (step === BOOTSTRAP ? step.replace('NAMESPACE', namespace) : step)),
    ...(isOffered ? { offer: 'bootstrap' } : {}),
  };
}

/** The version of the image that fails, which need not be the wanted one. */
function failing(symptoms: readonly Symptom[]): string | undefined {
  return symptoms.flatMap((symptom) =>
    symptom.kind === 'pod' && symptom.image ? [versionOf(symptom.image)] : [],
  )[0];
}

/** A failed deploy deletes its bootstrap pod, so that one does not start later. */
function isBootstrapPod(symptom: Symptom): boolean {
  return symptom.kind === 'pod' && symptom.isBootstrap;
}

function isForbiddenFdd(symptom: Symptom): boolean {
  return symptom.kind === 'fdd-report' && symptom.isForbidden;
}

function grantToFdd({ namespace }: Trouble): Advice {
  return {
    headline: 'FDD lacks a permission in its namespace, so its deployment FAILED.',
    remedy: [
      `Grant it to the service account that FDD runs with in ${namespace} (its log names the verb and the resource), or let Skipper grant it: --manage-rbac.`,
      AGAIN,
    ],
  };
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(BY_CODE, code);
}

function nameOfQuota(symptoms: readonly Symptom[]): string {
  const quota = refusalsIn(symptoms).find(({ by }) => by === 'quota');
  return quota?.by === 'quota' && quota.quota ? `ResourceQuota ${quota.quota}` : 'the ResourceQuota';
}

function missingLimits(symptoms: readonly Symptom[]): string {
  const limits = refusalsIn(symptoms).find(({ by }) => by === 'limits');
  return limits?.by === 'limits' && limits.missing.length > 0
    ? `resources (${limits.missing.join(', ')})`
    : 'the resources that the message names';
}

function webhookIn(symptoms: readonly Symptom[]): string {
  const failed = refusalsIn(symptoms).find(({ by }) => by === 'webhook');
  return failed?.by === 'webhook' ? `Admission webhook ${failed.webhook}` : 'An admission webhook';
}

function grantRight(namespace: string, symptoms: readonly Symptom[]): string {
  const missing = refusalsIn(symptoms).find(({ by }) => by === 'rbac');
  if (missing?.by !== 'rbac') {
    return `Change the admission policy that the message names, or grant Skipper's service account what it lacks in ${namespace}.`;
  }
  const { user = "Skipper's service account", verb, resource, group, isClusterWide } = missing;
  const where = isClusterWide ? 'all namespaces, with a ClusterRole' : namespace;
  return `Grant ${user} the verb ${verb} on ${group ? `${resource}.${group}` : resource} in ${where}.`;
}

function refusalsIn(symptoms: readonly Symptom[]): Refusal[] {
  return symptoms.flatMap((symptom) => ('refusal' in symptom && symptom.refusal ? [symptom.refusal] : []));
}
