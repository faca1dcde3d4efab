import { joinEntries } from '../domain/audit/rollout-entries.ts';
import type { Release } from '../domain/release/release.ts';
import { isOpen } from '../domain/rollout/rollout.ts';
import type { RolloutEvent, TargetPlan } from '../domain/rollout/rollout-status.ts';
import type { KnownRollout, RolloutControl } from '../shared/state/rollout-control.ts';
import { releaseKey } from '../shared/state/stored-release.ts';

/** A namespace that appeared while a rollout of its release runs. */
export interface Joining {
  readonly namespace: string;
  readonly release: Release;
  readonly channel: string;
  readonly configVersion?: string | undefined;
}

/** Others can change the rollout between reading and writing it. */
const MAX_READS = 10;

/** Adds namespaces to the last wave of a rollout that runs; false if it has ended, or was paused, meanwhile. */
export async function joinRollout(
  id: string,
  joining: readonly Joining[],
  state: Pick<RolloutControl, 'knownRollout' | 'advance'>,
): Promise<boolean> {
  for (let read = 0; read < MAX_READS; read += 1) {
    const known = await state.knownRollout(id);
    if (known === undefined || !isOpen(known.status.state) || known.status.state === 'paused') return false;
    const fresh = joining.filter(({ namespace }) => !known.targets.has(namespace));
    if (fresh.length === 0) return true;
    const answer = await state.advance(joiningOf(known, fresh));
    if (answer.kind === 'done') return true;
  }
  return false;
}

function joiningOf(
  { rollout, status, plans }: KnownRollout,
  joining: readonly Joining[],
): Parameters<RolloutControl['advance']>[0] {
  const waves = rollout.strategy?.waves.length ?? 1;
  const last = [...plans.values()].reduce((order, plan) => Math.max(order, plan.order), -1);
  const because = `wave ${waves} of ${waves}: it appeared while the rollout ran`;
  const planned = joining.map(
    ({ namespace, release, channel, configVersion }, index): [string, TargetPlan] => [
      namespace,
      {
        wave: waves - 1,
        order: last + 1 + index,
        because,
        release: releaseKey(release),
        version: release.version,
        channel,
        ...(configVersion === undefined ? {} : { configVersion }),
      },
    ],
  );
  const namespaces = joining.map(({ namespace }) => namespace);
  const reason = `joined wave ${waves} of ${waves}: they need the same release`;
  const event: RolloutEvent = {
    at: Date.now(),
    kind: 'changed',
    state: status.state,
    by: '',
    reason,
    namespaces,
  };
  return {
    id: rollout.id,
    revision: status.revision,
    plans: Object.fromEntries(planned),
    releases: joining.map(({ release }) => release),
    event,
    audit: joinEntries(rollout, event),
    bump: true,
  };
}
