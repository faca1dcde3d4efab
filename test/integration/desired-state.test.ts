import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { countTargets, type RolloutTarget, type Trigger } from '../../domain/rollout/rollout.ts';
import { resolveStrategy, Strategy } from '../../domain/rollout/strategy.ts';
import { connectRedis, isReady, untilReady } from '../../shared/redis.ts';
import { type Change, openChangeFeed } from '../../shared/state/change-feed.ts';
import { type DesiredState, openDesiredState } from '../../shared/state/desired-state.ts';
import type { NewLease, Run } from '../../shared/state/runs.ts';
import { releaseKey } from '../../shared/state/stored-release.ts';
import { startRedisServer } from '../../simulator/demo/redis-server.ts';
import { aParking, aRedisAddress, aRelease, aRollout, silentLog } from '../support/builders.ts';
import { anAttempt } from '../support/details-builders.ts';
import { createStateModel, type StateModel } from '../support/fake-desired-state.ts';
import { openEpoch } from '../support/open-epoch.ts';
import { until } from '../support/until.ts';
import { useRedis } from '../support/use-redis.ts';

const LEASE_MS = 60_000;
const RELEASES = [1, 2, 3].map((n) => aRelease({ image: `fiaas/fdd:v${n}`, version: `v${n}` }));

const own = useRedis();

/** A desired state with its own prefix, without data of other tests. */
function freshState() {
  const prefix = `{test-${randomUUID()}}`;
  const state = openDesiredState(own.redis, prefix);
  void openEpoch(own.redis, prefix);
  return { state, prefix, expire: (namespace: string) => own.redis.del(`${prefix}:lease:${namespace}`) };
}

async function request(
  state: DesiredState,
  id: string,
  namespaces: readonly string[],
  {
    force = false,
    release = RELEASES[0],
    idempotency = undefined as { key: string; fingerprint: string } | undefined,
    trigger = undefined as Trigger | undefined,
  } = {},
) {
  return state.request({
    rollout: aRollout({ id, forceBootstrap: force, createdAt: Date.now(), ...(trigger && { trigger }) }),
    targets: namespaces.map((namespace) => ({ namespace, release, target: { state: 'pending' as const } })),
    idempotency,
  });
}

function leaseOf(token: string, max?: number): NewLease {
  return { token, leaseMs: LEASE_MS, inFlight: { max, ttlMs: 60_000 } };
}

async function begin(state: DesiredState, namespace = 'a', holder = 'job-1'): Promise<Run> {
  const begun = await state.begin(namespace, holder, leaseOf(randomUUID()));
  if (begun.kind !== 'run') throw new Error(`the run did not begin: ${begun.kind}`);
  return begun.run;
}

async function targetOf(
  state: DesiredState,
  id: string,
  namespace = 'a',
): Promise<RolloutTarget | undefined> {
  return (await state.rollout(id))?.targets.get(namespace);
}

describe('request', () => {
  test('creates a job for each namespace and the targets of the rollout', async () => {
    const { state } = freshState();

    const answer = await request(state, 'r1', ['a', 'b']);

    expect(answer).toEqual({
      kind: 'accepted',
      targets: [
        { namespace: 'a', generation: 1, jobId: 'a.1', coalesced: false, backoff: false },
        { namespace: 'b', generation: 1, jobId: 'b.1', coalesced: false, backoff: false },
      ],
    });
    expect(await targetOf(state, 'r1')).toMatchObject({ state: 'pending', jobId: 'a.1' });
    expect((await state.dirty()).sort()).toEqual(['a', 'b']);
  });

  test('only lists a namespace that needs no work', async () => {
    const { state } = freshState();

    await state.request({
      rollout: aRollout({ id: 'r1' }),
      targets: [{ namespace: 'a', release: undefined, target: { state: 'failed', reason: 'no YAML' } }],
    });

    expect(await targetOf(state, 'r1')).toMatchObject({ state: 'failed', reason: 'no YAML' });
    expect(await state.dirty()).toEqual([]);
    expect(await state.begin('a', 'job', leaseOf('token'))).toEqual({ kind: 'idle' });
  });

  test('acceptance 12: joins a request that has not begun and returns the earlier one', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);

    const answer = await request(state, 'r2', ['a'], { release: RELEASES[1] });

    expect(answer).toMatchObject({ targets: [{ coalesced: true, jobId: 'a.1', generation: 2 }] });
    expect(await targetOf(state, 'r1')).toMatchObject({
      state: 'superseded',
      reason: expect.stringContaining('r2'),
    });
    expect(await begin(state)).toMatchObject({ generation: 2, rolloutId: 'r2', release: { version: 'v2' } });
  });

  test('acceptance 12: supersedes an earlier waiting request, but not the running one', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);
    const run = await begin(state);
    await request(state, 'r2', ['a']);

    await request(state, 'r3', ['a']);

    expect(await targetOf(state, 'r2')).toMatchObject({ state: 'superseded' });
    expect(await targetOf(state, 'r1')).toMatchObject({ state: 'running' });
    expect(await state.finish('a', run, { state: 'completed' })).toBe(true);
    expect(await targetOf(state, 'r1')).toMatchObject({ state: 'completed' });
  });

  test('keeps a force when a later request without it joins', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a'], { force: true });

    await request(state, 'r2', ['a']);

    expect(await begin(state)).toMatchObject({ rolloutId: 'r2', forceBootstrap: true });
  });

  test('forgets a force after a run has carried it out', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a'], { force: true });
    await state.finish('a', await begin(state), { state: 'completed' });

    await request(state, 'r2', ['a']);

    expect(await begin(state)).toMatchObject({ forceBootstrap: false });
  });

  test('gives a joining request its full number of attempts', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);
    const run = await begin(state);
    await request(state, 'r2', ['a']);

    await state.report('a', run, { phase: 'backoff', attempt: run.attempt - 1, throttled: 1 });
    await state.releaseLease('a', run.token);

    expect(await begin(state)).toMatchObject({ rolloutId: 'r2', attempt: 1, throttled: 0 });
  });

  test('reports that the job it joins waits for its next attempt', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);
    const run = await begin(state);
    await state.report('a', run, { phase: 'backoff' });
    await state.releaseLease('a', run.token);

    const answer = await request(state, 'r2', ['a']);

    expect(answer).toMatchObject({ targets: [{ coalesced: true, backoff: true, jobId: 'job-1' }] });
  });

  test('returns the same rollout for the same key, and a mismatch for a different request', async () => {
    const { state } = freshState();
    const idempotency = { key: 'k', fingerprint: 'f' };
    await request(state, 'r1', ['a'], { idempotency });

    const same = await request(state, 'r2', ['a'], { idempotency });
    const other = await request(state, 'r3', ['a'], { idempotency: { key: 'k', fingerprint: 'g' } });

    expect(same).toEqual({ kind: 'replayed', rolloutId: 'r1' });
    expect(other).toEqual({ kind: 'mismatch' });
    expect(await state.rollout('r2')).toBeUndefined();
    expect(await state.record('a')).toMatchObject({ generation: 1 });
  });

  test('can be read back', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);

    const record = await state.record('a');

    expect(record).toMatchObject({
      generation: 1,
      handled: 0,
      rolloutId: 'r1',
      state: 'pending',
      phase: 'queued',
    });
    expect(record && (await state.release(record.release))).toEqual(RELEASES[0]);
    expect((await state.rolloutsWithCounts(10)).map(({ rollout }) => rollout.id)).toEqual(['r1']);
  });
});

