import { describe, expect, test } from '@jest/globals';
import { type FleetFacts, summariseFleet, toProgress } from '../../../../domain/fleet/summarise-fleet.ts';
import { countTargets } from '../../../../domain/rollout/rollout.ts';
import { aFleetRow, aRollout } from '../../../support/builders.ts';

function facts(overrides: Partial<FleetFacts> = {}): FleetFacts {
  return {
    rows: [],
    channels: new Map(),
    workers: 0,
    queue: undefined,
    rollouts: [],
    notices: [],
    stale: [],
    ...overrides,
  };
}

describe('summariseFleet', () => {
  test('counts an empty fleet', () => {
    expect(summariseFleet(facts())).toMatchObject({
      namespaces: 0,
      byStatus: {},
      versions: [],
      channels: [],
    });
  });

  test('counts by status, health and version, most frequent first', () => {
    const rows = [
      aFleetRow({ version: 'v1' }),
      aFleetRow({ version: 'v2' }),
      aFleetRow({ version: 'v2' }),
      aFleetRow({ version: '', status: 'NOT_FOUND', health: 'outdated' }),
    ];

    expect(summariseFleet(facts({ rows }))).toMatchObject({
      namespaces: 4,
      byStatus: { OK: 3, NOT_FOUND: 1 },
      byHealth: { healthy: 3, outdated: 1 },
      versions: [
        { version: 'v2', count: 2 },
        { version: '', count: 1 },
        { version: 'v1', count: 1 },
      ],
    });
  });

  test('lists the channels in use, including one that was never checked', () => {
    const rows = [
      aFleetRow({ channel: 'stable' }),
      aFleetRow({ channel: 'pinned' }),
      aFleetRow({ channel: '' }),
    ];
    const seen = { version: 'v2', checkedAt: 42, problem: 'no answer', updated: '2022' };
    const channels = new Map([
      ['stable', seen],
      ['unused', seen],
    ]);

    expect(summariseFleet(facts({ rows, channels })).channels).toEqual([
      {
        channel: 'pinned',
        namespaces: 1,
        version: '',
        checkedAt: undefined,
        problem: undefined,
        updated: undefined,
      },
      { channel: 'stable', namespaces: 1, ...seen },
    ]);
  });
});

describe('toProgress', () => {
  test('names each version once', () => {
    const release = { channel: 'stable', image: 'fdd:v2', version: 'v2' };
    const rollout = aRollout({ releases: [release, { ...release, channel: 'latest' }] });

    expect(toProgress(rollout, { ...countTargets([]), pending: 1, failed: 1 }, 42)).toMatchObject({
      id: rollout.id,
      versions: ['v2'],
      state: 'running',
      etaAt: 42,
    });
  });
});
