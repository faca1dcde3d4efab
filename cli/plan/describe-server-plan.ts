import { PLAN_ACTIONS } from '../../domain/deploy/plan-action.ts';
import type { PlannedNamespace, ServerPlan } from '../../domain/deploy/server-plan.ts';
import { plural } from '../../domain/plural.ts';
import type { Column } from '../text/table.ts';

const DENIED = 'denied';
const ORDER: readonly string[] = [DENIED, ...PLAN_ACTIONS];

/** `Plan: 1 denied, 3 update, 16 unchanged.` */
export function summarisePlan({ counts, targets }: ServerPlan): string {
  const counted = Object.entries(counts)
    .sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map(([action, count]) => `${count} ${action}`);
  return `Plan for ${plural(targets.length, 'namespace')}: ${counted.join(', ') || 'nothing to do'}.`;
}

/** True if carrying the plan out changes nothing. */
export function changesNothing({ targets }: ServerPlan): boolean {
  return targets.every(({ action, denied }) => denied !== undefined || NOTHING.includes(action));
}
const NOTHING: readonly string[] = ['unchanged', 'refuse'];

export const SERVER_PLAN_COLUMNS: readonly Column<PlannedNamespace>[] = [
  { heading: 'NAMESPACE', cell: ({ namespace }) => namespace },
  {
    heading: 'ACTION',
    cell: ({ action, denied, takesOverFrom }) => ({
      text: denied === undefined ? (takesOverFrom === undefined ? action : 'takeover') : DENIED,
      style: denied !== undefined || action === 'refuse' ? 'red' : undefined,
    }),
  },
  { heading: 'VERSION', cell: versionsOf, dispensable: 1 },
  { heading: 'REASON', cell: ({ reason, denied }) => denied ?? reason },
];

function versionsOf({ action, from = '', version = '' }: PlannedNamespace): string {
  if (version === '' || from === version || NOTHING.includes(action)) return from;
  return `${from || 'not deployed'} → ${version}`;
}