describe('begin', () => {
  test('keeps why the previous attempt failed, until another request or the end', async () => {
    const { state } = freshState();
    const lastFailure = async () => (await state.records(['a'])).get('a')?.lastFailure;
    await request(state, 'r1', ['a']);
    const first = await begin(state);
    const atFirst = await lastFailure();
    await state.report('a', first, { phase: 'backoff', reason: 'no answer' });
    await state.releaseLease('a', first.token);

    const second = await begin(state);
    const whileItRuns = await lastFailure();
    await state.report('a', second, { phase: 'queued', attempt: second.attempt - 1 });
    await state.releaseLease('a', second.token);
    await begin(state);
    const afterHandover = await lastFailure();
    await request(state, 'r2', ['a']);

    expect([atFirst, whileItRuns, afterHandover]).toEqual(['', 'no answer', 'no answer']);
    expect(await lastFailure()).toBe('');
  });

  test('forgets why the previous attempt failed when the attempts start over', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);
    const first = await begin(state);
    await state.report('a', first, { phase: 'backoff', reason: 'no answer' });
    await request(state, 'r2', ['a']);
    await state.releaseLease('a', first.token);

    expect(await begin(state)).toMatchObject({ rolloutId: 'r2', attempt: 1 });
    expect((await state.records(['a'])).get('a')?.lastFailure).toBe('');
  });

  test('is idle if nothing was requested', async () => {
    const { state } = freshState();

    expect(await state.begin('a', 'job-1', leaseOf('token'))).toEqual({ kind: 'idle' });
  });

  test('acceptance 12: is busy for another job while one runs', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);
    await begin(state);

    expect(await state.begin('a', 'job-2', leaseOf('token'))).toEqual({ kind: 'busy' });
  });

  test('acceptance 12: takes over from a dead worker after its lease has expired, and fences its writes', async () => {
    const { state, expire } = freshState();
    await request(state, 'r1', ['a']);
    const dead = await begin(state);

    expect(await state.begin('a', 'job-1', leaseOf('same-job'))).toEqual({ kind: 'busy' });
    await expire('a');
    const alive = await begin(state);

    expect(alive).toMatchObject({ generation: 1, attempt: 2, startedAt: dead.startedAt });
    await expect(state.report('a', dead, { phase: 'applying' })).rejects.toMatchObject({
      code: 'superseded_worker',
    });
    await expect(state.finish('a', dead, { state: 'completed' })).rejects.toMatchObject({
      code: 'superseded_worker',
    });
  });

  test('acceptance 12: continues with what the dead run had recorded', async () => {
    const { state, expire } = freshState();
    await request(state, 'r1', ['a']);
    const dead = await begin(state);
    await state.report('a', dead, { appliedAt: 42, bootstrappedId: 'id-1', rbacVersion: 'v' });
    await expire('a');

    const alive = await begin(state);

    expect(alive).toMatchObject({ appliedAt: 42, bootstrappedId: 'id-1', rbacVersion: 'v' });
  });

  test('gets the version of the ConfigMap from the newest request, not from an earlier one', async () => {
    const { state } = freshState();
    const target = { state: 'pending' as const };
    const versions = ['7', '8', undefined];
    const seen: unknown[] = [];
    for (const [index, configVersion] of versions.entries()) {
      await state.request({
        rollout: aRollout({ id: `r${index}` }),
        targets: [{ namespace: 'a', release: RELEASES[0], configVersion, target }],
      });
      const run = await begin(state);
      seen.push(run.configVersion);
      await state.releaseLease('a', run.token);
    }

    expect(seen).toEqual(['7', '8', '']);
  });

  test('begins the next request without the times of the previous one', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);
    const run = await begin(state);
    await state.report('a', run, { appliedAt: 42 });
    await request(state, 'r2', ['a']);
    await state.releaseLease('a', run.token);

    expect((await begin(state)).appliedAt).toBeUndefined();
  });
});

