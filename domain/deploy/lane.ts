import { isByPeople, type Rollout, type Trigger, URGENT_NAMESPACES } from '../rollout/rollout.ts';

/** Priorities of jobs, lower numbers first; the queue takes those of priority 0 before all others. */
export const URGENT = 0;
const REQUESTED = 10;
export const AUTOMATIC = 20;

/** The priority of a request's jobs: people first, then what Skipper does automatically. */
export function laneOf(trigger: Trigger, namespaces: number): number {
  if (!isByPeople(trigger)) return AUTOMATIC;
  return namespaces <= URGENT_NAMESPACES ? URGENT : REQUESTED;
}

/** The same of a stored rollout: one that was small when it was requested stays urgent, even if others join it. */
export function laneOfRollout(
  { trigger, isUrgent }: Pick<Rollout, 'trigger' | 'isUrgent'>,
  targets: number,
): number {
  return isUrgent ? URGENT : laneOf(trigger, targets);
}
