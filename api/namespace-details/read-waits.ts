import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import { listWaits } from '../../domain/explain/list-waits.ts';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { type Closure, closureAt } from '../../domain/rollout/closure.ts';
import { isOpen } from '../../domain/rollout/rollout.ts';
import { type RolloutPolicy, scheduleFor, waitsForNamespaces } from '../../domain/rollout/rollout-policy.ts';
import type { DecidedTarget, Situation } from '../../domain/rollout/situation.ts';
import type { Wait } from '../../domain/rollout/wait.ts';
import type { KnownRollout } from '../../shared/state/rollout-control.ts';
import type { RouteServices } from '../route.ts';

export type WaitSources = Pick<RouteServices, 'state' | 'policy'>;

/** What holds a namespace now. Throws while Redis is unreachable. */
export async function readWaits(
  { state, policy: source }: WaitSources,
  { namespace, config }: NamespaceSnapshot,
  row: FleetRow,
): Promise<Wait[]> {
  const [holds, ignored, ids, record, scarceRequests] = await Promise.all([
    state.holds(),
    state.ignoredReleases(),
    state.rolloutsHolding(namespace),
    state.record(namespace),
    state.scarceRequests(),
  ]);
  const known = await Promise.all(ids.map((id) => state.knownRollout(id)));
  const rollouts = known.filter((each) => each !== undefined);
  const annotations = config?.ok ? config.value.rollout : undefined;
  const now = Date.now();
  const policy = source.current();
  return listWaits({
    namespace,
    version: row.wanted,
    isBehind: row.health !== 'unmanaged' && row.wanted !== '' && row.wanted !== row.version,
    annotations,
    hold: holds.get(namespace),
    ignored: [...ignored.values()].find(({ version }) => version === row.wanted),
    closures: closuresOf(policy, rollouts, annotations?.window, now),
    rollouts: rollouts.map((each) => ({
      situation: toSituation(each, now),
      stateReason: each.status.reason,
    })),
    record,
    scarceRequests,
  });
}

/** Of the rollout that holds it back, otherwise of the release check's next one. */
function closuresOf(
  policy: RolloutPolicy,
  rollouts: readonly KnownRollout[],
  window: Parameters<typeof closureAt>[0]['windows'],
  now: number,
): Closure[] {
  const trigger = rollouts[0]?.rollout.trigger ?? 'release';
  const own = waitsForNamespaces(policy, trigger) ? closureAt({ windows: window }, now) : undefined;
  return [closureAt(scheduleFor(policy, trigger), now), own].filter((each) => each !== undefined);
}

function toSituation({ rollout, status, targets, plans }: KnownRollout, now: number): Situation {
  const decided = [...targets].map(([namespace, { state, startedAt, finishedAt }]): DecidedTarget => {
    const { wave = 0, order = 0, admittedAt } = plans.get(namespace) ?? {};
    return { namespace, state, startedAt, finishedAt, wave, order, admittedAt, isHealthyNow: true };
  });
  const strategy = rollout.strategy ?? {
    type: 'All',
    waves: [],
    maxConcurrency: Math.max(1, decided.filter(({ state }) => isOpen(state)).length),
    maxFailures: 0,
    minSuccessMs: 0,
    approval: false,
  };
  return { rollout: { ...status, id: rollout.id }, targets: decided, strategy, now };
}