describe('a release', () => {
  const MONTH_SECONDS = 30 * 24 * 3600;

  async function aRequestedRelease() {
    const { state, prefix } = freshState();
    await request(state, 'r1', ['a']);
    const name = (await state.record('a'))?.release ?? '';
    const key = `${prefix}:release:${name}`;
    return { state, name, key, rollout: `${prefix}:rollout:r1` };
  }

  test('is kept for longer than the rollout that names it', async () => {
    const { key, rollout } = await aRequestedRelease();

    expect(await own.redis.ttl(key)).toBeGreaterThan((await own.redis.ttl(rollout)) + MONTH_SECONDS);
  });

  test.each([
    ['it is requested again', async (state: DesiredState) => request(state, 'r2', ['b'])],
    ['a run of it begins', async (state: DesiredState) => begin(state)],
    [
      'the release check finds it in a record',
      async (state: DesiredState, name: string) => state.keepReleases([name, name]),
    ],
  ])('is kept for longer when %s', async (_what, refresh) => {
    const { state, name, key } = await aRequestedRelease();
    await own.redis.expire(key, 60);

    await refresh(state, name);

    expect(await own.redis.ttl(key)).toBeGreaterThan(2 * MONTH_SECONDS);
  });

  test('is reported if it is gone, and another request repairs that', async () => {
    const { state, key } = await aRequestedRelease();
    await own.redis.del(key);

    await expect(state.begin('a', 'job-1', leaseOf('token'))).rejects.toMatchObject({
      code: 'release_unknown',
    });
    await request(state, 'r2', ['a']);

    expect(await state.begin('a', 'job-1', leaseOf('token'))).toMatchObject({
      kind: 'run',
      run: { release: RELEASES[0] },
    });
  });
});

describe('an unreadable record', () => {
  test('is left out, and the others are shown', async () => {
    const { state, prefix } = freshState();
    await request(state, 'r1', ['a', 'b', 'c']);
    await request(state, 'r2', ['d']);
    await state.saveChannels([{ channel: 'stable', version: 'v1' }]);
    await own.redis.hset(`${prefix}:rollout:r1:targets`, { b: 'no JSON', c: '{"state":"unheard of"}' });
    await own.redis.set(`${prefix}:rollout:r2`, '{"id":"r2"}');
    await own.redis.hset(`${prefix}:channels`, { latest: '{}' });
    await own.redis.hset(`${prefix}:namespace:a`, { state: 'unheard of' });

    expect([...((await state.rollout('r1'))?.targets.keys() ?? [])]).toEqual(['a']);
    expect(await state.rollout('r2')).toBeUndefined();
    expect((await state.rolloutsWithCounts(10)).map(({ rollout }) => rollout.id)).toEqual(['r1']);
    expect([...(await state.channels()).keys()]).toEqual(['stable']);
    expect([...(await state.records(['a', 'b'])).keys()]).toEqual(['b']);
  });
});

describe('text', () => {
  const awkward = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"\\/\b\u0000\u2028', '\\u0041', '\ud83d', '\\\ud83d', '😀'.slice(1), '{"a":[]}'),
  );

  test('of any kind is read back as written, except for half characters', async () => {
    const { state } = freshState();
    await fc.assert(
      fc.asyncProperty(awkward, async (text) => {
        await request(state, randomUUID(), ['a'], { release: aRelease({ version: text, config: { text } }) });
        const run = await begin(state);
        const expected = Buffer.from(text).toString();
        expect(run.release).toMatchObject({ version: expected, config: { text: expected } });

        await state.report('a', run, { reason: text }, { state: 'running', reason: text, details: [text] });
        expect(await state.record('a')).toMatchObject({ reason: expected });
        expect(await targetOf(state, run.rolloutId)).toMatchObject({ reason: expected, details: [expected] });

        await state.finish('a', run, { state: 'failed', reason: text, code: 'x' });
        expect(await state.record('a')).toMatchObject({ reason: expected, lastCode: 'x' });
        expect(await targetOf(state, run.rolloutId)).toMatchObject({ reason: expected });
      }),
      { numRuns: 100 },
    );
  });
});

