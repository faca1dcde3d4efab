import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { describeEvent, newEvents } from '../rollout/describe-event.ts';
import { byEnd, describeEnd, newlyEnded } from './rollout-progress.ts';

/** Something that has happened to a rollout since it was last read. */
export interface RolloutNews {
  /** Milliseconds since the epoch; undefined if the API does not know it. */
  readonly at: number | undefined;
  readonly text: string;
  /** A target has ended. */
  readonly isEnd: boolean;
  readonly isFailure: boolean;
  /** It stays on the screen: thousands of targets that end well do not. */
  readonly isNotable: boolean;
}

/** The targets that have ended and, if they are wanted, the decisions; oldest first. */
export function newsOf(
  before: RolloutView | undefined,
  after: RolloutView,
  hasDecisions: boolean,
): RolloutNews[] {
  const ends = newlyEnded(before, after)
    .toSorted(byEnd)
    .map((target): RolloutNews => {
      const isFailure = target.state === 'failed';
      const text = `${target.namespace} ${describeEnd(target)}`;
      return { at: target.finishedAt, text, isEnd: true, isFailure, isNotable: isFailure };
    });
  return hasDecisions ? [...ends, ...decisionsOf(before, after)].sort(byTime) : ends;
}

function decisionsOf(before: RolloutView | undefined, { id, events = [] }: RolloutView): RolloutNews[] {
  return newEvents(before?.events ?? [], events).map((event) => ({
    at: event.at,
    text: `rollout ${id}: ${describeEvent(event)}`,
    isEnd: false,
    isFailure: event.state === 'paused' || event.state === 'failed',
    isNotable: true,
  }));
}

function byTime(a: RolloutNews, b: RolloutNews): number {
  return (a.at ?? Number.MAX_SAFE_INTEGER) - (b.at ?? Number.MAX_SAFE_INTEGER);
}
