import type { RolloutAnnotations } from '../cluster/rollout-annotations.ts';
import type { Hold } from '../rollout/hold.ts';
import type { NewerReleaseMode } from '../rollout/resolved-strategy.ts';
import { isOpen, type TargetState } from '../rollout/rollout.ts';
import type { Wait } from '../rollout/wait.ts';

/** A rollout that has not ended, as the release check needs it. */
export interface OpenRollout {
  readonly id: string;
  readonly state: TargetState;
  readonly newerRelease: NewerReleaseMode;
  /** The keys of the releases that it brings in waves to namespaces that need them; none for another rollout. */
  readonly joinable: ReadonlySet<string>;
  /** The target of a namespace; undefined if it is not in the rollout. */
  target(namespace: string): { readonly state: TargetState; readonly release: string } | undefined;
}

/** What keeps the release check from deploying. */
export interface Holding {
  /** Those of a namespace's ConfigMap. */
  readonly annotations?: (namespace: string) => RolloutAnnotations | undefined;
  readonly holds: ReadonlyMap<string, Hold>;
  /** By key of the release, or by version. */
  readonly ignored: ReadonlyMap<string, Hold>;
  readonly rollouts: readonly OpenRollout[];
}

export type Held =
  | { readonly kind: 'held'; readonly reason: string }
  /** An operator decides. */
  | { readonly kind: 'ask'; readonly reason: string }
  /** A rollout that runs takes it with it. */
  | { readonly kind: 'join'; readonly rolloutId: string };

/**
 * What keeps a version from a namespace: its ConfigMap's annotations, and what operators have said. The annotations win: their
 * pin replaces an operator's. A hold without a version always counts.
 */
export function heldBy(
  version: string,
  annotations: RolloutAnnotations | undefined,
  hold: Hold | undefined,
): Wait[] {
  const own = annotationWait(annotations, version);
  const isReplaced = hold?.pin !== undefined && annotations?.pin !== undefined;
  const counts = hold && (own !== undefined || (hold.pin !== version && !isReplaced));
  const operator: Wait[] = counts
    ? [{ kind: hold.pin === undefined ? 'hold' : 'pin', text: describeHold(hold) }]
    : [];
  return own ? [own, ...operator] : operator;
}

/** The same as one text; undefined if nothing does. */
export function whyHeld(...about: Parameters<typeof heldBy>): string | undefined {
  const texts = heldBy(...about).map(({ text }) => text);
  return texts.length === 0 ? undefined : texts.join('; also ');
}

function annotationWait({ hold, pin }: RolloutAnnotations = {}, version: string): Wait | undefined {
  if (hold !== undefined) {
    return { kind: 'hold', text: `held by annotation skipper.fiaas.io/hold of its ConfigMap: ${hold}` };
  }
  if (pin === undefined || pin === version) return undefined;
  return { kind: 'pin', text: `pinned to ${pin} by annotation skipper.fiaas.io/pin of its ConfigMap` };
}

/** Why an outdated namespace does not get a release automatically; undefined if it does. */
export function whatHolds(
  namespace: string,
  release: { readonly key: string; readonly version: string },
  { holds, ignored, rollouts, annotations }: Holding,
): Held | undefined {
  const own = whyHeld(release.version, annotations?.(namespace), holds.get(namespace));
  if (own !== undefined) return held(own);
  const ignore = ignored.get(release.key) ?? ignored.get(release.version);
  if (ignore) return held(`release ${release.version} is ignored: ${ignore.reason} (${ignore.by})`);
  // First: an operator is not asked about what another rollout has already.
  const leftTo = rollouts.flatMap((rollout) => whyLeftTo(rollout, namespace, release.key) ?? [])[0];
  if (leftTo !== undefined) return held(leftTo);
  const joins = whichJoins(namespace, release.key, rollouts);
  const other = rollouts.find((rollout) => holdsBack(rollout, namespace, release.key));
  if (!other) return joins;
  const reason = `rollout ${other.id} is ${other.state} and has another release`;
  if (other.newerRelease === 'finish') return held(`${reason}: it finishes first`);
  return joins ?? { kind: 'ask', reason: `${reason}: cancel it or let it finish, then resume this one` };
}

/** Why the release is left to a rollout that brings it. */
function whyLeftTo(
  { id, state, target }: OpenRollout,
  namespace: string,
  release: string,
): string | undefined {
  const own = target(namespace);
  if (own?.release !== release) return undefined;
  if (isOpen(own.state) || state === 'paused') return `rollout ${id} has it, and is ${state}`;
  // Otherwise a release that is still to be proved would reach it at once, before all waves.
  return own.state === 'cancelled' ? `rollout ${id} leaves it out, and is ${state}` : undefined;
}

/** Also where it has ended its target: a newer release does not begin beside it. */
function holdsBack(
  { state, newerRelease, target }: OpenRollout,
  namespace: string,
  release: string,
): boolean {
  const own = target(namespace);
  return own !== undefined && own.release !== release && isOpen(state) && newerRelease !== 'replace';
}

/** A namespace that appeared after the rollout of its release was created. */
function whichJoins(namespace: string, release: string, rollouts: readonly OpenRollout[]): Held | undefined {
  const rollout = rollouts.find((each) => each.joinable.has(release) && !each.target(namespace));
  if (!rollout) return undefined;
  if (rollout.state !== 'paused') return { kind: 'join', rolloutId: rollout.id };
  return held(`rollout ${rollout.id} of its release is paused: it joins when that continues`);
}

function held(reason: string): Held {
  return { kind: 'held', reason };
}

/** `held by jo: reason`, `pinned to v1 by jo: reason` */
export function describeHold({ reason, by, pin }: Hold): string {
  return `${pin === undefined ? 'held' : `pinned to ${pin}`} by ${by}: ${reason}`;
}