describe('park', () => {
  const superseded = { attempt: anAttempt({ end: 'superseded', reason: 'while it waited' }) };

  async function parked() {
    const { state, prefix, expire } = freshState();
    await request(state, 'r1', ['a']);
    const run = await begin(state);
    const fields = { phase: 'waiting for FDD', reason: 'FDD reported RUNNING', steps: '[["plan","p",1,2]]' };
    const parking = aParking({ generation: run.generation });
    const park = () => state.park('a', run, { fields, parking }, superseded);
    return { state, prefix, expire, run, parking, park };
  }

  test('gives the lease back, and the next run continues the same attempt', async () => {
    const { state, run, parking, park } = await parked();

    expect(await park()).toBe(false);
    expect([...(await state.parked())]).toEqual([['a', { isMoved: false }]]);
    expect((await state.parkings(['a', 'b'])).get('a')).toEqual(parking);
    expect(await state.record('a')).toMatchObject({ phase: 'waiting for FDD', state: 'running' });
    const resumed = await begin(state);

    expect(resumed).toMatchObject({
      attempt: run.attempt,
      lost: 0,
      resumed: { parking, steps: [{ kind: 'plan', text: 'p', at: 1, ms: 2 }] },
    });
    expect([...(await state.parked()).keys()]).toEqual([]);
    expect((await state.history('a')).attempts).toHaveLength(1);
  });

  test('a newer request wakes it, and ends its attempt and its target as superseded', async () => {
    const { state, park } = await parked();
    await park();

    const answer = await request(state, 'r2', ['a']);
    expect(answer).toMatchObject({ targets: [{ coalesced: true, backoff: true, jobId: 'job-1' }] });
    expect([...(await state.parked())]).toEqual([['a', { isMoved: true }]]);
    expect(await state.isParked('a', 1)).toBe(false);
    const next = await begin(state);

    expect(next).toMatchObject({ rolloutId: 'r2', attempt: 1, lost: 0, resumed: undefined });
    expect(await targetOf(state, 'r1')).toMatchObject({ state: 'superseded' });
    const [open, ended] = (await state.history('a')).attempts;
    expect([open?.end, ended?.end]).toEqual([undefined, 'superseded']);
    expect(ended?.reason).toContain('r2');
  });

  test('is refused if there is a newer request, which the same job continues with', async () => {
    const { state, park } = await parked();
    await request(state, 'r2', ['a']);

    expect(await park()).toBe(true);
    expect([...(await state.parked()).keys()]).toEqual([]);
    expect((await state.history('a')).attempts[0]).toMatchObject({
      end: 'superseded',
      reason: 'while it waited',
    });
    expect(await begin(state)).toMatchObject({ rolloutId: 'r2', attempt: 1, lost: 0 });
  });

  test('is refused without the lease', async () => {
    const { state, expire, park } = await parked();
    await expire('a');

    await expect(park()).rejects.toMatchObject({ code: 'superseded_worker' });
    expect([...(await state.parked()).keys()]).toEqual([]);
  });

  test('a worker that dies after the run resumed has lost an attempt', async () => {
    const { state, expire, park } = await parked();
    await park();
    await begin(state);
    await expire('a');

    expect(await begin(state)).toMatchObject({ attempt: 2, lost: 1, resumed: undefined });
  });

  test('ends, and is not parked any more, if Redis has lost its release', async () => {
    const { state, prefix, run, park } = await parked();
    await park();
    await own.redis.del(`${prefix}:release:${run.releaseKey}`);

    await expect(begin(state)).rejects.toMatchObject({ code: 'release_unknown' });
    expect([...(await state.parked()).keys()]).toEqual([]);
  });

  test('shows what it waits for, until it resumes', async () => {
    const { state, park } = await parked();
    await park();

    await state.describeParked('a', 1, 'the image cannot be pulled');
    expect(await state.record('a')).toMatchObject({ reason: 'the image cannot be pulled' });
    await begin(state);
    await state.describeParked('a', 1, 'too late');
    expect(await state.record('a')).toMatchObject({ reason: 'the image cannot be pulled' });
  });
});

describe('the limit of namespaces in flight', () => {
  const beginIn = (state: DesiredState, namespace: string, max?: number) =>
    state.begin(namespace, `${namespace}.1`, leaseOf(randomUUID(), max));

  test('holds back further namespaces, with the reason, until one is verified', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a', 'b', 'c'], { trigger: 'release' });
    const run = await begin(state, 'a');
    await begin(state, 'b');

    const woken: string[] = [];
    state.onRoom((jobId) => woken.push(jobId));

    expect(await beginIn(state, 'c', 2)).toEqual({ kind: 'full' });
    expect(await state.record('c')).toMatchObject({
      phase: 'queued',
      attempt: 0,
      reason: expect.stringContaining('--max-in-flight'),
    });
    expect(await state.inFlight()).toBe(2);
    await state.finish('a', run, { state: 'completed' });

    expect(woken).toEqual(['c.1']);
    expect(await beginIn(state, 'c', 2)).toMatchObject({ kind: 'run', run: { attempt: 1 } });
    expect(await state.record('c')).toMatchObject({ reason: '' });
  });

  test('does not hold back a newer request for a namespace that is in flight', async () => {
    const { state, expire } = freshState();
    await request(state, 'r1', ['a'], { trigger: 'release' });
    await begin(state, 'a');
    await expire('a');
    await request(state, 'r2', ['a'], { trigger: 'release' });

    expect(await beginIn(state, 'a', 1)).toMatchObject({ kind: 'run', run: { rolloutId: 'r2' } });
  });

  test('does not hold back a newer request that came while the namespace was in flight', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a', 'b'], { trigger: 'release' });
    const run = await begin(state, 'a');
    await request(state, 'r2', ['a'], { trigger: 'release' });
    expect(await beginIn(state, 'b', 1)).toEqual({ kind: 'full' });

    expect(await state.finish('a', run, { state: 'completed' })).toBe(true);
    expect(await beginIn(state, 'a', 1)).toMatchObject({ kind: 'run', run: { rolloutId: 'r2' } });
  });

  test('counts a namespace for a time only', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a', 'b'], { trigger: 'release' });
    const lease = { token: randomUUID(), leaseMs: LEASE_MS, inFlight: { max: 1, ttlMs: 20 } };
    await state.begin('a', 'a.1', lease);
    await new Promise((resolve) => setTimeout(resolve, 30));

    expect(await state.inFlight()).toBe(0);
    expect(await beginIn(state, 'b', 1)).toMatchObject({ kind: 'run' });
  });

  test('does not hold back an operator’s small request', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a', 'b'], { trigger: 'release' });
    await begin(state, 'a');
    expect(await beginIn(state, 'b', 1)).toEqual({ kind: 'full' });

    await request(state, 'r2', ['b'], { trigger: 'api' });
    expect(await beginIn(state, 'b', 1)).toMatchObject({ kind: 'run', run: { isUrgent: true } });
    await request(state, 'r3', ['b'], { trigger: 'release' });
    expect(await state.record('b')).toMatchObject({ rolloutId: 'r3' });
  });
});

