import type { z } from 'zod';
import type { PlanView } from '../../domain/deploy/plan-view.ts';
import { plural } from '../text/lines.ts';
import type { Column } from '../text/table.ts';

export type Plan = z.infer<typeof PlanView>;
type PlannedTarget = Plan['targets'][number];

/** In the order of how much happens. */
const ACTIONS = ['bootstrap', 'create', 'update', 'redeploy', 'verify', 'unchanged', 'refuse'];

/** `12 namespaces: 3 bootstrap, 8 update, 1 unchanged` */
export function describePlan({ counts, targets }: Plan): string {
  const rank = (action: string) => (ACTIONS.includes(action) ? ACTIONS.indexOf(action) : ACTIONS.length);
  const told = Object.entries(counts)
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([action, count]) => `${count} ${action}`);
  return `${plural(targets.length, 'namespace')}${told.length === 0 ? '' : `: ${told.join(', ')}`}`;
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
