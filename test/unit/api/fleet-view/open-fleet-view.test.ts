import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { FeedEvent } from '../../../../api/fleet-view/fleet-view.ts';
import { openFleetView } from '../../../../api/fleet-view/open-fleet-view.ts';
import type { NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import { SkipperError } from '../../../../domain/errors.ts';
import type { NamespaceRecord } from '../../../../domain/rollout/namespace-record.ts';
import type { Change } from '../../../../shared/state/change-feed.ts';
import type { ChannelSnapshot } from '../../../../shared/state/channel-snapshots.ts';
import { aDeployment, aRelease, VERSION } from '../../../support/builders.ts';
import { createFakeCore } from '../../../support/fake-core.ts';
import { until } from '../../../support/until.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function aRecord(overrides: Partial<NamespaceRecord> = {}): NamespaceRecord {
  return {
    generation: 1,
    handled: 0,
    rolloutId: 'r1',
    release: 'key',
    trigger: 'api',
    requestedBy: 'test',
    requestedAt: 1,
    state: 'running',
    phase: 'applying',
    reason: '',
    attempt: 1,
    lastFailure: '',
    jobId: 'team-a.1',
    changedAt: 1,
    finishedAt: undefined,
    retryAt: undefined,
    failures: 0,
    ...overrides,
  };
}

/** A view of a cluster and a Redis that a test can change. */
function open() {
  const namespaces: Record<string, Partial<NamespaceSnapshot>> = { 'team-a': {}, 'team-b': {} };
  const records = new Map<string, NamespaceRecord>();
  const channels = new Map<string, ChannelSnapshot>();
  const read: string[][] = [];
  let isRedisDown = false;
  let onCluster: (namespace: string) => void = () => undefined;
  let publish: (change: Change) => void = () => undefined;
  const { core } = createFakeCore({ namespaces });
  const watches = [
    { name: 'pods', synced: true, position: '1', lastHeardAt: 0, relists: 1, problem: undefined },
  ];
  Object.assign(core.redis, { status: 'ready' });
  Object.assign(core.cluster, {
    onAnyChange: (listener: typeof onCluster) => {
      onCluster = listener;
      return () => undefined;
    },
    watches: () => watches,
  });
  Object.assign(core.deployQueue, { getWorkers: async () => [{}, {}] });
  Object.assign(core.state, {
    records: async (names: readonly string[]) => {
      read.push([...names].sort());
      if (isRedisDown) throw new SkipperError('redis_unavailable', 'down');
      return new Map([...records].filter(([name]) => names.includes(name)));
    },
    release: async () => aRelease({ version: 'asked' }),
    channels: async () => new Map(channels),
  });
  const view = openFleetView(core, {
    listen: (listener) => {
      publish = listener;
    },
    close: () => undefined,
  });
  closers.push(view.close);
  const events: FeedEvent[] = [];
  return {
    view,
    core,
    namespaces,
    records,
    channels,
    read,
    events,
    subscribe: () => view.subscribe((event) => events.push(event)),
    changeCluster: (namespace: string) => onCluster(namespace),
    publish: (change: Change) => publish(change),
    setRedisDown: (is: boolean) => {
      isRedisDown = is;
      Object.assign(core.redis, { status: is ? 'reconnecting' : 'ready' });
    },
    rowEvents: () => events.flatMap((each) => (each.kind === 'rows' ? [each.event] : [])),
  };
}

