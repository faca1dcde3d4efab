import type { DeploymentPlan } from '../../domain/deploy/plan.ts';
import { namespaces, number, percent } from '../fleet/words.ts';

export type PlanAction = DeploymentPlan['action'];

/** One namespace of a dry run's response. */
export interface PlannedNamespace {
  readonly namespace: string;
  readonly action: PlanAction;
  readonly reason: string;
}

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

const WORDS: readonly (readonly [PlanAction, one: string, many: string, meaning: string])[] = [
  ['bootstrap', 'bootstrap', 'bootstraps', 'a bootstrap pod deploys FDD'],
  ['create', 'create', 'creates', 'the missing Application is created'],
  ['update', 'update', 'updates', 'FDD gets another version or configuration'],
  ['redeploy', 'redeploy', 'redeploys', 'the same release is deployed again'],
  ['verify', 'verify', 'verify', 'already written, only verified now'],
  ['unchanged', 'unchanged', 'unchanged', 'already up to date'],
  ['refuse', 'refused', 'refused', 'nothing is changed'],
];
const WRITES: readonly PlanAction[] = ['bootstrap', 'create', 'update', 'redeploy'];

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
    lines: WORDS.flatMap(([action, one, many, meaning]) => {
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
