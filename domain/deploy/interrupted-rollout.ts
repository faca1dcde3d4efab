import type { RolloutTarget } from '../rollout/rollout.ts';
import { requestedAtOf } from '../rollout/rollout-id.ts';
import type { TargetPlan } from '../rollout/rollout-status.ts';
import type { Write } from './find-write.ts';
import { rebuiltEvent } from './rebuilt-event.ts';
import type { OpenRolloutState } from './recover-state.ts';

export const INTERRUPTED =
  'interrupted: Redis lost its data; resume to continue with the namespaces that are known';

/**
 * A rollout that only annotations show. Nothing runs before an operator resumes it: what was written and is not verified is held
 * back until then. Who requested it, its strategy, and the namespaces that it had not reached are unknown.
 */
export function interruptedRollout(
  id: string,
  writes: readonly (readonly [string, Write])[],
  now: number,
): OpenRolloutState {
  const targets = new Map(writes.map(([namespace, write]) => [namespace, targetOf(write, now)]));
  return {
    rollout: {
      id,
      trigger: 'unknown',
      requestedBy: '',
      forceBootstrap: false,
      createdAt: requestedAtOf(id) ?? now,
      releases: releasesOf(writes),
      reason:
        'known from annotations only: who requested it, its strategy, and the namespaces that it had not reached are lost',
    },
    status: {
      state: 'paused',
      reason: INTERRUPTED,
      because: INTERRUPTED,
      changedAt: now,
      failures: [],
      deadlinesFrom: now,
      revision: 1,
      seq: 0,
    },
    targets,
    plans: new Map(writes.map(([namespace, write], order) => [namespace, planOf(write, order)])),
    events: [rebuiltEvent('paused', targets.values(), now)],
  };
}

function releasesOf(writes: readonly (readonly [string, Write])[]) {
  const images = new Map(
    writes.flatMap(([, { release }]) => (release ? [[release.image, release.version] as const] : [])),
  );
  return [...images].map(([image, version]) => ({ channel: '', image, version }));
}

function targetOf({ result, release, writtenAt }: Write, now: number): RolloutTarget {
  const target = { version: release?.version, startedAt: writtenAt };
  switch (result) {
    case 'open':
      return { version: release?.version, state: 'pending', reason: 'written, not verified yet' };
    case 'failed':
      return {
        ...target,
        state: 'failed',
        code: 'fdd_failed',
        reason: 'FDD reported FAILED',
        finishedAt: now,
      };
    case 'changed':
      return { ...target, state: 'superseded', reason: 'another client has changed it', finishedAt: now };
    default:
      return {
        ...target,
        state: 'completed',
        reason: 'FDD had deployed it when the state was rebuilt',
        finishedAt: now,
      };
  }
}

function planOf({ origin, release, result, writtenAt }: Write, order: number): TargetPlan {
  return {
    wave: 0,
    order,
    because: 'known from the annotations of its Application',
    release: origin.release,
    version: release?.version ?? '',
    channel: '',
    ...(result !== 'open' && { admittedAt: writtenAt }),
  };
}
