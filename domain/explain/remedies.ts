import { DIAGNOSES, type Diagnosis, diagnose } from '../cluster/diagnose.ts';
import { FDD } from '../cluster/names.ts';
import type { ConfigMapKey } from '../cluster/namespace-config.ts';
import type { ErrorCode } from '../errors.ts';
import type { Refusal, Symptom } from '../symptom.ts';

/** What an explanation can draw on, beside the symptoms. */
export interface Trouble {
  readonly namespace: string;
  /** The ConfigMap that makes the namespace FIAAS's. */
  readonly configMap: string;
  /** What of the ConfigMap cannot be read. */
  readonly configKey?: ConfigMapKey | undefined;
  readonly channel: string;
  readonly version: string;
  /** The Helm release that owns FDD. */
  readonly helmRelease?: string | undefined;
}

/** What is wrong, in one sentence, and what an operator can do about it. */
export interface Advice {
  readonly headline: string;
  readonly remedy: readonly string[];
}

const AGAIN = 'Then deploy again.';

type Adviser = (trouble: Trouble, symptoms: readonly Symptom[]) => Advice;

/** What each error code means to an operator. */
const BY_CODE: Readonly<Record<ErrorCode, Adviser>> = {
  config_error: ({ namespace, configMap, configKey }) => ({
    headline: 'The ConfigMap of this namespace cannot be read, so nothing is deployed here.',
    remedy: [
      `Correct ${configKey ?? 'it'}: kubectl -n ${namespace} edit configmap ${configMap}`,
      'Skipper sees the change immediately. Then deploy.',
    ],
  }),
  forbidden: ({ namespace }, symptoms) => ({
    headline: 'The cluster does not allow Skipper what this deploy needs.',
    remedy: [grantRight(namespace, symptoms), AGAIN],
  }),
  quota_exceeded: ({ namespace }, symptoms) => ({
    headline: 'A resource quota of the namespace does not admit the pod.',
    remedy: [
      `Raise ${nameOfQuota(symptoms)} in ${namespace}, or remove what uses it: kubectl -n ${namespace} describe resourcequota`,
      AGAIN,
    ],
  }),
  pod_rejected: ({ namespace }) => ({
    headline: 'The namespace’s Pod Security level does not admit the pod.',
    remedy: [
      `Lower the level: kubectl label namespace ${namespace} pod-security.kubernetes.io/enforce=baseline --overwrite`,
      AGAIN,
    ],
  }),
  invalid_object: () => ({
    headline: 'The cluster rejects what Skipper writes as invalid.',
    remedy: [
      'The message names the field. If it is part of the release’s fiaas.yml, or of the override, correct it there.',
      AGAIN,
    ],
  }),
  crd_missing: () => ({
    headline: 'The cluster does not know FIAAS’s resource types.',
    remedy: [
      'Start a worker without --disable-crd-creation, or apply the two CustomResourceDefinitions of FIAAS.',
      AGAIN,
    ],
  }),
  invalid_release: ({ channel }) => ({
    headline: `What release channel "${channel}" publishes is not a usable release.`,
    remedy: [`Correct the channel's metadata or spec, or point data.tag at another channel.`, AGAIN],
  }),
  fdd_failed: ({ namespace }) => ({
    headline: 'FDD took the deployment up and reported FAILED.',
    remedy: [
      `Its own log says why: fix that; kubectl -n ${namespace} logs deployment/${FDD} has all of it.`,
      AGAIN,
    ],
  }),
  fdd_unconfigured: ({ namespace, configMap }) => ({
    headline: 'FDD runs, but without the configuration of its namespace.',
    remedy: [
      `Check data["cluster_config.yaml"]: kubectl -n ${namespace} get configmap ${configMap} -o yaml`,
      'Then deploy with a forced bootstrap.',
    ],
  }),
  bootstrap_failed: ({ namespace }) => ({
    headline: 'The bootstrap pod ended without having deployed FDD.',
    remedy: [
      'Its log and exit code, below, say why.',
      `Often its service account lacks a right: kubectl auth can-i --list -n ${namespace} --as system:serviceaccount:${namespace}:default`,
      AGAIN,
    ],
  }),
  progress_deadline: ({ namespace }) => ({
    headline: 'FDD did not come up with this deployment before the deadline.',
    remedy: [
      `Check whether FDD runs, and what it does: kubectl -n ${namespace} get pods -l app=${FDD}`,
      'If FDD does not run, deploy with a forced bootstrap. If it is only slow, deploy again, or raise --progress-deadline.',
    ],
  }),
  helm_managed: ({ namespace, helmRelease = FDD }) => ({
    headline: 'FDD is managed by Helm here: Skipper leaves it alone.',
    remedy: [
      `Upgrade it there: helm -n ${namespace} upgrade ${helmRelease} …`,
      'To hand it over to Skipper, deploy with a forced bootstrap.',
    ],
  }),
  not_found: () => ({
    headline: 'Something that the deploy needs does not exist.',
    remedy: ['The message names it: create it, or correct what refers to it.', AGAIN],
  }),
  conflict: ({ namespace }) => ({
    headline: 'Somebody else keeps writing the Application at the same time.',
    remedy: [
      `Find out who: kubectl -n ${namespace} get applications ${FDD} -o yaml --show-managed-fields`,
      'Stop the other writer (an old Skipper, a GitOps tool). Then deploy again.',
    ],
  }),
  unauthorized: () => ({
    headline: 'The cluster does not accept Skipper’s credentials.',
    remedy: ['Renew the token or certificate that Skipper runs with. It then continues automatically.'],
  }),
  rate_limited: () => ({
    headline: 'The API server asks Skipper to slow down.',
    remedy: [
      'Nothing: it continues automatically. If it lasts, lower --concurrency or raise the priority level.',
    ],
  }),
  cluster_unavailable: () => ({
    headline: 'The Kubernetes API server does not answer as it should.',
    remedy: [
      'Check the API server’s health. Skipper continues automatically; after the last attempt, deploy again.',
    ],
  }),
  release_source_unavailable: ({ channel }) => ({
    headline: `Release channel "${channel}" cannot be reached.`,
    remedy: ['Check the release server, the network to it, and --baseurl.', AGAIN],
  }),
  release_unknown: ({ namespace, configMap, channel }) => ({
    headline: `There is no release "${channel}".`,
    remedy: [
      `Name a channel or version that is published in data.tag: kubectl -n ${namespace} edit configmap ${configMap}`,
      AGAIN,
    ],
  }),
  redis_unavailable: () => ({
    headline: 'Skipper’s Redis does not answer.',
    remedy: ['Check Redis, and /readyz. Skipper continues automatically.'],
  }),
  bootstrap_pod_stuck: ({ namespace }) => ({
    headline: 'The old bootstrap pod is not deleted.',
    remedy: [
      `Check its node and finalizers: kubectl -n ${namespace} describe pod ${FDD}-bootstrap`,
      'Once it is gone, Skipper continues automatically; after the last attempt, deploy again.',
    ],
  }),
  superseded_worker: () => ({
    headline: 'Another worker has taken the namespace over.',
    remedy: [],
  }),
  shutting_down: () => ({
    headline: 'The worker was stopped; another one continues.',
    remedy: [],
  }),
  namespace_gone: () => ({
    headline: 'The namespace, or its ConfigMap, is gone.',
    remedy: ['Nothing, if that is intended.'],
  }),
};

