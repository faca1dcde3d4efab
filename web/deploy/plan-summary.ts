import { PLAN_ACTIONS, type PlanAction } from '../../domain/deploy/plan-action.ts';
import type { PlanView } from '../../domain/deploy/plan-view.ts';
import { namespaces, number, percent } from '../fleet/words.ts';

/** One namespace of a dry run's response. */
export type PlannedNamespace = Pick<
  PlanView['targets'][number],
  'namespace' | 'action' | 'reason' | 'version'
>;

/** What a namespace runs before the deploy. */
export interface RunningNow {
  /** Empty if nothing runs. */
  readonly version: string;
  readonly isHelmManaged: boolean;
}

/** What happens in one namespace: an action of the planner, or one that needs its own confirmation. */
export type PlannedAction = PlanAction | 'takeover';

/** One namespace of the plan, for the list. */
export interface PlannedChange {
  readonly namespace: string;
  readonly word: string;
  /** `A → B`, or the version that stays; empty if nothing runs and nothing is deployed. */
  readonly versions: string;
  readonly reason: string;
}

export interface PlanLine {
  readonly action: PlannedAction;
  readonly count: number;
  readonly word: string;
  readonly meaning: string;
  /** Most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
}

export interface PlanSummary {
  readonly lines: readonly PlanLine[];
  /** Namespaces that the deploy writes to. */
  readonly touched: number;
  /** Those in which FDD is running and will be restarted. */
  readonly restarts: number;
  readonly blastRadius: string;
  readonly changes: readonly PlannedChange[];
  /** Namespaces in which FDD is taken over from Helm. */
  readonly takeovers: readonly string[];
  /** What the button does; undefined if nothing can be done. */
  readonly button: string | undefined;
  /** Needs more confirmation than one click. */
  readonly isLarge: boolean;
}

interface ActionWords {
  readonly one: string;
  readonly many: string;
  readonly meaning: string;
  /** Something is written in the namespace. */
  readonly isWrite: boolean;
}

const WORDS: Readonly<Record<PlannedAction, ActionWords>> = {
  takeover: {
    one: 'takeover',
    many: 'takeovers',
    meaning: 'FDD is taken over from Helm: a bootstrap pod deploys it',
    isWrite: true,
  },
  bootstrap: { one: 'bootstrap', many: 'bootstraps', meaning: 'a bootstrap pod deploys FDD', isWrite: true },
  create: {
    one: 'create',
    many: 'creates',
    meaning: 'the missing Application is created',
    isWrite: true,
  },
  update: {
    one: 'update',
    many: 'updates',
    meaning: 'FDD gets another version or configuration',
    isWrite: true,
  },
  redeploy: {
    one: 'redeploy',
    many: 'redeploys',
    meaning: 'the same release is deployed again',
    isWrite: true,
  },
  restart: { one: 'restart', many: 'restarts', meaning: 'the pods of FDD are deleted', isWrite: true },
  verify: {
    one: 'verify',
    many: 'verify',
    meaning: 'already written, only verified now',
    isWrite: false,
  },
  unchanged: { one: 'unchanged', many: 'unchanged', meaning: 'already up to date', isWrite: false },
  refuse: { one: 'refused', many: 'refused', meaning: 'nothing is changed', isWrite: false },
};
const ACTIONS: readonly PlannedAction[] = ['takeover', ...PLAN_ACTIONS];
const WRITES: readonly string[] = ACTIONS.filter((action) => WORDS[action].isWrite);

/** From this size on, the number must be typed: a count of namespaces, or a share of a fleet that is not tiny. */
const LARGE = 100;
const LARGE_SHARE = 0.5;
const TINY = 10;

