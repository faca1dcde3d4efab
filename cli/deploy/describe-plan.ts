import { PLAN_ACTIONS } from '../../domain/deploy/plan-action.ts';
import type { PlanView } from '../../domain/deploy/plan-view.ts';
import { plural } from '../../domain/plural.ts';
import { oneLine } from '../text/lines.ts';
import type { Column } from '../text/table.ts';

type PlannedTarget = PlanView['targets'][number];

/** Taking FDD over from Helm is a bootstrap that needs its own confirmation. */
const TAKEOVER = 'takeover';
const ACTIONS: readonly string[] = [TAKEOVER, ...PLAN_ACTIONS];
const UNWRITTEN: readonly string[] = ['verify', 'unchanged', 'refuse'];

/** `12 namespaces: 3 bootstrap, 8 update, 1 unchanged` */
export function describePlan(plan: PlanView): string {
  const rank = (action: string) => (ACTIONS.includes(action) ? ACTIONS.indexOf(action) : ACTIONS.length);
  const counted = Object.entries(countsOf(plan))
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([action, count]) => `${count} ${action}`);
  const { length } = plan.targets;
  return `${plural(length, 'namespace')}${counted.length === 0 ? '' : `: ${counted.join(', ')}`}`;
}

function countsOf(plan: PlanView): Readonly<Record<string, number>> {
  const takeovers = takeoversOf(plan).length;
  return { ...plan.counts, [TAKEOVER]: takeovers, bootstrap: (plan.counts.bootstrap ?? 0) - takeovers };
}

/** The namespaces in which FDD is taken over from Helm. */
export function takeoversOf({ targets }: PlanView): readonly PlannedTarget[] {
  return targets.filter(({ takesOverFrom }) => takesOverFrom !== undefined);
}

/** `  team-a: 1.0 → 2.0 (update)`; an older API does not report what runs. */
export function describeTargets({ targets }: PlanView): string[] {
  return targets
    .filter(({ from }) => from !== undefined)
    .map((target) => `  ${oneLine(describeTarget(target))}`);
}

function describeTarget(target: PlannedTarget): string {
  return `${target.namespace}: ${versionsOf(target) || 'no FDD'} (${actionOf(target)})`;
}

function actionOf({ action, takesOverFrom }: PlannedTarget): string {
  return takesOverFrom === undefined ? action : TAKEOVER;
}

/** `A → B`, or the version that stays. */
function versionsOf({ action, from, version = '' }: PlannedTarget): string {
  if (from === undefined) return version;
  const isSame = UNWRITTEN.includes(action) || version === '' || from === version;
  return isSame ? from : `${from || 'not deployed'} → ${version}`;
}

export const PLAN_COLUMNS: readonly Column<PlannedTarget>[] = [
  { heading: 'NAMESPACE', cell: ({ namespace }) => namespace },
  {
    heading: 'ACTION',
    cell: (target) => ({
      text: actionOf(target),
      style: target.action === 'refuse' ? 'red' : undefined,
    }),
  },
  { heading: 'VERSION', cell: versionsOf, dispensable: 1 },
  { heading: 'REASON', cell: ({ reason }) => reason },
];
