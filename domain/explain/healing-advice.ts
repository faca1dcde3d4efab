import { FDD } from '../cluster/names.ts';
import type { Quarantine } from '../heal/healing.ts';
import type { HealthRules } from '../heal/healing-view.ts';
import { describeMeans, FLIP_FLOPS } from '../heal/ladder.ts';
import type { Rule } from '../heal/rule.ts';
import { RULE_MEANINGS } from '../heal/rule-meanings.ts';
import type { Advice } from './remedies.ts';

interface SickNamespace {
  readonly namespace: string;
  /** Undefined if it could not be read. */
  readonly healing: HealthRules | undefined;
}

/** What to do about a rule that holds although nothing else shows that FDD does not work. */
export function adviceForRule(rule: Rule, { namespace, healing }: SickNamespace): Advice {
  return {
    headline: `The health rule ${rule} holds: ${RULE_MEANINGS[rule]}.`,
    remedy: [...whatHealingDoes(healing), ...byHand(rule, namespace)],
  };
}

/** What to do about a rule that held when it was judged last. */
export function adviceForUnjudged(rule: Rule, namespace: string): Advice {
  return {
    headline: `The health rule ${rule} held when it was judged last: ${RULE_MEANINGS[rule]}. It is not judged now.`,
    remedy: ['Find out why healing does not judge it: skipper heal status', ...byHand(rule, namespace)],
  };
}

/** What to do once healing has given up, and nothing else shows why. */
export function adviceForQuarantine(
  { rule, reason }: Pick<Quarantine, 'rule' | 'reason'>,
  sick: SickNamespace,
): Advice {
  const { namespace } = sick;
  const headline = `Healing has given up here: ${reason.replace(/\.$/, '')}.`;
  const remedy = FLIP_FLOPS.has(rule)
    ? [
        `Find out who writes${writerOf(rule, sick)}, and stop it: kubectl -n ${namespace} get ${OBJECTS} ${FDD} -o yaml --show-managed-fields`,
        releaseOf(namespace),
        `If the change is intended, keep releases away from it: skipper hold ${namespace}`,
      ]
    : [...byHand(rule, namespace), releaseOf(namespace)];
  return { headline, remedy };
}

/** The last step of every advice in a namespace that is in quarantine. */
export function releaseOf(namespace: string): string {
  return `Once the cause is removed, release it from quarantine: skipper quarantine release ${namespace}`;
}

/** With their groups: other products have kinds of the same name. */
const OBJECTS = 'applications.fiaas.schibsted.io,deployments.apps';

function writerOf(rule: Rule, { healing }: SickNamespace): string {
  const by = healing?.rules.find((each) => each.rule === rule)?.by;
  return by === undefined ? '' : ` as ${by}`;
}

function whatHealingDoes(view: HealthRules | undefined): string[] {
  const { mode, healing } = view ?? {};
  if (!healing || mode === 'off' || mode === undefined) return [];
  const { state, nextMeans, reason, findings } = healing;
  if (mode === 'report') {
    const would =
      nextMeans === undefined
        ? ''
        : `; with --heal on it would ${describeMeans(nextMeans, findings[0]?.rule)}`;
    return [`Healing only reports (--heal report)${would}.`];
  }
  if (state === 'left-alone' || state === 'stopped')
    return [`Healing does not repair it now: ${reason.replace(/\.$/, '')}.`];
  if (state === 'healing') return ['Nothing, if you can wait: healing is repairing it.'];
  const next = nextMeans === undefined ? 'repair it' : describeMeans(nextMeans, findings[0]?.rule);
  return [`Nothing, if you can wait: if it lasts, healing will ${next}.`];
}

/** What people can do, the mildest first. */
function byHand(rule: Rule, namespace: string): string[] {
  const again = `Deploy again: skipper deploy ${namespace}`;
  if (RESTARTED.has(rule))
    return [
      `Restart FDD: kubectl -n ${namespace} delete pod -l app=${FDD}`,
      `Or deploy again: skipper deploy ${namespace}`,
    ];
  if (LOOPING.has(rule))
    return [
      `Read its last log lines: kubectl -n ${namespace} logs deployment/${FDD} -c ${FDD} --previous`,
      again,
    ];
  return [`Check its objects: kubectl -n ${namespace} describe deployments,pods -l app=${FDD}`, again];
}

const RESTARTED: ReadonlySet<Rule> = new Set(['deaf', 'unreported']);
const LOOPING: ReadonlySet<Rule> = new Set(['crash-loop', 'oom']);
