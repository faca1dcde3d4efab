import { errorIn } from '../../domain/cluster/fdd-log.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';

type Target = RolloutView['targets'][number];

/** Why a namespace failed, on one line: Skipper's reason and, if that leaves it open, the error in FDD's log. */
export function describeFailure({ reason, details = [] }: Pick<Target, 'reason' | 'details'>): string {
  const error = errorIn(details);
  return oneLine(error === undefined || reason.includes(error) ? reason : `${reason}: ${error}`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