/** What shows in pods and conditions, and says more than the code of the error. */
const BY_DIAGNOSIS: Readonly<Record<Diagnosis, Adviser>> = {
  'image-not-pulled': ({ namespace, configMap, version }) => ({
    headline: `The image of FDD ${version} cannot be pulled.`,
    remedy: [
      'Check that the image exists in its registry, and that this cluster’s nodes may pull it.',
      `Or name another version in data.tag: kubectl -n ${namespace} edit configmap ${configMap}`,
      AGAIN,
    ],
  }),
  'out-of-memory': ({ version }) => ({
    headline: `FDD ${version} is killed because it needs more memory than it may have.`,
    remedy: ['Raise resources.limits.memory in the release’s fiaas.yml, or in the override.', AGAIN],
  }),
  'quota-exceeded': BY_CODE.quota_exceeded,
  'pod-rejected': BY_CODE.pod_rejected,
  'container-not-created': ({ namespace }) => ({
    headline: 'FDD’s container cannot be created: something that it refers to does not exist.',
    remedy: [
      `The message names it: kubectl -n ${namespace} describe pods -l app=${FDD}. Create it; the pod then starts automatically.`,
    ],
  }),
  'crash-loop': ({ namespace, configMap, version }) => ({
    headline: `FDD ${version} ends soon after each start.`,
    remedy: [
      `Read its last log lines: kubectl -n ${namespace} logs deployment/${FDD} --previous`,
      `If the release is at fault, name the one that worked in data.tag: kubectl -n ${namespace} edit configmap ${configMap}`,
      'Then deploy with a forced bootstrap: an FDD that does not run cannot deploy itself.',
    ],
  }),
  'bootstrap-failed': BY_CODE.bootstrap_failed,
  'not-scheduled': () => ({
    headline: 'FDD’s pod cannot be scheduled.',
    remedy: [
      'Free resources, or fix what the message names (taints, selectors, volumes). The pod then starts automatically.',
    ],
  }),
};

