import { PLAN_ACTIONS, type PlanAction } from '../../domain/deploy/plan-action.ts';
import type { PlanView } from '../../domain/deploy/plan-view.ts';
import { namespaces, number, percent } from '../fleet/words.ts';

/** One namespace of a dry run's response. */
export type PlannedNamespace = Pick<PlanView['targets'][number], 'namespace' | 'action' | 'reason'>;

export interface PlanLine {
  readonly action: PlanAction;
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
  /** Those of them in which FDD is running and will be restarted. */
  readonly restarts: number;
  readonly blastRadius: string;
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

const WORDS: Readonly<Record<PlanAction, ActionWords>> = {
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
  verify: {
    one: 'verify',
    many: 'verify',
    meaning: 'already written, only verified now',
    isWrite: false,
  },
  unchanged: { one: 'unchanged', many: 'unchanged', meaning: 'already up to date', isWrite: false },
  refuse: { one: 'refused', many: 'refused', meaning: 'nothing is changed', isWrite: false },
};
const WRITES: readonly string[] = PLAN_ACTIONS.filter((action) => WORDS[action].isWrite);

/** From this size on the number has to be typed: a count of namespaces, or a share of a fleet that is not tiny. */
const LARGE = 100;
const LARGE_SHARE = 0.5;
const TINY = 10;

/** A dry run in numbers and words. */
export function summarizePlan(
  targets: readonly PlannedNamespace[],
  fleetSize: number,
  runsNow: (namespace: string) => boolean,
): PlanSummary {
  const writes = targets.filter(({ action }) => WRITES.includes(action));
  const touched = writes.length;
  const restarts = writes.filter(({ namespace }) => runsNow(namespace)).length;
  return {
    lines: PLAN_ACTIONS.flatMap((action) => {
      const { one, many, meaning } = WORDS[action];
      const those = targets.filter((target) => target.action === action);
      if (those.length === 0) return [];
      const word = those.length === 1 ? one : many;
      return [{ action, count: those.length, word, meaning, reasons: countReasons(those) }];
    }),
    touched,
    restarts,
    blastRadius: describe(touched, restarts, fleetSize),
    isLarge: touched >= LARGE || (touched >= TINY && touched >= LARGE_SHARE * fleetSize),
  };
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

function countReasons(targets: readonly PlannedNamespace[]): PlanLine['reasons'] {
  const counts = new Map<string, number>();
  for (const { reason } of targets) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