describe('renew', () => {
  test('names the leases that are lost, and those of namespaces for which more was requested', async () => {
    const { state, expire } = freshState();
    await request(state, 'r1', ['a', 'b', 'c']);
    const [a, b, c] = [await begin(state, 'a'), await begin(state, 'b'), await begin(state, 'c')];
    await expire('b');
    await expire('c');
    await state.begin('c', 'job-1', leaseOf('other-token'));

    const leases = Object.entries({ a, b, c }).map(([namespace, { token }]) => ({
      namespace,
      token,
      generation: 1,
    }));
    await request(state, 'r2', ['a']);

    expect(await state.renew(leases, LEASE_MS)).toEqual({
      lost: [b.token, c.token],
      moved: [a.token],
      held: [],
    });
  });
});

describe('finish', () => {
  test('counts failures in a row', async () => {
    const { state } = freshState();
    for (const outcome of ['failed', 'failed'] as const) {
      await request(state, randomUUID(), ['a']);
      await state.finish('a', await begin(state), { state: outcome, reason: 'it broke' });
    }

    const failed = await state.record('a');
    await request(state, 'r3', ['a']);
    await state.finish('a', await begin(state), { state: 'completed' });

    expect(failed).toMatchObject({ failures: 2, lastState: 'failed', state: 'failed', reason: 'it broke' });
    expect(await state.record('a')).toMatchObject({ failures: 0, lastState: 'completed', phase: 'done' });
    expect(await state.dirty()).toEqual([]);
  });

  test('of a step of healing that was not begun leaves what is known of the deploy before', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);
    await state.finish('a', await begin(state), { state: 'failed', code: 'fdd_failed' });
    const before = await state.record('a');
    await request(state, 'r2', ['a']);
    await state.finish('a', await begin(state), {
      state: 'cancelled',
      code: 'repair_outdated',
      reason: 'held',
    });

    const { failures, handledRelease, lastState, lastCode, finishedAt } = before ?? {};
    expect(await state.record('a')).toMatchObject({
      ...{ failures, handledRelease, lastState, lastCode, finishedAt },
      state: 'failed',
      reason: 'held',
    });
    expect(await state.dirty()).toEqual([]);
  });
});

describe('rolloutsWithCounts', () => {
  test('counts the targets of the latest rollouts, newest first', async () => {
    const { state } = freshState();
    await state.request({
      rollout: aRollout({ id: 'r1', createdAt: Date.now() }),
      targets: [
        { namespace: 'a', release: RELEASES[0], target: { state: 'pending' } },
        { namespace: 'b', release: RELEASES[0], target: { state: 'pending' } },
        { namespace: 'c', release: undefined, target: { state: 'failed', reason: 'no YAML' } },
      ],
    });
    const run = await begin(state, 'a');
    await state.finish('a', run, { state: 'completed' });
    await state.request({
      rollout: aRollout({ id: 'r2', createdAt: Date.now() + 1 }),
      targets: [{ namespace: 'b', release: RELEASES[1], target: { state: 'pending' } }],
    });

    const counted = await state.rolloutsWithCounts(10);

    expect(counted.map(({ rollout, counts }) => [rollout.id, counts])).toEqual([
      ['r2', { ...countTargets([]), pending: 1 }],
      ['r1', { ...countTargets([]), completed: 1, superseded: 1, failed: 1 }],
    ]);
    expect(await state.rolloutsWithCounts(1)).toHaveLength(1);
  });

  test('counts a rollout from before counts were stored, and stores them from then on', async () => {
    const { state, prefix } = freshState();
    await request(state, 'r1', ['a', 'b']);
    const run = await begin(state, 'a');
    await own.redis.del(`${prefix}:rollout:r1:counts`);
    const b = await begin(state, 'b');

    const [counted] = await state.rolloutsWithCounts(10);
    await state.finish('a', run, { state: 'completed' });
    const [later] = await state.rolloutsWithCounts(10);
    await state.finish('b', b, { state: 'failed' });

    expect(counted?.counts).toMatchObject({ running: 2, pending: 0 });
    expect(later?.counts).toMatchObject({ running: 1, completed: 1 });
    await expectCountsToBeTrue(state);
    expect(await own.redis.pttl(`${prefix}:rollout:r1:counts`)).toBeGreaterThan(0);
  });

  test('forgets the counts when the rollout is forgotten', async () => {
    const { state, prefix } = freshState();
    await request(state, 'r1', ['a']);

    const [rollout = 0, counts = -1] = await Promise.all([
      own.redis.ttl(`${prefix}:rollout:r1`),
      own.redis.ttl(`${prefix}:rollout:r1:counts`),
    ]);

    expect(Math.abs(rollout - counts)).toBeLessThan(10);
    await own.redis.del(`${prefix}:rollout:r1`);
    expect(await state.rolloutsWithCounts(10)).toEqual([]);
  });
});