describe('openFleetView', () => {
  test('is ready when every namespace has its row, with its record', async () => {
    const { view, records, channels } = open();
    records.set('team-a', aRecord());
    channels.set('stable', { channel: 'stable', version: VERSION });

    await view.ready();

    expect(view.rows()).toMatchObject([
      { namespace: 'team-a', activity: 'applying', wanted: 'asked', version: VERSION },
      { namespace: 'team-b', activity: 'idle', health: 'healthy' },
    ]);
    expect(view.record('team-a')).toMatchObject({ phase: 'applying' });
    expect(view.document()).toMatchObject({
      position: expect.stringMatching(/^\w+\.1$/),
      summary: { namespaces: 2 },
    });
  });

  test('combines a burst of cluster changes into one row event, without reading Redis', async () => {
    const { view, namespaces, changeCluster, read, subscribe, rowEvents } = open();
    await view.ready();
    subscribe();
    read.length = 0;

    for (let replicas = 1; replicas <= 50; replicas += 1) {
      namespaces['team-a'] = { deployment: aDeployment({ availableReplicas: undefined, replicas }) };
      changeCluster('team-a');
    }
    await until(() => rowEvents().length > 0, 'the change is reported');

    expect(rowEvents()).toMatchObject([{ rows: [{ namespace: 'team-a', status: 'UNAVAILABLE' }], gone: [] }]);
    expect(read).toEqual([]);
  });

  test('reads the records that the feed names, and only those', async () => {
    const { view, records, read, subscribe, publish, rowEvents } = open();
    await view.ready();
    subscribe();
    read.length = 0;
    records.set('team-b', aRecord({ phase: 'rolling out' }));

    publish({ kind: 'namespaces', namespaces: ['team-b', 'no-namespace'] });
    publish({ kind: 'namespaces', namespaces: ['team-b'] });
    await until(() => rowEvents().length > 0, 'the change is reported');

    expect(rowEvents()).toMatchObject([{ rows: [{ namespace: 'team-b', activity: 'rolling out' }] }]);
    expect(read).toEqual([['no-namespace', 'team-b']]);
  });

  test('shows what is in quarantine until it leaves it', async () => {
    const { view, core, channels, publish } = open();
    channels.set('stable', { channel: 'stable', version: VERSION });
    const quarantine = {
      since: 1,
      rule: 'deaf',
      reason: 'no means is possible',
      evidence: 'deaf',
      cause: '',
    };
    Object.assign(core.state, { healingIn: async () => new Map([['team-a', { findings: [], quarantine }]]) });
    await view.ready();
    const before = view.row('team-a');
    Object.assign(core.state, { healingIn: async () => new Map() });
    publish({ kind: 'namespaces', namespaces: ['team-a'] });
    await until(() => view.row('team-a')?.cause === '', 'it has left');

    expect(before).toMatchObject({
      health: 'degraded',
      cause: 'In quarantine: deaf: no means is possible',
    });
    expect(view.row('team-a')?.health).toBe('healthy');
  });

  test('shows a rule that holds, until it does not', async () => {
    const { view, core, channels, publish } = open();
    channels.set('stable', { channel: 'stable', version: VERSION });
    const status = { mode: 'report', checkedAt: Date.now(), intervalSeconds: 15, isDeafKnown: true };
    const findings = [{ rule: 'deaf', since: 1, evidence: 'does not hear' }];
    Object.assign(core.state, {
      healingStatus: async () => status,
      healingIn: async () => new Map([['team-a', { findings }]]),
    });
    await view.ready();
    const before = view.row('team-a');
    Object.assign(core.state, { healingIn: async () => new Map() });
    publish({ kind: 'namespaces', namespaces: ['team-a'] });
    await until(() => view.row('team-a')?.cause === '', 'it does not hold any more');

    expect(before).toMatchObject({ health: 'degraded', cause: 'deaf: does not hear', rule: 'deaf' });
    expect(view.row('team-a')?.health).toBe('healthy');
  });

  test('shows a rule that held as unknown while no pass is made, as soon as the pass is too old', async () => {
    jest.useFakeTimers();
    try {
      const { view, core, channels } = open();
      channels.set('stable', { channel: 'stable', version: VERSION });
      const status = { mode: 'report', intervalSeconds: 15, isDeafKnown: true };
      let checkedAt = Date.now();
      const findings = [{ rule: 'deaf', since: 1, evidence: 'does not hear' }];
      Object.assign(core.state, {
        healingStatus: async () => ({ ...status, checkedAt }),
        healingIn: async () => new Map([['team-a', { findings }]]),
      });
      await view.ready();
      const healths = () => view.rows().map(({ health }) => health);
      const fresh = healths();
      await jest.advanceTimersByTimeAsync(70_000);
      const stale = healths();
      const { cause } = view.row('team-a') ?? {};
      checkedAt = Date.now();
      await jest.advanceTimersByTimeAsync(10_000);

      expect(fresh).toEqual(['degraded', 'healthy']);
      expect(stale).toEqual(['unknown', 'healthy']);
      expect(cause).toBe('Unknown whether deaf still holds: no recent pass of healing is known');
      expect(healths()).toEqual(fresh);
    } finally {
      jest.useRealTimers();
    }
  });

  test('reads everything again if messages may have been lost', async () => {
    const { view, records, subscribe, publish, rowEvents } = open();
    await view.ready();
    subscribe();
    records.set('team-a', aRecord());

    publish({ kind: 'resync' });
    await until(() => rowEvents().length > 0, 'the change is reported');

    expect(rowEvents()).toMatchObject([{ rows: [{ namespace: 'team-a' }] }]);
  });

  test('reports a deleted namespace', async () => {
    const { view, namespaces, subscribe, changeCluster, rowEvents } = open();
    await view.ready();
    const { position } = view.document();
    subscribe();

    delete namespaces['team-a'];
    changeCluster('team-a');
    await until(() => rowEvents().length > 0, 'the change is reported');

    expect(rowEvents()).toMatchObject([{ rows: [], gone: ['team-a'] }]);
    expect(view.changesSince(position)).toMatchObject({ rows: [], gone: ['team-a'] });
    expect(view.row('team-a')).toBeUndefined();
  });

  test('shows namespaces as outdated as soon as the release check has found another version', async () => {
    const { view, channels, subscribe, publish } = open();
    await view.ready();
    subscribe();
    channels.set('stable', { channel: 'stable', version: 'v2', image: 'fdd:v2' });

    publish({ kind: 'channels' });
    await until(() => view.row('team-a')?.wanted === 'v2', 'the new version is shown');

    expect(view.row('team-a')).toMatchObject({ health: 'outdated', wanted: 'v2' });
    expect(view.channel('stable')).toMatchObject({ image: 'fdd:v2' });
    expect(view.summary().channels).toMatchObject([{ channel: 'stable', namespaces: 2, version: 'v2' }]);
  });

  test('shows the cluster while Redis is down, reports that, and recovers', async () => {
    const { view, namespaces, records, subscribe, changeCluster, publish, setRedisDown, rowEvents, events } =
      open();
    records.set('team-a', aRecord());
    await view.ready();
    subscribe();
    setRedisDown(true);

    namespaces['team-b'] = { deployment: aDeployment({ availableReplicas: undefined }) };
    changeCluster('team-b');
    publish({ kind: 'namespaces', namespaces: ['team-a'] });
    await until(() => rowEvents().length > 0, 'the change is reported');
    await until(
      () => events.some((each) => each.kind === 'summary' && each.summary.stale.length > 0),
      'the view reports stale data',
    );

    expect(view.row('team-b')).toMatchObject({ status: 'UNAVAILABLE' });
    expect(view.row('team-a')).toMatchObject({ activity: 'applying' });
    expect(view.summary()).toMatchObject({ stale: [expect.stringContaining('Redis')], queue: undefined });

    records.set('team-a', aRecord({ handled: 1, state: 'completed', phase: 'done' }));
    setRedisDown(false);
    await until(() => view.row('team-a')?.activity === 'idle', 'the missed record is read');

    await until(() => view.summary().queue !== undefined, 'the queue counts are back');
    expect(view.summary()).toMatchObject({ stale: [], workers: 2 });
  });

  test('reads the queue counts only for subscribers, and at most once a second for a refresh', async () => {
    const { view, core, subscribe } = open();
    let reads = 0;
    Object.assign(core.deployQueue, {
      getJobCounts: async () => {
        reads += 1;
        return { waiting: 3 };
      },
    });
    await view.ready();
    expect(reads).toBe(0);

    await Promise.all([view.refresh(), view.refresh()]);
    await view.refresh();
    expect(reads).toBe(1);
    expect(view.summary().queue).toEqual({ waiting: 3, active: 0, delayed: 0, failed: 0 });

    const unsubscribe = subscribe();
    await until(() => reads > 2, 'the queue counts are read');
    unsubscribe();
  });

  test('notifies subscribers when it closes', async () => {
    const { view } = open();
    let ended = false;
    view.subscribe(
      () => undefined,
      () => {
        ended = true;
      },
    );

    await view.close();

    expect(ended).toBe(true);
  });
});