/** A dry run in numbers and words. */
export function summarizePlan(
  planned: readonly PlannedNamespace[],
  fleetSize: number,
  now: (namespace: string) => RunningNow,
): PlanSummary {
  const targets = planned.map((target) => toTarget(target, now(target.namespace)));
  const writes = targets.filter(({ action }) => WRITES.includes(action));
  const touched = writes.length;
  const restarts = writes.filter(({ from }) => from !== '').length;
  return {
    lines: ACTIONS.flatMap((action) => {
      const { one, many, meaning } = WORDS[action];
      const those = targets.filter((target) => target.action === action);
      if (those.length === 0) return [];
      const word = those.length === 1 ? one : many;
      return [{ action, count: those.length, word, meaning, reasons: countReasons(those) }];
    }),
    touched,
    restarts,
    blastRadius: describe(touched, restarts, fleetSize),
    changes: targets.map(toChange),
    takeovers: targets.filter(({ action }) => action === 'takeover').map(({ namespace }) => namespace),
    button: buttonOf(targets, writes),
    isLarge: touched >= LARGE || (touched >= TINY && touched >= LARGE_SHARE * fleetSize),
  };
}

interface Target {
  readonly namespace: string;
  readonly action: PlannedAction;
  readonly reason: string;
  /** Empty if nothing runs. */
  readonly from: string;
  /** Empty if unknown. */
  readonly to: string;
}

function toTarget({ namespace, action, reason, version = '' }: PlannedNamespace, now: RunningNow): Target {
  const isTakeover = now.isHelmManaged && action === 'bootstrap';
  const known = PLAN_ACTIONS.find((each) => each === action) ?? 'update';
  return { namespace, action: isTakeover ? 'takeover' : known, reason, from: now.version, to: version };
}

function toChange({ namespace, action, reason, from, to }: Target): PlannedChange {
  const isSame = !WRITES.includes(action) || to === '' || from === to;
  const versions = isSame ? from : `${from || 'not deployed'} → ${to}`;
  return { namespace, word: WORDS[action].one, versions, reason };
}

/** The label of the button. */
function buttonOf(targets: readonly Target[], writes: readonly Target[]): string | undefined {
  const count = number(writes.length);
  const all = (is: (target: Target) => boolean) => writes.every(is);
  if (writes.length === 0)
    return targets.some(({ action }) => action !== 'refuse') ? 'Check again' : undefined;
  if (all(({ action }) => action === 'takeover')) return `Take over ${count} from Helm`;
  if (all(({ action }) => action === 'bootstrap'))
    return `Bootstrap ${count}${all(({ from }) => from !== '') ? ' again' : ''}`;
  if (all(({ from, to }) => from !== '' && from === to)) return `Restart ${count}`;
  if (all(({ action, from }) => action === 'update' && from !== '')) return `Update ${count}`;
  return `Deploy ${count}`;
}

function describe(touched: number, restarts: number, fleetSize: number): string {
  if (touched === 0) return 'Nothing will change.';
  const of = (count: number) =>
    fleetSize > 1
      ? `${number(count)} of ${namespaces(fleetSize)}, ${percent(count, fleetSize)} of the fleet`
      : namespaces(count);
  const starts = touched - restarts;
  if (restarts === 0) return `This starts FDD in ${of(starts)}.`;
  if (starts === 0) return `This restarts FDD in ${of(restarts)}.`;
  return `This restarts FDD in ${of(restarts)}, and starts it in ${number(starts)} more.`;
}

/** Why, or what it means: the reason of some of the namespaces is never shown as that of all. */
export function explainLine(
  { action, meaning, reasons }: Pick<PlanLine, 'action' | 'meaning' | 'reasons'>,
  isOnlyLine: boolean,
): string {
  const [most, ...others] = reasons;
  if (most === undefined) return meaning;
  if (action === 'refuse' && others.length > 0) {
    const rest = others.length === 1 ? 'another reason' : `${number(others.length)} other reasons`;
    return `${most.reason}; and ${rest}`;
  }
  return action === 'refuse' || (isOnlyLine && others.length === 0) ? most.reason : meaning;
}

function countReasons(targets: readonly Target[]): PlanLine['reasons'] {
  const counts = new Map<string, number>();
  for (const { reason } of targets) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
