import { describe, expect, test } from '@jest/globals';
import { SkipperError } from '../../../domain/errors.ts';
import type { Hold } from '../../../domain/rollout/hold.ts';
import type { RolloutTarget } from '../../../domain/rollout/rollout.ts';
import type { RolloutStatus, TargetPlan } from '../../../domain/rollout/rollout-status.ts';
import type { DeployCommand } from '../../../shared/deploy-service.ts';
import { createRollBack } from '../../../shared/roll-back.ts';
import { aRelease, aRollout, silentLog } from '../../support/builders.ts';
import { createFakeCluster } from '../../support/fake-core.ts';

const GOOD = aRelease({ version: 'v1' });
const OPERATOR = { by: 'jo', reason: 'it crash-loops' };
const EARLIER: Hold = { by: 'ann', reason: 'a migration', at: 1 };

const STATUS: RolloutStatus = {
  state: 'paused',
  reason: '',
  because: '',
  changedAt: 1,
  failures: [],
  revision: 3,
  seq: 1,
};

function aPlan(overrides: Partial<TargetPlan> = {}): TargetPlan {
  return {
    wave: 0,
    order: 0,
    because: '',
    release: 'bad',
    version: 'v2',
    channel: 'stable',
    admittedAt: 5,
    previous: 'good',
    ...overrides,
  };
}

interface World {
  readonly plans?: Readonly<Record<string, TargetPlan>>;
  readonly holds?: Readonly<Record<string, Hold>>;
  readonly failure?: Error;
}

/** A rollout of team-a and team-b; what happens is noted in order. */
function open({ plans = { 'team-a': aPlan() }, holds = {}, failure }: World = {}) {
  const happened: string[] = [];
  const held = new Map(Object.entries(holds));
  const requested: DeployCommand[] = [];
  const targets = new Map<string, RolloutTarget>(
    Object.keys(plans).map((name) => [name, { state: 'failed' }]),
  );
  const known = {
    rollout: aRollout({ id: 'r1' }),
    status: STATUS,
    targets,
    plans: new Map(Object.entries(plans)),
  };
  const rollBack = createRollBack({
    state: {
      knownRollout: async (id) => (id === 'r1' ? known : undefined),
      advance: async ({ event }) => {
        happened.push(`event: ${event?.kind}`);
        return { kind: 'done', targets: [], left: [] };
      },
      verifiedReleases: async () => new Map(),
      records: async () => new Map(),
      release: async (key) => (key === 'good' ? GOOD : undefined),
      holds: async () => new Map(held),
      hold: async (namespaces, hold) => {
        happened.push(`hold: ${namespaces}`);
        for (const namespace of namespaces) held.set(namespace, hold);
      },
      endHold: async (namespaces) => {
        for (const namespace of namespaces) held.delete(namespace);
        return namespaces.length;
      },
    },
    cluster: createFakeCluster({ 'team-a': {}, 'team-b': {} }),
    commands: {
      cancel: async (id, { reason }) => {
        happened.push(`cancel ${id}: ${reason}`);
        return { state: 'cancelled', namespaces: [], left: [] };
      },
    },
    service: {
      request: async (command) => {
        happened.push('request');
        if (failure) throw failure;
        requested.push(command);
        return { rollout: aRollout({ id: 'r2' }), targets: new Map(), replayed: false };
      },
    },
    log: silentLog,
  });
  const roll = (options: object = {}) =>
    rollBack({ id: 'r1', operator: OPERATOR, trigger: 'api', ...options });
  return { roll, happened, held, requested };
}

describe('a rollback', () => {
  test('cancels the rollout, holds its namespaces, and only then requests their earlier releases', async () => {
    const { roll, happened, held, requested } = open({
      plans: { 'team-a': aPlan(), 'team-b': aPlan({ previous: undefined }), 'team-c': aPlan() },
    });

    await roll();

    expect(happened).toEqual([
      'cancel r1: rolled back: it crash-loops',
      'hold: team-a',
      'request',
      'event: rolled back',
    ]);
    expect(held.get('team-a')).toMatchObject({ by: 'jo', rolloutId: 'r1' });
    expect(requested).toEqual([
      expect.objectContaining({
        namespaces: ['team-a'],
        releases: new Map([['team-a', GOOD]]),
        cancelled: new Map([
          ['team-b', 'no earlier verified release is known'],
          ['team-c', 'it is not a FIAAS namespace any more'],
        ]),
        strategy: { type: 'All' },
        rollsBack: 'r1',
        requestedBy: 'jo',
      }),
    ]);
  });

  test('takes its holds back if the request is refused, and keeps those of before', async () => {
    const pin = { ...EARLIER, pin: 'v2' };
    const refused = open({ holds: { 'team-a': pin }, failure: new SkipperError('forbidden', 'no') });

    await expect(refused.roll()).rejects.toThrow('no');

    expect([...refused.held]).toEqual([['team-a', pin]]);
  });

  test('keeps its holds if Redis did not answer: the request may have been accepted', async () => {
    const { roll, held } = open({ failure: new SkipperError('redis_unavailable', 'unknown whether') });

    await expect(roll()).rejects.toThrow('unknown whether');

    expect(held.get('team-a')).toMatchObject({ rolloutId: 'r1' });
  });

  test('leaves a hold of an operator as it is', async () => {
    const { roll, held } = open({ holds: { 'team-a': EARLIER } });

    await roll();

    expect(held.get('team-a')).toBe(EARLIER);
  });

  test.each([
    [
      'no earlier release is known',
      { 'team-a': aPlan({ previous: undefined }) },
      /no earlier verified release/,
    ],
    ['nothing was reached', { 'team-a': aPlan({ admittedAt: undefined }) }, /cancel it instead/],
  ])('changes nothing if %s', async (_what, plans, message) => {
    const { roll, happened } = open({ plans });

    await expect(roll()).rejects.toMatchObject({
      name: 'RolloutConflictError',
      message: expect.stringMatching(message),
    });

    expect(happened).toEqual([]);
  });

  test('refuses names that are not in the rollout, and unknown rollouts', async () => {
    const { roll } = open();

    await expect(roll({ namespaces: ['nowhere'] })).rejects.toMatchObject({ field: 'namespaces' });
    await expect(roll({ id: 'r9' })).rejects.toMatchObject({ code: 'not_found' });
  });
});
