import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { RolloutTarget } from '../../domain/rollout/rollout.ts';
import { type DesiredState, openDesiredState } from '../../shared/state/desired-state.ts';
import { findAuditEntries } from '../../shared/state/find-audit-entries.ts';
import { aRelease, aRollout } from '../support/builders.ts';
import { openEpoch } from '../support/open-epoch.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();

function freshState(): DesiredState {
  const prefix = `{test-${randomUUID()}}`;
  void openEpoch(own.redis, prefix);
  return openDesiredState(own.redis, prefix);
}

/** Oldest first. */
async function entriesOf(state: DesiredState) {
  return state.auditAfter('0', 1_000);
}

async function kindsOf(state: DesiredState) {
  return (await entriesOf(state)).map(({ kind }) => kind);
}

async function request(state: DesiredState, id: string, idempotency?: { key: string; fingerprint: string }) {
  return state.request({
    rollout: aRollout({ id, trigger: 'api', requestedBy: '10.0.0.1', createdAt: Date.now() }),
    targets: [{ namespace: 'a', release: aRelease(), target: { state: 'pending' } }],
    idempotency,
  });
}

async function deploy(state: DesiredState, id: string, target: RolloutTarget): Promise<void> {
  await request(state, id);
  const lease = { token: randomUUID(), leaseMs: 60_000, inFlight: { ttlMs: 60_000 } };
  const begun = await state.begin('a', `job-${id}`, lease);
  if (begun.kind !== 'run') throw new Error(`the run did not begin: ${begun.kind}`);
  await state.finish('a', begun.run, target);
}

describe('a request', () => {
  test('is in the log with it, and only once if it is repeated', async () => {
    const state = freshState();
    const key = { key: 'k', fingerprint: 'f' };

    await request(state, 'r1', key);
    await request(state, 'r2', key);

    expect(await entriesOf(state)).toMatchObject([
      { kind: 'rollout.requested', by: '10.0.0.1', rolloutId: 'r1', namespaces: ['a'] },
      { kind: 'rollout.started', by: '10.0.0.1', rolloutId: 'r1', namespaces: ['a'] },
    ]);
  });
});

describe('the log of a namespace', () => {
  test('has the entries of its rollouts, however many namespaces these have', async () => {
    const state = freshState();
    const namespaces = Array.from({ length: 30 }, (_, index) => `team-${10 + index}`);
    const targets = (names: readonly string[]) =>
      names.map((namespace) => ({
        namespace,
        release: aRelease(),
        target: { state: 'pending' } as const,
      }));
    await state.request({ rollout: aRollout({ id: 'large' }), targets: targets(namespaces) });
    await state.request({ rollout: aRollout({ id: 'other' }), targets: targets(['team-10']) });
    const rolloutsWith = async (namespace: string) => {
      const { entries } = await findAuditEntries(state, { namespace, limit: 50 });
      return entries.flatMap(({ kind, rolloutId }) => (kind === 'rollout.requested' ? [rolloutId] : []));
    };

    expect(await rolloutsWith('team-39')).toEqual(['large']);
    expect(await rolloutsWith('team-10')).toEqual(['other', 'large']);
    expect(await rolloutsWith('team-40')).toEqual([]);
  });
});

describe('a run', () => {
  test('that fails is noted, and so is the first one that completes afterwards', async () => {
    const state = freshState();

    await deploy(state, 'r1', { state: 'completed', outcome: 'created' });
    await deploy(state, 'r2', { state: 'failed', code: 'fdd_failed', reason: 'pod fdd-1 of "a" crashed' });
    await deploy(state, 'r3', { state: 'completed', outcome: 'updated' });
    await deploy(state, 'r4', { state: 'completed', outcome: 'updated' });

    const entries = (await entriesOf(state)).filter(({ kind }) => kind.startsWith('namespace.'));
    expect(entries).toMatchObject([
      { kind: 'namespace.failing', rolloutId: 'r2', cause: 'pod fdd-1 of "…" crashed', outcome: 'failed' },
      { kind: 'namespace.recovered', rolloutId: 'r3', outcome: 'ok' },
    ]);
  });
});

describe('a change of a rollout', () => {
  test('is noted only if it is carried out', async () => {
    const state = freshState();
    await request(state, 'r1');
    const entry = { at: 1, kind: 'rollout.paused', by: 'jo', reason: 'wait', outcome: 'ok' } as const;
    const change = { state: 'paused', reason: 'wait', failures: [] } as const;

    await state.advance({ id: 'r1', revision: 99, change, audit: [entry] });
    expect(await kindsOf(state)).toEqual(['rollout.requested', 'rollout.started']);

    await state.advance({ id: 'r1', revision: 1, change, audit: [entry] });
    expect(await kindsOf(state)).toEqual(['rollout.requested', 'rollout.started', 'rollout.paused']);
  });
});

