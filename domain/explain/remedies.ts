import { FDD } from '../cluster/names.ts';
import type { ErrorCode } from '../errors.ts';

/** What an explanation can draw on. */
export interface Trouble {
  readonly namespace: string;
  /** The ConfigMap that makes the namespace FIAAS's. */
  readonly configMap: string;
  readonly channel: string;
  readonly version: string;
  /** The very message of the error. */
  readonly message: string;
}

/** What is wrong, in one sentence, and what an operator can do about it. */
export interface Advice {
  readonly headline: string;
  readonly remedy: readonly string[];
}

const AGAIN = 'Then deploy again.';

/** What each error code means to an operator. */
const BY_CODE: Readonly<Record<ErrorCode, (trouble: Trouble) => Advice>> = {
  config_error: ({ namespace, configMap, message }) => ({
    headline: 'The ConfigMap of this namespace cannot be read, so nothing is deployed here.',
    remedy: [
      `Correct ${keyIn(message) ?? 'it'}: kubectl -n ${namespace} edit configmap ${configMap}`,
      'Skipper sees the change at once. Then deploy.',
    ],
  }),
  forbidden: ({ namespace, message }) => ({
    headline: 'The cluster does not let Skipper do what this deploy needs.',
    remedy: [missingRight(message, namespace), AGAIN],
  }),
  quota_exceeded: ({ namespace, message }) => ({
    headline: 'A resource quota of the namespace does not let the pod in.',
    remedy: [
      `Raise ${quotaIn(message) ?? 'the ResourceQuota'} in ${namespace}, or remove what uses it up: kubectl -n ${namespace} describe resourcequota`,
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
    headline: 'The cluster takes what Skipper writes for invalid.',
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
      `Its own log says why: mend that; kubectl -n ${namespace} logs deployment/${FDD} has all of it.`,
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
      `Look whether FDD runs and what it does: kubectl -n ${namespace} get pods -l app=${FDD}`,
      'If no FDD runs, deploy with a forced bootstrap. If it is only slow, deploy again, or raise --progress-deadline.',
    ],
  }),
  helm_managed: ({ namespace, message }) => ({
    headline: 'FDD is managed by Helm here: Skipper leaves it alone.',
    remedy: [
      `Upgrade it there: helm -n ${namespace} upgrade ${helmReleaseIn(message) ?? FDD} …`,
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
    remedy: ['Renew the token or certificate that Skipper runs with. It goes on by itself then.'],
  }),
  rate_limited: () => ({
    headline: 'The API server asks Skipper to slow down.',
    remedy: ['Nothing: it goes on by itself. If it lasts, lower --concurrency or raise the priority level.'],
  }),
  cluster_unavailable: () => ({
    headline: 'The Kubernetes API server does not answer as it should.',
    remedy: [
      'Look at the API server’s health. Skipper goes on by itself; after the last attempt, deploy again.',
    ],
  }),
  release_source_unavailable: ({ channel }) => ({
    headline: `Release channel "${channel}" cannot be reached.`,
    remedy: ['Look at the release server, the network to it, and --baseurl.', AGAIN],
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
    remedy: ['Look at Redis, and at /readyz. Skipper goes on by itself.'],
  }),
  bootstrap_pod_stuck: ({ namespace }) => ({
    headline: 'The old bootstrap pod does not go away.',
    remedy: [
      `Look at its node and finalizers: kubectl -n ${namespace} describe pod ${FDD}-bootstrap`,
      'Once it is gone, Skipper goes on by itself; after the last attempt, deploy again.',
    ],
  }),
  superseded_worker: () => ({
    headline: 'Another worker has taken the namespace over.',
    remedy: [],
  }),
  shutting_down: () => ({
    headline: 'The worker was stopped; another one goes on.',
    remedy: [],
  }),
  namespace_gone: () => ({
    headline: 'The namespace, or its ConfigMap, is gone.',
    remedy: ['Nothing, if that is meant to be so.'],
  }),
};

/** What shows in pods, conditions and logs, and says more than the code of the error; the first that fits counts. */
const BY_SYMPTOM: readonly { readonly pattern: RegExp; readonly advise: (trouble: Trouble) => Advice }[] = [
  {
    pattern: /ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull/,
    advise: ({ namespace, configMap, version }) => ({
      headline: `The image of FDD ${version} cannot be pulled.`,
      remedy: [
        'Check that the image exists in its registry, and that this cluster’s nodes may pull it.',
        `Or name another version in data.tag: kubectl -n ${namespace} edit configmap ${configMap}`,
        AGAIN,
      ],
    }),
  },
  {
    pattern: /OOMKilled/,
    advise: ({ version }) => ({
      headline: `FDD ${version} is killed because it needs more memory than it may have.`,
      remedy: ['Raise resources.limits.memory in the release’s fiaas.yml, or in the override.', AGAIN],
    }),
  },
  {
    pattern: /exceeded quota/,
    advise: BY_CODE.quota_exceeded,
  },
  {
    pattern: /violates PodSecurity/,
    advise: BY_CODE.pod_rejected,
  },
  {
    pattern: /CreateContainerConfigError|CreateContainerError/,
    advise: ({ namespace }) => ({
      headline: 'FDD’s container cannot be made: something that it refers to is not there.',
      remedy: [
        `The message names it: kubectl -n ${namespace} describe pods -l app=${FDD}. Create it; the pod then starts by itself.`,
      ],
    }),
  },
  {
    pattern: /CrashLoopBackOff|exited with code [1-9]/,
    advise: ({ namespace, configMap, version }) => ({
      headline: `FDD ${version} ends soon after each start.`,
      remedy: [
        `Read what it says last: kubectl -n ${namespace} logs deployment/${FDD} --previous`,
        `If the release is at fault, name the one that worked in data.tag: kubectl -n ${namespace} edit configmap ${configMap}`,
        'Then deploy with a forced bootstrap: an FDD that does not run cannot deploy itself.',
      ],
    }),
  },
  {
    pattern: /not scheduled:|FailedScheduling/,
    advise: () => ({
      headline: 'No node takes FDD’s pod.',
      remedy: [
        'Make room, or mend what the message names (taints, selectors, volumes). The pod then starts by itself.',
      ],
    }),
  },
];

/** The way an FDD that is not allowed something says so in its own log. */
const FDD_FORBIDDEN = /\bforbidden\b|\b403\b/i;

/** What to say of an error: its code, refined by what else is seen. `code` may come from an older or newer Skipper. */
export function adviceFor(code: string | undefined, trouble: Trouble, evidence: readonly string[]): Advice {
  const seen = [trouble.message, ...evidence].join('\n');
  if (code === 'fdd_failed' && FDD_FORBIDDEN.test(seen)) {
    return {
      headline: 'FDD lacks a right in its namespace, so its deployment FAILED.',
      remedy: [
        `Grant it to the service account that FDD runs with in ${trouble.namespace} (its log names verb and resource), or let Skipper do so: --manage-rbac.`,
        AGAIN,
      ],
    };
  }
  const isVague = code === undefined || code === 'progress_deadline' || code === 'bootstrap_failed';
  const symptom = isVague ? BY_SYMPTOM.find(({ pattern }) => pattern.test(seen)) : undefined;
  if (symptom) return symptom.advise({ ...trouble, message: lineWith(symptom.pattern, seen) });
  if (code !== undefined && isKnown(code)) return BY_CODE[code](trouble);
  return {
    headline: 'Something went wrong that Skipper does not know.',
    remedy: ['The job’s log has all of it. Deploy again; if it comes back, report it with that log.'],
  };
}

/** What is seen of pods and conditions alone, without any error; undefined where nothing fits. */
export function adviceForSymptoms(trouble: Trouble, evidence: readonly string[]): Advice | undefined {
  const seen = evidence.join('\n');
  const symptom = BY_SYMPTOM.find(({ pattern }) => pattern.test(seen));
  return symptom?.advise({ ...trouble, message: lineWith(symptom.pattern, seen) });
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(BY_CODE, code);
}

function lineWith(pattern: RegExp, text: string): string {
  return text.split('\n').find((line) => pattern.test(line)) ?? '';
}

/** `data.tag` or `data.cluster_config.yaml`, as the message of a configuration error names it. */
function keyIn(message: string): string | undefined {
  return /data\.(tag|cluster_config\.yaml)/.exec(message)?.[0];
}

function quotaIn(message: string): string | undefined {
  const name = /exceeded quota: ([^,\s]+)/.exec(message)?.[1];
  return name === undefined ? undefined : `ResourceQuota ${name}`;
}

function helmReleaseIn(message: string): string | undefined {
  return /Helm release ([^\s:]+)/.exec(message)?.[1];
}

/** `User "x" cannot patch resource "applications" in API group "g" in the namespace "n"`, as every API server says it. */
function missingRight(message: string, namespace: string): string {
  const [, verb, resource, group] =
    /cannot (\w+) resource "([^"]+)"(?: in API group "([^"]*)")?/.exec(message) ?? [];
  if (verb === undefined) {
    return `Something forbids it: a missing right of Skipper's service account in ${namespace}, or an admission policy; the message says which.`;
  }
  const who = /User "([^"]+)"/.exec(message)?.[1];
  const resourceName = group ? `${resource}.${group}` : resource;
  return `Grant ${who ?? "Skipper's service account"} the verb ${verb} on ${resourceName} in ${namespace}.`;
}
