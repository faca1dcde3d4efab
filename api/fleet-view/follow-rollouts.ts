import type { RolloutProgress } from '../../domain/fleet/fleet-summary.ts';
import { doneOf, remainingOf, toProgress } from '../../domain/fleet/summarise-fleet.ts';
import { isOpen, type TargetCounts } from '../../domain/rollout/rollout.ts';
import { estimateEnd, type ProgressSample, withSample } from '../../domain/rollout/rollout-eta.ts';
import { shownState } from '../../domain/rollout/rollout-status.ts';
import type { CountedRollout } from '../../shared/state/rollouts.ts';

/** At most this many ended rollouts are shown. */
const ENDED_SHOWN = 5;

/** Remembers the progress of each rollout, and estimates its end from that. */
export type FollowRollouts = (rollouts: readonly CountedRollout[], now: number) => RolloutProgress[];

/** Shows unfinished rollouts, and the latest that have ended. */
export function createRolloutFollower(): FollowRollouts {
  let samples = new Map<string, readonly ProgressSample[]>();
  return (rollouts, now) => {
    const followed = new Map<string, readonly ProgressSample[]>();
    let ended = 0;
    const shown = rollouts.flatMap(({ rollout, counts, status }) => {
      if (!isOpen(shownState(rollout, counts, status))) {
        ended += 1;
        return ended <= ENDED_SHOWN ? [toProgress(rollout, counts, undefined, status)] : [];
      }
      const known = withSample(samples.get(rollout.id) ?? [], { at: now, done: doneOf(counts) });
      followed.set(rollout.id, known);
      return [toProgress(rollout, counts, etaOf(known, counts), status)];
    });
    samples = followed;
    return shown;
  };
}

/** The pace applies only to targets that have not started: a running one can take until its deadline. */
function etaOf(samples: readonly ProgressSample[], counts: TargetCounts): number | undefined {
  return counts.pending === 0 ? undefined : estimateEnd(samples, remainingOf(counts));
}
