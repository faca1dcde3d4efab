import { describe, expect, test } from '@jest/globals';
import { refreshFleetGauges } from '../../../api/fleet-gauges.ts';
import type { FleetView } from '../../../api/fleet-view/fleet-view.ts';
import type { FleetRow } from '../../../domain/fleet/fleet-row.ts';
import { type SeenChannel, summariseFleet } from '../../../domain/fleet/summarise-fleet.ts';
import type { NamespaceRecord } from '../../../domain/rollout/namespace-record.ts';
import { createMetrics } from '../../../shared/metrics.ts';
import { aFakeView } from '../../support/fake-view.ts';

const HOUR_MS = 3_600_000;

interface Seen {
  readonly rows?: readonly Partial<FleetRow>[];
  readonly channels?: Readonly<Record<string, SeenChannel>>;
  readonly workers?: number | undefined;
  readonly records?: Readonly<Record<string, Partial<NamespaceRecord>>>;
}

function aView({ rows = [], channels = {}, workers, records = {} }: Seen): FleetView {
  const made = rows.map((row) => ({ status: 'OK', activity: 'idle', channel: 'stable', ...row }) as FleetRow);
  return aFakeView({
    rows: () => made,
    record: (namespace) => records[namespace] as NamespaceRecord | undefined,
    summary: () =>
      summariseFleet({
        rows: made,
        channels: new Map(Object.entries(channels)),
        workers,
        queue: undefined,
        rollouts: [],
        notices: [],
        stale: [],
      }),
  });
}

/** Lines of the exposition that start with the name. */
async function exported(name: string, view: FleetView, metrics = createMetrics()): Promise<string[]> {
  await refreshFleetGauges(view, metrics, 3);
  return (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(name));
}

describe('skipper_namespaces_outdated', () => {
  test('counts the namespaces of each channel that do not run its release', async () => {
    const rows = [
      { namespace: 'a', version: '2', wanted: '2' },
      { namespace: 'b', version: '1', wanted: '2' },
      { namespace: 'failed', version: '1', wanted: '2', health: 'degraded' as const },
      { namespace: 'c', channel: 'latest', version: '3', wanted: '3' },
    ];

    expect(await exported('skipper_namespaces_outdated', aView({ rows }))).toEqual([
      'skipper_namespaces_outdated{channel="latest"} 0',
      'skipper_namespaces_outdated{channel="stable"} 2',
    ]);
  });

  test.each<[string, Partial<FleetRow>]>([
    ['is being deployed', { activity: 'rolling out' }],
    ['is managed by Helm', { status: 'HELM_MANAGED' }],
    ['has a channel that was never read', { wanted: '' }],
  ])('does not count a namespace that %s', async (_what, row) => {
    const view = aView({ rows: [{ namespace: 'a', version: '1', wanted: '2', ...row }] });

    expect(await exported('skipper_namespaces_outdated', view)).toEqual([
      'skipper_namespaces_outdated{channel="stable"} 0',
    ]);
  });

  test('drops a channel that no namespace follows any more', async () => {
    const metrics = createMetrics();
    await exported('skipper', aView({ rows: [{ namespace: 'a', version: '1', wanted: '2' }] }), metrics);

    expect(await exported('skipper_namespaces_outdated', aView({}), metrics)).toEqual([]);
  });
});

describe('skipper_namespaces_by_health', () => {
  const failed = { namespace: 'a', health: 'degraded', status: 'OK', state: 'failed' } as const;

  test('counts a failed deploy even if FDD is OK, and exports every health', async () => {
    const rows = [failed, { namespace: 'b', health: 'healthy' as const }];

    expect(await exported('skipper_namespaces_by_health', aView({ rows }))).toEqual([
      'skipper_namespaces_by_health{health="degraded"} 1',
      'skipper_namespaces_by_health{health="outdated"} 0',
      'skipper_namespaces_by_health{health="unknown"} 0',
      'skipper_namespaces_by_health{health="progressing"} 0',
      'skipper_namespaces_by_health{health="unmanaged"} 0',
      'skipper_namespaces_by_health{health="healthy"} 1',
    ]);
  });

  test('has no value before the view is filled, because zeros would resolve every alert', async () => {
    const view = { ...aView({ rows: [failed] }), ready: () => new Promise<void>(() => undefined) };

    expect(await exported('skipper_namespaces_by_health', view)).toEqual([]);
  });
});

describe('skipper_channel_readable', () => {
  test('is 0 for a channel whose latest check failed, and missing for one never checked', async () => {
    const view = aView({
      rows: ['stable', 'latest', 'new'].map((channel) => ({ namespace: channel, channel })),
      channels: {
        stable: { version: '1', checkedAt: 1 },
        latest: { version: '1', checkedAt: 1, problem: 'HTTP 500' },
      },
    });

    expect(await exported('skipper_channel_readable', view)).toEqual([
      'skipper_channel_readable{channel="latest"} 0',
      'skipper_channel_readable{channel="stable"} 1',
    ]);
  });
});

describe('skipper_oldest_unfinished_seconds', () => {
  const rows = [{ namespace: 'done' }, { namespace: 'new' }, { namespace: 'old' }, { namespace: 'never' }];
  const done = { generation: 1, handled: 1, requestedAt: 0 };

  test('is the age of the oldest request that is not done', async () => {
    const records = {
      done,
      new: { generation: 2, handled: 1, requestedAt: Date.now() },
      old: { generation: 2, handled: 1, requestedAt: Date.now() - HOUR_MS },
    };

    const [line = ''] = await exported(
      'skipper_oldest_unfinished_seconds',
      aView({ rows, records, workers: 1 }),
    );

    expect(Math.round(Number(line.split(' ')[1]) / 60)).toBe(60);
  });

  test('is 0 if all are done', async () => {
    const view = aView({ rows, records: { done }, workers: 0 });

    expect(await exported('skipper_oldest_unfinished_seconds', view)).toEqual([
      'skipper_oldest_unfinished_seconds 0',
    ]);
  });
});

test('while Redis is down, gauges that depend on it have no value, but the number of listeners still does', async () => {
  const metrics = createMetrics();
  await exported('skipper', aView({ workers: 2 }), metrics);
  expect(await exported('skipper_workers', aView({ workers: 2 }), metrics)).toEqual(['skipper_workers 2']);

  const down = aView({ workers: undefined });

  expect(await exported('skipper_workers', down, metrics)).toEqual([]);
  expect(await exported('skipper_oldest_unfinished_seconds', down, metrics)).toEqual([]);
  expect(await exported('skipper_event_listeners', down, metrics)).toEqual(['skipper_event_listeners 3']);
});

describe('skipper_release_check_age_seconds', () => {
  test('counts from the last release check, or from the start of the process', async () => {
    const lastReleaseCheck = { since: Date.now() - 90_000, intervalSeconds: 60 };
    const view = aFakeView({ summary: () => ({ ...aView({}).summary(), lastReleaseCheck }) });

    const [age = ''] = await exported('skipper_release_check_age_seconds', view);

    expect(Number(age.split(' ')[1])).toBeCloseTo(90, 0);
    expect(await exported('skipper_release_check_interval', view)).toEqual([
      'skipper_release_check_interval_seconds 60',
    ]);
  });
});
