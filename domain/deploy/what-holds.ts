import type { Hold } from '../rollout/hold.ts';
import type { NewerReleaseMode } from '../rollout/resolved-strategy.ts';
import { isOpen, type TargetState } from '../rollout/rollout.ts';

/** A rollout that has not ended, as the release check needs it. */
export interface OpenRollout {
  readonly id: string;
  readonly state: TargetState;
  readonly newerRelease: NewerReleaseMode;
  /** The target of a namespace; undefined if it is not in the rollout. */
  target(
    namespace: string,
  ): { readonly state: TargetState; readonly release: string; readonly isAdmitted: boolean } | undefined;
}

/** What keeps the release check from deploying. */
export interface Holding {
  readonly holds: ReadonlyMap<string, Hold>;
  /** By key of the release, or by version. */
  readonly ignored: ReadonlyMap<string, Hold>;
  readonly rollouts: readonly OpenRollout[];
}

export type Held =
  | { readonly kind: 'held'; readonly reason: string }
  /** An operator decides. */
  | { readonly kind: 'ask'; readonly reason: string };

/** Why an outdated namespace does not get a release automatically; undefined if it does. */
export function whatHolds(
  namespace: string,
  release: { readonly key: string; readonly version: string },
  { holds, ignored, rollouts }: Holding,
): Held | undefined {
  const hold = holds.get(namespace);
  if (hold && hold.pin !== release.version) return held(describeHold(hold));
  const ignore = ignored.get(release.key) ?? ignored.get(release.version);
  if (ignore) return held(`release ${release.version} is ignored: ${ignore.reason} (${ignore.by})`);
  for (const rollout of rollouts) {
    const target = rollout.target(namespace);
    if (target === undefined) continue;
    const isSame = target.release === release.key;
    if (isSame && (isOpen(target.state) || rollout.state === 'paused')) {
      return held(`rollout ${rollout.id} has it, and is ${rollout.state}`);
    }
    if (isSame || !isOpen(target.state) || target.isAdmitted || rollout.newerRelease === 'replace') continue;
    const reason = `rollout ${rollout.id} is ${rollout.state} and has another release`;
    if (rollout.newerRelease === 'finish') return held(`${reason}: it finishes first`);
    return { kind: 'ask', reason: `${reason}: cancel it or let it finish, then resume this one` };
  }
  return undefined;
}

function held(reason: string): Held {
  return { kind: 'held', reason };
}

/** `held by jo: reason`, `pinned to v1 by jo: reason` */
export function describeHold({ reason, by, pin }: Hold): string {
  return `${pin === undefined ? 'held' : `pinned to ${pin}`} by ${by}: ${reason}`;
}
