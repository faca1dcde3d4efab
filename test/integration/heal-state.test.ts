import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import { decideHealing } from '../../domain/heal/decide-healing.ts';
import type { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import { createHealCommands } from '../../shared/heal-commands.ts';
import { duplicateForMessages, untilReady } from '../../shared/redis.ts';
import { changesChannel } from '../../shared/state/change-feed.ts';
import { openDesiredState } from '../../shared/state/desired-state.ts';
import { someHealSettings } from '../support/healing-builders.ts';
import { openEpoch } from '../support/open-epoch.ts';
import { until } from '../support/until.ts';
import { useRedis } from '../support/use-redis.ts';

const STATUS: HealingStatus = {
  mode: 'on',
  checkedAt: 1_800_000_000_000,
  intervalSeconds: 15,
  fleet: 10,
  sick: 1,
  rules: { drifted: 1 },
  isDeafKnown: false,
  cap: { limit: 5, used: 1 },
};
const SICK: NamespaceHealing = {
  state: 'waiting',
  reason: 'drifted: if it lasts, next: deploy again with a new id',
  findings: [{ rule: 'drifted', since: 1_800_000_000_000, evidence: 'another image' }],
  since: 1_800_000_000_000,
  steps: [],
};
const PARKED: NamespaceHealing = {
  ...SICK,
  state: 'quarantined',
  steps: [{ at: 1, means: 'deploy', rule: 'drifted', endedAt: 2, end: 'failed', result: 'no' }],
  quarantine: {
    since: 3,
    rule: 'drifted',
    reason: 'everything was tried',
    evidence: 'another image',
    cause: 'x',
  },
};
const ENTRY: AuditEntry = { at: 1, kind: 'heal.step', by: 'skipper', reason: 'drifted', outcome: 'ok' };

const own = useRedis();

function freshState() {
  const prefix = `{test-${randomUUID()}}`;
  const state = openDesiredState(own.redis, prefix);
  void openEpoch(own.redis, prefix);
  return { state, prefix, commands: createHealCommands({ state }) };
}

const asMap = (healing: Readonly<Record<string, NamespaceHealing>>) => new Map(Object.entries(healing));

describe('a pass of healing', () => {
  test('is stored whole, with its entries in the audit log', async () => {
    const { state } = freshState();
    const change = { revision: 0, healing: asMap({ a: SICK, b: PARKED }), status: STATUS, audit: [ENTRY] };

    expect(await state.saveHealing(change)).toBe(1);

    expect(await state.healing()).toEqual(asMap({ a: SICK, b: PARKED }));
    expect(await state.healingStatus()).toEqual(STATUS);
    expect(await state.healingRevision()).toBe(1);
    expect((await state.auditBefore(undefined, 10)).entries).toMatchObject([ENTRY]);
  });

  test('counts as a decision only if it has decided something', async () => {
    const { state, prefix } = freshState();
    const counted = () => own.redis.get(`${prefix}:ticks`);
    const change = { healing: asMap({ a: SICK }), status: STATUS };

    await state.saveHealing({ ...change, revision: 0, audit: [] });
    expect(await counted()).toBeNull();
    await state.saveHealing({ ...change, revision: 1, audit: [ENTRY] });
    expect(await counted()).toBe('1');
  });

  test('announces what it changes, to those who show it', async () => {
    const { state, prefix } = freshState();
    const names = Array.from({ length: 600 }, (_, index) => `team-${index}`);
    const messages: string[] = [];
    const subscriber = duplicateForMessages(own.redis);
    subscriber.on('message', (_channel, message: string) => messages.push(message));
    await untilReady(subscriber, new AbortController().signal);
    await subscriber.subscribe(changesChannel(prefix));
    const sick = Object.fromEntries(names.map((name) => [name, SICK]));
    const healing = asMap({ parked: PARKED, ...sick });
    await state.saveHealing({ revision: 0, healing, removed: ['gone'] });
    const announced = () => messages.flatMap((message) => message.split(' '));
    await until(() => announced().length >= 602, 'all are announced');
    subscriber.disconnect();

    expect(new Set(announced())).toEqual(new Set(['gone', 'parked', ...names]));
    expect(await state.healingIn(['team-0', 'parked', 'well'])).toEqual(
      asMap({ 'team-0': SICK, parked: PARKED }),
    );
    expect(await state.healingIn([])).toEqual(new Map());
  });

  test('that another one has overtaken changes nothing', async () => {
    const { state } = freshState();
    await state.saveHealing({ revision: 0, healing: asMap({ a: SICK }), status: STATUS });

    const stale = { revision: 0, healing: asMap({ b: SICK }), removed: ['a'], audit: [ENTRY] };
    expect(await state.saveHealing(stale)).toBe('stale');

    expect(await state.healing()).toEqual(asMap({ a: SICK }));
    expect((await state.auditBefore(undefined, 10)).entries).toEqual([]);
  });

  test('from before a loss of data writes nothing', async () => {
    const { state, prefix } = freshState();
    const revision = await state.saveHealing({ revision: 0, healing: asMap({ a: SICK }), status: STATUS });
    await own.redis.del(`${prefix}:epoch`);
    await expect(state.saveHealing({ revision: 1, healing: new Map() })).rejects.toThrow('is being rebuilt');

    await openEpoch(own.redis, prefix);
    await own.redis.del(`${prefix}:healing`, `${prefix}:healing-revision`, `${prefix}:healing-status`);

    expect(await state.saveHealing({ revision: Number(revision), healing: asMap({ a: SICK }) })).toBe(
      'stale',
    );
    expect(await state.healing()).toEqual(new Map());
  });

  test('can have thousands of namespaces', async () => {
    const { state } = freshState();
    const names = Array.from({ length: 10_000 }, (_, index) => `ns-${index}`);
    await state.saveHealing({
      revision: 0,
      healing: new Map(names.map((name) => [name, SICK])),
      status: STATUS,
    });

    expect((await state.healing()).size).toBe(10_000);
    await state.saveHealing({ revision: 1, healing: new Map(), removed: names });
    expect((await state.healing()).size).toBe(0);
  });
});

describe('the commands', () => {
  const jo = { by: 'jo', reason: 'maintenance' };

  test('stop and resume healing, each with its entry', async () => {
    const { state, commands } = freshState();
    await state.saveHealing({ revision: 0, healing: new Map(), status: STATUS });

    expect((await commands.stop(jo)).status.stopped).toMatchObject({ by: 'jo', reason: 'maintenance' });
    const { status: resumed } = await commands.resume({ by: 'kim', reason: 'done' });
    expect(await commands.resume({ by: 'ann', reason: 'again' })).toEqual({
      status: resumed,
      isUnchanged: true,
    });

    expect(resumed.stopped).toBeUndefined();
    expect(resumed.resumedAt).toBeGreaterThan(0);
    expect(await state.healingStatus()).toEqual(resumed);
    const { entries } = await state.auditBefore(undefined, 10);
    expect(entries.map(({ kind, by, reason }) => [kind, by, reason])).toEqual([
      ['heal.resumed', 'kim', 'done'],
      ['heal.stopped', 'jo', 'maintenance'],
    ]);
  });

  test('release what is in quarantine, and name what is not', async () => {
    const { state, commands } = freshState();
    await state.saveHealing({ revision: 0, healing: asMap({ a: SICK, b: PARKED }), status: STATUS });

    const answer = await commands.release({ ...jo, namespaces: ['a', 'b', 'c', 'b'] });

    expect(answer).toEqual({ released: ['b'], unknown: ['a', 'c'] });
    expect(await state.healingOf('b')).toMatchObject({
      state: 'waiting',
      reason: 'released from quarantine by jo: maintenance',
      // It did not fall sick now, but its ladder begins at the first step.
      since: PARKED.since,
      ladderSince: expect.any(Number),
      steps: [],
    });
    expect(await state.healingOf('a')).toEqual(SICK);
    expect((await state.auditBefore(undefined, 10)).entries).toMatchObject([
      { kind: 'heal.unquarantined', by: 'jo', namespaces: ['b'], reason: 'maintenance' },
    ]);
  });

  test('stop healing before its first pass, which keeps that', async () => {
    const { state, commands } = freshState();

    expect(await commands.stop(jo)).toMatchObject({
      status: { mode: 'off', stopped: { by: jo.by, reason: jo.reason } },
    });

    const { status } = decideHealing({
      namespaces: new Map(),
      fleet: 10,
      status: await state.healingStatus(),
      settings: someHealSettings({ mode: 'on' }),
      isDeafKnown: false,
      now: state.now() + 1,
    });
    expect(status).toMatchObject({ mode: 'on', stopped: { by: jo.by, reason: jo.reason } });
  });
});

describe('what is saved outside of Redis', () => {
  test('changes with a step and its end, and with a quarantine, but not with every pass', async () => {
    const { state } = freshState();
    const begun = { at: 1, means: 'deploy', rule: 'drifted' } as const;
    const passes: NamespaceHealing[] = [
      SICK,
      { ...SICK, reason: 'another pass' },
      { ...SICK, state: 'healing', steps: [begun] },
      { ...SICK, steps: [{ ...begun, endedAt: 2, end: 'failed' }] },
      PARKED,
    ];
    const marks: string[] = [];
    for (const [revision, healing] of passes.entries()) {
      await state.saveHealing({ revision, healing: asMap({ a: healing }), status: STATUS });
      marks.push((await state.saveMarks()).decisions);
    }

    expect(marks[1]).toBe(marks[0]);
    expect(new Set(marks).size).toBe(4);
  });
});