describe('channels', () => {
  const stable = { channel: 'stable', version: 'v1', image: 'fiaas/fdd:v1', checkedAt: 42 };

  test('are those of the latest check', async () => {
    const { state } = freshState();

    await state.saveChannels([stable, { channel: 'old', version: 'v0' }]);
    await state.saveChannels([{ ...stable, problem: 'no answer' }]);

    expect(Object.fromEntries(await state.channels())).toEqual({
      stable: { ...stable, problem: 'no answer' },
    });
  });

  test('are empty if no channel is in use', async () => {
    const { state } = freshState();
    await state.saveChannels([stable]);

    await state.saveChannels([]);

    expect((await state.channels()).size).toBe(0);
  });
});

describe('changes', () => {
  async function listening() {
    const { state, prefix } = freshState();
    const feed = openChangeFeed(own.redis, prefix, silentLog);
    const heard: Change[] = [];
    feed.listen((change) => heard.push(change));
    await until(() => heard.length > 0, 'the feed has subscribed');
    heard.length = 0;
    return {
      state,
      feed,
      heard,
      names: () => heard.flatMap((each) => ('namespaces' in each ? each.namespaces : [])),
    };
  }

  test('are announced by every step of a run, except by what only the run itself needs', async () => {
    const { state, feed, names, heard } = await listening();
    await request(state, 'r1', ['a', 'b']);
    await until(() => names().length === 2, 'the request is announced');
    const run = await begin(state, 'a');
    await state.report('a', run, { appliedAt: 42 });
    await state.report('a', run, { phase: 'applying' });
    await state.finish('a', run, { state: 'completed' });
    await state.saveChannels([]);

    await until(() => heard.some(({ kind }) => kind === 'channels'), 'the last change is announced');
    feed.close();

    expect(names()).toEqual(['a', 'b', 'a', 'a', 'a']);
  });

  test('of thousands of namespaces arrive in few messages', async () => {
    const { state, feed, heard, names } = await listening();
    const namespaces = Array.from({ length: 1_200 }, (_, index) => `team-${index}`);

    await request(state, 'r1', namespaces);
    await until(() => names().length === namespaces.length, 'all are announced');
    feed.close();

    expect(heard).toHaveLength(3);
    expect(names()).toEqual(namespaces);
  });

  test('can be missed while Redis is down: a new subscription reports that', async () => {
    const own = await startRedisServer({ path: process.env.PATH });
    const connection = connectRedis(aRedisAddress(own.url), silentLog);
    await untilReady(connection, AbortSignal.timeout(10_000));
    const feed = openChangeFeed(connection, '{away}', silentLog);
    const heard: Change[] = [];
    feed.listen((change) => heard.push(change));
    await until(() => heard.length === 1, 'the feed has subscribed');

    await connection.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => heard.length === 2, 'the feed has subscribed again');

    expect(heard).toEqual([{ kind: 'resync' }, { kind: 'resync' }]);
    feed.close();
    connection.disconnect();
    await own.stop();
  });
});

describe('while Redis is down', () => {
  test('every command fails at once with its error class', async () => {
    const away = new Redis({ lazyConnect: true });

    const reading = openDesiredState(away).dirty();

    await expect(reading).rejects.toMatchObject({ code: 'redis_unavailable', errorClass: 'retryable' });
    expect(isReady(away)).toBe(false);
  });
});

const namespace = fc.constantFrom('a', 'b');
const worker = fc.constantFrom('job-1', 'job-2');

