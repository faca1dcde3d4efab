import { countTargets, type TargetState } from '../domain/rollout/rollout.ts';
import { shownState } from '../domain/rollout/rollout-status.ts';
import type { KnownRollout } from './state/rollout-control.ts';

/** The state that people see: commands are about that one. The stored one can be a decision behind it. */
export function shownStateOf({ rollout, status, targets }: KnownRollout): TargetState {
  return shownState(rollout, countTargets(targets.values()), status);
}
