import { type Trigger, URGENT_NAMESPACES } from '../rollout/rollout.ts';

/** Priorities of jobs, lower numbers first; the queue takes those of priority 0 before all others. */
export const URGENT = 0;
const REQUESTED = 10;
export const AUTOMATIC = 20;

const IS_BY_PEOPLE: Readonly<Record<Trigger, boolean>> = {
  api: true,
  release: false,
  retry: false,
  heal: false,
  cli: true,
  board: true,
  webhook: false,
};

/** The priority of a request's jobs: people first, then what Skipper does automatically. */
export function laneOf(trigger: Trigger, namespaces: number): number {
  if (!IS_BY_PEOPLE[trigger]) return AUTOMATIC;
  return namespaces <= URGENT_NAMESPACES ? URGENT : REQUESTED;
}