const command = fc.oneof(
  fc.record({
    kind: fc.constant('request' as const),
    namespaces: fc.constantFrom(['a'], ['b'], ['a', 'b']),
    force: fc.boolean(),
    release: fc.nat({ max: RELEASES.length - 1 }),
  }),
  fc.record({ kind: fc.constant('begin' as const), namespace, worker }),
  fc.record({ kind: fc.constant('note' as const), namespace, worker }),
  fc.record({
    kind: fc.constant('finish' as const),
    namespace,
    worker,
    state: fc.constantFrom('completed' as const, 'failed' as const, 'cancelled' as const),
  }),
  fc.record({ kind: fc.constant('backoff' as const), namespace, worker }),
  fc.record({ kind: fc.constant('park' as const), namespace, worker }),
  // The process is gone or was stopped for too long: its lease expires, and it may come back and write.
  fc.record({ kind: fc.constant('expire' as const), namespace }),
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

describe('any sequence of requests, runs and crashes', () => {
  test('acceptance 12: loses no force and no request, runs one at a time, and ends every target once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 30, size: 'max' }), async (commands) => {
        const { state, expire } = freshState();
        const model = createStateModel();
        const runs = new Map<string, Run>();
        const ended = new Map<string, string>();
        for (const each of commands) {
          await perform(each, { state, expire, model, runs });
          await expectEndsToStay(state, model, ended);
          await expectCountsToBeTrue(state);
        }
        await drain({ state, expire, model, runs });
        await expectEndsToStay(state, model, ended);
        await expectCountsToBeTrue(state, model.rollouts().length);
        expect(Object.fromEntries(ended)).toEqual(model.ends());
        expect(await state.dirty()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

interface World {
  readonly state: DesiredState;
  readonly expire: (namespace: string) => Promise<unknown>;
  readonly model: StateModel;
  /** The latest run of each worker in each namespace, even if it is dead. */
  readonly runs: Map<string, Run>;
}

async function perform(each: Command, { state, expire, model, runs }: World): Promise<void> {
  if (each.kind === 'request') {
    const { namespaces, force, release } = each;
    const id = model.request(namespaces, force, RELEASES[release]?.version ?? '');
    await request(state, id, namespaces, { force, release: RELEASES[release] });
    return;
  }
  if (each.kind === 'expire') {
    model.expire(each.namespace);
    await expire(each.namespace);
    return;
  }
  const key = `${each.worker}/${each.namespace}`;
  if (each.kind === 'begin') {
    const token = randomUUID();
    const begun = await state.begin(each.namespace, each.worker, leaseOf(token));
    const resumes = model.resumes(each.namespace);
    const expected = model.begin(each.namespace, token);
    expect(begun).toMatchObject(expected);
    if (begun.kind === 'run') expect(begun.run.resumed !== undefined).toBe(resumes);
    if (begun.kind === 'run') runs.set(key, begun.run);
    return;
  }
  const run = runs.get(key);
  if (!run) return;
  const mayWrite = model.holds(each.namespace, run.token);
  if (each.kind === 'backoff') {
    await state.releaseLease(each.namespace, run.token);
    model.release(each.namespace, run.token);
    return;
  }
  const written = writeOf(each, run, state);
  if (!mayWrite) {
    await expect(written).rejects.toMatchObject({ code: 'superseded_worker' });
    return;
  }
  const moved = await written;
  if (each.kind === 'park') expect(moved).toBe(model.park(each.namespace, run.token));
  if (each.kind !== 'finish') return;
  expect(moved).toBe(model.finish(each.namespace, run.token, each.state));
  runs.delete(key);
}

type Write = Extract<Command, { kind: 'note' | 'finish' | 'park' }>;

function writeOf(each: Write, run: Run, state: DesiredState): Promise<boolean> {
  switch (each.kind) {
    case 'note':
      return state.report(
        each.namespace,
        run,
        { phase: 'applying' },
        { state: 'running', reason: 'applying' },
      );
    case 'park': {
      const parked = {
        fields: { phase: 'waiting for FDD' },
        parking: aParking({ generation: run.generation }),
      };
      return state.park(each.namespace, run, parked, { attempt: anAttempt() });
    }
    case 'finish':
      return state.finish(each.namespace, run, { state: each.state });
  }
}

/** The stored counts must match the targets. */
async function expectCountsToBeTrue(state: DesiredState, rollouts?: number): Promise<void> {
  const counted = await state.rolloutsWithCounts(100);
  if (rollouts !== undefined) expect(counted).toHaveLength(rollouts);
  for (const { rollout, counts } of counted) {
    const targets = (await state.rollout(rollout.id))?.targets.values() ?? [];
    expect([rollout.id, counts]).toEqual([rollout.id, countTargets(targets)]);
  }
}

/** Lets one worker finish all work after every other one has died. */
async function drain(world: World): Promise<void> {
  for (const each of ['a', 'b'] as const) {
    await perform({ kind: 'expire', namespace: each }, world);
    for (let turn = 0; turn < 2; turn += 1) {
      await perform({ kind: 'begin', namespace: each, worker: 'job-1' }, world);
      await perform({ kind: 'finish', namespace: each, worker: 'job-1', state: 'completed' }, world).catch(
        () => undefined,
      );
    }
  }
}

const FINAL = ['completed', 'failed', 'cancelled', 'superseded'];

/** Records the end of every target and checks that it never changes. */
async function expectEndsToStay(state: DesiredState, model: StateModel, ended: Map<string, string>) {
  for (const id of model.rollouts()) {
    for (const [target, { state: now }] of (await state.rollout(id))?.targets ?? []) {
      const key = `${id}/${target}`;
      const before = ended.get(key);
      if (before !== undefined) expect([key, now]).toEqual([key, before]);
      else if (FINAL.includes(now)) ended.set(key, now);
    }
  }
}

describe('data loss in Redis', () => {
  const countsOf = async (state: DesiredState) => (await state.rolloutsWithCounts(1))[0]?.counts;

  test('ends the targets of a rollout that many others followed', async () => {
    const { state, prefix } = freshState();
    await request(state, 'r0', ['evicted']);
    await own.redis.del(`${prefix}:namespace:evicted`, `${prefix}:dirty`);
    for (let count = 1; count <= 40; count += 1) await request(state, `r${count}`, ['busy']);

    expect(await state.endOrphans()).toBe(1);
    expect((await state.rollout('r0'))?.targets.get('evicted')).toMatchObject({ state: 'failed' });
  });

  test('ends the targets that no job works on, and keeps the others', async () => {
    const { state, prefix } = freshState();
    await request(state, 'r1', ['evicted', 'waiting', 'running', 'done']);
    await begin(state, 'running');
    await state.finish('done', await begin(state, 'done'), { state: 'completed' });
    await own.redis.del(`${prefix}:namespace:evicted`, `${prefix}:dirty`);

    expect(await state.endOrphans()).toBe(1);

    const targets = (await state.rollout('r1'))?.targets;
    expect(targets?.get('evicted')).toMatchObject({
      state: 'failed',
      reason: 'Redis has lost this request: deploy again',
    });
    expect([...(targets ?? [])].map(([namespace, { state: each }]) => [namespace, each])).toEqual([
      ['done', 'completed'],
      ['evicted', 'failed'],
      ['running', 'running'],
      ['waiting', 'pending'],
    ]);
    expect(await countsOf(state)).toMatchObject({ completed: 1, failed: 1, running: 1, pending: 1 });
    expect((await state.dirty()).sort()).toEqual(['running', 'waiting']);
    expect(await state.endOrphans()).toBe(0);
  });

  test('ends a rollout whose targets are gone', async () => {
    const { state, prefix } = freshState();
    await request(state, 'r1', ['a', 'b']);
    await own.redis.del(`${prefix}:rollout:r1:targets`);

    expect(await state.endOrphans()).toBe(2);
    expect(await countsOf(state)).toMatchObject({ pending: 0, running: 0, failed: 2 });
  });

  test('a request with a newer one behind it is not lost', async () => {
    const { state } = freshState();
    await request(state, 'r1', ['a']);
    await begin(state);
    await request(state, 'r2', ['a']);

    expect(await state.endOrphans()).toBe(0);
  });

  test('ends a request whose release is gone, so that it is not retried forever', async () => {
    const { state, prefix } = freshState();
    await request(state, 'r1', ['a']);
    const { release = '' } = (await state.record('a')) ?? {};
    await own.redis.del(`${prefix}:release:${release}`);

    await expect(begin(state)).rejects.toMatchObject({ code: 'release_unknown' });

    expect(await targetOf(state, 'r1')).toMatchObject({ state: 'failed', code: 'release_unknown' });
    expect(await state.record('a')).toMatchObject({
      state: 'failed',
      phase: 'done',
      lastCode: 'release_unknown',
    });
    expect(await state.dirty()).toEqual([]);
    expect(await state.begin('a', 'job-1', leaseOf('token'))).toEqual({ kind: 'idle' });
  });

  test('attempts whose worker was lost are counted separately, until the next request', async () => {
    const { state, expire } = freshState();
    await request(state, 'r1', ['a']);
    await begin(state);
    await expire('a');

    expect(await begin(state)).toMatchObject({ attempt: 2, lost: 1 });
    await expire('a');
    await request(state, 'r2', ['a']);
    expect(await begin(state)).toMatchObject({ attempt: 1, lost: 0 });
  });
});

describe('a target that fails after it was verified, and is retried', () => {
  const [earlier = aRelease(), later = aRelease()] = RELEASES;
  const strategy = resolveStrategy(Strategy.parse({ type: 'Progressive', canary: 0 }), 1);

  async function untilRetried(state: DesiredState, previous?: typeof earlier) {
    const target = { namespace: 'a', release: later, previous, target: { state: 'pending' as const } };
    await state.request({
      rollout: aRollout({ id: 'r1', createdAt: Date.now(), strategy }),
      targets: [target],
    });
    await state.advance({ id: 'r1', revision: 1, admit: ['a'] });
    await state.finish('a', await begin(state), { state: 'completed' });
    const failed = { namespace: 'a', state: 'failed', reason: 'it has not lasted', isFinal: true } as const;
    await state.advance({ id: 'r1', revision: 1, ends: [failed] });
    await state.advance({ id: 'r1', revision: 1, reopen: ['a'] });
    await state.advance({ id: 'r1', revision: 1, admit: ['a'] });
    return (await state.knownRollout('r1'))?.plans.get('a');
  }

  test('has the release of before its rollout, so that it can be rolled back', async () => {
    const { state } = freshState();
    await request(state, 'r0', ['a'], { release: earlier });
    await state.finish('a', await begin(state), { state: 'completed' });
    const plan = await untilRetried(state);

    expect(plan).toMatchObject({ previous: releaseKey(earlier), admittedAt: expect.any(Number) });
    expect(plan?.isUnchanged).toBeUndefined();
  });

  test('also if only its plan knows it, as after a loss of Redis', async () => {
    const plan = await untilRetried(freshState().state, earlier);

    expect(plan).toMatchObject({ previous: releaseKey(earlier), admittedAt: expect.any(Number) });
    expect(plan?.isUnchanged).toBeUndefined();
  });

  test('is unchanged if it was so before', async () => {
    const { state } = freshState();
    await request(state, 'r0', ['a'], { release: later });
    await state.finish('a', await begin(state), { state: 'completed' });

    expect(await untilRetried(state)).toMatchObject({ isUnchanged: true });
  });
});

describe('the next decision about a rollout', () => {
  test('rests after a decision, but not for a failure', async () => {
    const { state } = freshState();
    const strategy = resolveStrategy(Strategy.parse({ type: 'Progressive', canary: 0 }), 3);
    await state.request({
      rollout: aRollout({ id: 'r1', createdAt: Date.now(), strategy }),
      targets: ['a', 'b', 'c'].map((namespace) => ({
        namespace,
        release: RELEASES[0],
        target: { state: 'pending' as const },
      })),
    });
    await state.advance({ id: 'r1', revision: 1, admit: ['a', 'b', 'c'], restMs: 60_000 });

    await state.finish('a', await begin(state, 'a'), { state: 'completed' });
    const afterCompleted = await state.dueRollouts();
    await state.finish('b', await begin(state, 'b'), { state: 'failed' });
    const afterFailed = await state.dueRollouts();
    await state.finish('c', await begin(state, 'c'), { state: 'completed' });

    expect(afterCompleted).toEqual([]);
    expect(afterFailed).toEqual(['r1']);
    expect(await state.dueRollouts()).toEqual(['r1']);
  });
});