/** What an error means: its code, refined by the symptoms. `code` may come from an older or newer Skipper. */
export function adviceFor(code: string | undefined, trouble: Trouble, symptoms: readonly Symptom[]): Advice {
  if (code === 'fdd_failed' && symptoms.some(isForbiddenFdd)) return grantToFdd(trouble);
  const isVague = code === undefined || code === 'progress_deadline' || code === 'bootstrap_failed';
  const advice = isVague ? adviceForSymptoms(trouble, symptoms) : undefined;
  if (advice) return advice;
  if (code !== undefined && isKnown(code)) return BY_CODE[code](trouble, symptoms);
  return {
    headline: 'Something went wrong that Skipper does not know.',
    remedy: ['The job’s log has all of it. Deploy again; if it comes back, report it with that log.'],
  };
}

/** What symptoms mean without an error; undefined if they do not say what is at fault. */
export function adviceForSymptoms(trouble: Trouble, symptoms: readonly Symptom[]): Advice | undefined {
  for (const diagnosis of DIAGNOSES) {
    const symptom = symptoms.find((each) => diagnose(each) === diagnosis);
    if (symptom) return BY_DIAGNOSIS[diagnosis](trouble, [symptom]);
  }
  return undefined;
}

function isForbiddenFdd(symptom: Symptom): boolean {
  return symptom.kind === 'fdd-report' && symptom.isForbidden;
}

function grantToFdd({ namespace }: Trouble): Advice {
  return {
    headline: 'FDD lacks a right in its namespace, so its deployment FAILED.',
    remedy: [
      `Grant it to the service account that FDD runs with in ${namespace} (its log names verb and resource), or let Skipper do so: --manage-rbac.`,
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

function grantRight(namespace: string, symptoms: readonly Symptom[]): string {
  const missing = refusalsIn(symptoms).find(({ by }) => by === 'rbac');
  if (missing?.by !== 'rbac') {
    return `Something forbids it: a missing right of Skipper's service account in ${namespace}, or an admission policy; the message says which.`;
  }
  const { user = "Skipper's service account", verb, resource, group } = missing;
  return `Grant ${user} the verb ${verb} on ${group ? `${resource}.${group}` : resource} in ${namespace}.`;
}

function refusalsIn(symptoms: readonly Symptom[]): Refusal[] {
  return symptoms.flatMap((symptom) => ('refusal' in symptom && symptom.refusal ? [symptom.refusal] : []));
}
