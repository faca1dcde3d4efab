import { PLAN_ACTIONS } from '../../domain/deploy/plan-action.ts';
import type { PlanView } from '../../domain/deploy/plan-view.ts';
import { plural } from '../text/lines.ts';
import type { Column } from '../text/table.ts';

type PlannedTarget = PlanView['targets'][number];

const ACTIONS: readonly string[] = PLAN_ACTIONS;

/** `12 namespaces: 3 bootstrap, 8 update, 1 unchanged` */
export function describePlan({ counts, targets }: PlanView): string {
  const rank = (action: string) => (ACTIONS.includes(action) ? ACTIONS.indexOf(action) : ACTIONS.length);
  const counted = Object.entries(counts)
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([action, count]) => `${count} ${action}`);
  return `${plural(targets.length, 'namespace')}${counted.length === 0 ? '' : `: ${counted.join(', ')}`}`;
}

export const PLAN_COLUMNS: readonly Column<PlannedTarget>[] = [
  { heading: 'NAMESPACE', cell: ({ namespace }) => namespace },
  {
    heading: 'ACTION',
    cell: ({ action }) => ({ text: action, style: action === 'refuse' ? 'red' : undefined }),
  },
  { heading: 'VERSION', cell: ({ version }) => version ?? '', dispensable: 1 },
  { heading: 'REASON', cell: ({ reason }) => reason },
];