describe('a hold', () => {
  test('and its end are noted, and the end of none is not', async () => {
    const state = freshState();
    const hold = { at: 1, by: 'jo', reason: 'freeze' };
    const entry = { ...hold, kind: 'namespace.held', outcome: 'ok' } as const;
    const end = { ...entry, kind: 'namespace.released' } as const;

    await state.endHold(['a'], [end]);
    await state.hold(['a'], hold, [entry]);
    await state.endHold(['a'], [end]);
    await state.endHold(['a'], [end]);

    expect(await kindsOf(state)).toEqual(['namespace.held', 'namespace.released']);
  });
});

describe('an outage', () => {
  const lasting = { kind: 'cluster', beganAt: 0, reason: 'no route' } as const;
  const ended = () => ({ ...lasting, kind: 'redis', beganAt: Date.now() - 70_000 }) as const;

  test('that several workers see is noted once, and so is its end', async () => {
    const state = freshState();

    await state.noteOutage(lasting, 'begin');
    await state.noteOutage(lasting, 'begin');
    await state.noteOutage(lasting, 'renew');
    await state.noteOutage(lasting, 'end');
    await state.noteOutage(lasting, 'end');
    await state.noteOutage(lasting, 'begin');
    await state.noteOutage(lasting, 'past');

    expect(await kindsOf(state)).toEqual(['outage.cluster', 'outage.ended']);
  });

  test('that is over before anybody could note it is noted whole', async () => {
    const state = freshState();

    await state.noteOutage(ended(), 'past');
    await state.noteOutage(ended(), 'past');

    expect(await kindsOf(state)).toEqual(['outage.redis']);
  });

  test('that follows another one soon is noted, too', async () => {
    const state = freshState();
    const [first, second] = [ended(), { ...ended(), beganAt: Date.now() }];

    await state.noteOutage(first, 'past');
    await state.noteOutage(second, 'past');
    await state.noteOutage({ ...second, kind: 'cluster' }, 'past');
    await state.noteOutage({ ...second, kind: 'cluster', beganAt: Date.now() }, 'begin');

    const kinds = ['outage.redis', 'outage.redis', 'outage.cluster', 'outage.cluster'];
    expect(await kindsOf(state)).toEqual(kinds);
  });
});

describe('a found release', () => {
  test('is noted with the version that is known from then on', async () => {
    const state = freshState();
    const entry = { at: 1, kind: 'release.found', by: 'skipper', reason: '', outcome: 'ok' } as const;

    await state.saveFoundReleases(new Map([['stable', 'v1']]), []);
    await state.saveFoundReleases(new Map([['stable', 'v2']]), [entry]);

    expect(await state.foundReleases()).toEqual(new Map([['stable', 'v2']]));
    expect(await kindsOf(state)).toEqual(['release.found']);
  });
});

describe('readers of the log', () => {
  const entry = (at: number) =>
    ({ at, kind: 'rollout.paused', by: 'jo', reason: '', outcome: 'ok' }) as const;

  test('share it: each entry goes to one of them, in order', async () => {
    const state = freshState();
    const [a, b] = [state.readAudit('stdout', 'a'), state.readAudit('stdout', 'b')];
    await state.audit([1, 2, 3, 4].map(entry));
    // The first one creates the group.
    expect(await a.take(10)).toEqual([]);

    const [first, second] = [await a.take(2), await b.take(10)];
    expect([...first, ...second].map(({ at }) => at)).toEqual([1, 2, 3, 4]);
    await a.done(first);
    await b.done(second);
    expect(await a.take(10)).toEqual([]);
  });

  test('for another purpose get all entries, too', async () => {
    const state = freshState();
    await state.audit([entry(1)]);
    for (const group of ['stdout', 'notify']) {
      const reader = state.readAudit(group, 'a');
      await reader.take(10);
      expect(await reader.take(10)).toHaveLength(1);
    }
  });

  test('continue after Redis has lost the log', async () => {
    const prefix = `{test-${randomUUID()}}`;
    const state = openDesiredState(own.redis, prefix);
    const reader = state.readAudit('stdout', 'a');
    await reader.take(10);
    await own.redis.del(`${prefix}:audit`);
    await state.audit([entry(7)]);

    expect(await reader.take(10)).toEqual([]);
    expect(await reader.take(10)).toMatchObject([{ at: 7 }]);
  });

  test('leave nothing behind, unless they have not confirmed it', async () => {
    const prefix = `{test-${randomUUID()}}`;
    const state = openDesiredState(own.redis, prefix);
    await state.audit([entry(1)]);
    const reader = state.readAudit('stdout', 'a');
    await reader.take(10);
    const taken = await reader.take(10);
    const consumers = async () =>
      ((await own.redis.xinfo('CONSUMERS', `${prefix}:audit`, 'stdout')) as []).length;

    await reader.leave();
    expect(await consumers()).toBe(1);
    await reader.done(taken);
    await reader.leave();
    expect(await consumers()).toBe(0);
  });
});

describe('retention', () => {
  test('removes what is older', async () => {
    const prefix = `{test-${randomUUID()}}`;
    const state = openDesiredState(own.redis, prefix);
    await state.audit(
      Array.from({ length: 300 }, () => ({ at: 1, kind: 'plan.made', by: 'jo', reason: '', outcome: 'ok' })),
    );

    expect(await state.trimAudit(Date.now() + 1_000)).toBeGreaterThanOrEqual(200);
  });
});
