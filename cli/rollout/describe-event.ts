import type { RolloutEvent } from '../../domain/rollout/rollout-status.ts';
import { oneLine } from '../text/lines.ts';
import { nameSome } from '../text/name-some.ts';

/** `paused by 10.0.0.1: OPS-17`; a decision of Skipper is its reason. */
export function describeEvent({ kind, by, state, reason, namespaces = [] }: RolloutEvent): string {
  if (by === '' && kind === 'decided') return oneLine(reason || state);
  const who = by === '' ? kind : `${kind} by ${by}`;
  const about = by === '' || namespaces.length === 0 ? '' : ` (${nameSome(namespaces)})`;
  return oneLine(`${reason === '' ? who : `${who}: ${reason}`}${about}`);
}

/** The events of the second timeline that the first does not have, oldest first. Timelines are newest first. */
export function newEvents(
  before: readonly RolloutEvent[],
  after: readonly RolloutEvent[],
): readonly RolloutEvent[] {
  const known = new Set(before.map(keyOf));
  return after.filter((event) => !known.has(keyOf(event))).toReversed();
}

function keyOf({ at, kind, by, reason }: RolloutEvent): string {
  return JSON.stringify([at, kind, by, reason]);
}
