import {
  APPLICATIONS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  NAMESPACES,
  PODS,
  pathOf,
  RESOURCE_QUOTAS,
  type Resource,
} from '../../shared/kubernetes/resources.ts';
import type { World } from './simulated-world.ts';

/** What somebody does who reads a sentence of a remedy that no command carries out. */
export interface Edit {
  readonly when: RegExp;
  readonly does: () => unknown;
}

export interface Follower {
  readonly world: World;
  readonly namespace: string;
  readonly edits: readonly Edit[];
  /** Sentences that begin with "if" and are true. */
  readonly isTrue?: RegExp | undefined;
  /** Takes what follows an "or", instead of what comes before. */
  readonly takesOther?: boolean | undefined;
}

/** Follows a remedy to the letter, sentence by sentence; throws at one that says nothing that can be done. */
export async function followRemedy(remedy: readonly string[], follower: Follower): Promise<void> {
  for (const step of remedy.flatMap((each) => alternativeOf(each, follower.takesOther ?? false))) {
    for (const sentence of sentencesOf(step)) await follow(sentence, follower);
  }
}

function alternativeOf(step: string, takesOther: boolean): string[] {
  if (/^or /i.test(step)) return takesOther ? [step] : [];
  const [first = '', ...others] = step.split(/(?<=[.;]) (?=or )/i);
  return takesOther && others.length > 0 ? others : [first];
}

function sentencesOf(step: string): string[] {
  return step.split(/(?<=[.;]) (?=[A-Z]|after|if|or)/).map((sentence) => sentence.replace(/[.;]$/, ''));
}

/** Needs nobody: what Skipper or the cluster does, and what is fine. */
const NOTHING_TO_DO = /^Nothing to do|automatically|Skipper (?:sees|reads|then continues)|^The message names/;
const CONDITION = /^(?:if|after|once|while|often)\b/i;

async function follow(sentence: string, follower: Follower): Promise<void> {
  if (CONDITION.test(sentence) && !follower.isTrue?.test(sentence)) return;
  const edit = follower.edits.find(({ when }) => when.test(sentence));
  const command = /(?:kubectl|skipper deploy) .*$/.exec(sentence)?.[0];
  await edit?.does();
  if (command !== undefined) return run(command, follower, edit !== undefined);
  if (/\bdeploy\b/i.test(sentence)) return deploy(follower, false);
  if (!edit && !NOTHING_TO_DO.test(sentence)) throw new Error(`nobody can follow this: ${sentence}`);
}

async function deploy({ world, namespace }: Follower, forceBootstrap: boolean): Promise<void> {
  await world.deployed(namespace, forceBootstrap ? { force_bootstrap: true } : {});
}

async function run(command: string, follower: Follower, isEdited: boolean): Promise<void> {
  const { world, namespace } = follower;
  if (command === `skipper deploy ${namespace} --force-bootstrap`) return deploy(follower, true);
  const words = wordsOf(command).filter((word) => word !== '-n' && word !== namespace);
  const [, verb = '', kind = '', name = ''] = words;
  switch (verb) {
    case 'edit':
      if (!isEdited) throw new Error(`this scenario edits nothing with: ${command}`);
      return;
    case 'get':
    case 'describe':
    case 'logs':
      return look(world, namespace, verb === 'logs' ? (kind.split('/')[0] ?? '') : kind);
    case 'label':
      return kind === 'namespace'
        ? mark(world, NAMESPACES, { name: namespace }, { labels: marksIn(words) })
        : mark(world, resourceOf(kind), { namespace, name }, { labels: marksIn(words) });
    case 'annotate':
      return mark(world, resourceOf(kind), { namespace, name }, { annotations: marksIn(words) });
    case 'patch':
      return patch(world, resourceOf(kind), { namespace, name }, JSON.parse(words.at(-1) ?? ''));
    case 'delete': {
      const gracePeriodSeconds = Number(/--grace-period=(\d+)/.exec(command)?.[1]);
      return world.kube.delete(resourceOf(kind), { namespace, name }, { gracePeriodSeconds });
    }
    case 'scale': {
      const replicas = Number(/--replicas=(\d+)/.exec(command)?.[1]);
      return patch(world, resourceOf(kind), { namespace, name }, { spec: { replicas } });
    }
    case 'rollout': {
      const [, , , deployment = '', target = ''] = words;
      return patch(world, resourceOf(deployment), { namespace, name: target }, { spec: { paused: null } });
    }
    default:
      throw new Error(`nobody can run this: ${command}`);
  }
}

function wordsOf(command: string): string[] {
  return (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, ''));
}

const RESOURCES: Readonly<Record<string, Resource>> = {
  // Without its group, kubectl takes Argo CD's, if that is installed.
  'applications.fiaas.schibsted.io': APPLICATIONS,
  configmap: CONFIG_MAPS,
  deployment: DEPLOYMENTS,
  pod: PODS,
  resourcequota: RESOURCE_QUOTAS,
};
/** Kinds that the simulated cluster does not have. */
const UNKNOWN_HERE = ['limitrange', 'validatingwebhookconfigurations', 'mutatingwebhookconfigurations'];

function resourceOf(kind: string): Resource {
  const resource = RESOURCES[kind.replace(/s$/, '')];
  if (!resource) throw new Error(`nobody knows the kind ${kind}`);
  return resource;
}

async function look(world: World, namespace: string, kinds: string): Promise<void> {
  for (const kind of kinds.split(',').filter((each) => !UNKNOWN_HERE.includes(each))) {
    await world.kube.request({ method: 'GET', path: pathOf(resourceOf(kind), { namespace }) });
  }
}

/** `key=value` sets, `key-` removes. */
function marksIn(words: readonly string[]): Record<string, string | null> {
  const set = words.filter((word) => /^[^-].*=/.test(word)).map((word) => word.split('='));
  const removed = words.filter((word) => /^[^-].*-$/.test(word)).map((word) => word.slice(0, -1));
  return Object.fromEntries([...set, ...removed.map((key) => [key, null])]);
}

async function mark(
  world: World,
  resource: Resource,
  ref: { readonly namespace?: string; readonly name: string },
  metadata: unknown,
): Promise<void> {
  await patch(world, resource, ref, { metadata });
}

async function patch(
  world: World,
  resource: Resource,
  ref: { readonly namespace?: string; readonly name: string },
  body: unknown,
): Promise<void> {
  await world.kube.request({ method: 'PATCH', patchType: 'merge', path: pathOf(resource, ref), body });
}
