import { afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { CONFIG_MAPS, pathOf } from '../../shared/kubernetes/resources.ts';
import { type Gate, isConfigMapWatch } from '../support/gate.ts';
import { type Listener, listenToEvents } from '../support/listen-to-events.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { quickestOf } from '../support/quickest.ts';
import { useWorld, type World } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

/** Generous, for a busy machine; an idle one needs about a tenth of that. */
const SOON_MS = 1_000;

const listeners: Listener[] = [];
afterEach(() => {
  for (const { stop } of listeners.splice(0)) stop();
});

async function listen(
  world: World,
  since = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<Listener> {
  const [api] = world.running();
  const listener = await listenToEvents(`${api?.url}/api/fleet/events${since && `?since=${since}`}`, headers);
  listeners.push(listener);
  await until(() => listener.heard.length > 0, 'the first event arrives');
  return listener;
}

/** The published states of one namespace, in order. */
function publishedRows({ heard }: Listener, namespace: string): FleetRow[] {
  return heard
    .filter(({ event }) => event === 'rows' || event === 'reset')
    .flatMap(({ data }) => data.rows as FleetRow[])
    .filter((row) => row.namespace === namespace);
}

/** Adds a namespace and returns a feed position at which it has its row. */
async function addedAt(world: World, name: string): Promise<string> {
  await world.addNamespace(name);
  return until(async () => {
    const { body } = await world.http('/api/fleet');
    return body.rows.some(({ namespace }: FleetRow) => namespace === name) && String(body.position);
  }, `${name} has a row`);
}

async function configure(world: World, namespace: string, text: string): Promise<void> {
  const path = pathOf(CONFIG_MAPS, { namespace, name: FDD });
  const body = { data: { 'cluster_config.yaml': text } };
  await world.kube.request({ method: 'PATCH', patchType: 'merge', path, body });
}

describe('the fleet feed', () => {
  let gate: Gate;
  const world = useWorld({}, async (opened) => {
    gate = await opened.openGate();
    await opened.startApi();
    await opened.startWorker({ gate });
  });

  test('publishes a change in the cluster within a second, and a deleted namespace', async () => {
    const took = await quickestOf(4, SOON_MS, async () => {
      const listener = await listen(world);
      const began = Date.now();
      await world.kube.create(CONFIG_MAPS, 'default', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: FDD, namespace: 'default' },
        data: { tag: 'stable' },
      });
      await until(() => publishedRows(listener, 'default').length > 0, 'the row is published');
      const [row] = publishedRows(listener, 'default');
      const at = listener.heard.find(({ data }) => JSON.stringify(data).includes('"default"'))?.at ?? 0;
      await world.kube.delete(CONFIG_MAPS, { namespace: 'default', name: FDD });
      const gone = await until(
        () => listener.heard.find(({ event, data }) => event === 'rows' && data.gone.includes('default')),
        'the deletion is published',
      );

      expect(row).toMatchObject({ status: 'NOT_FOUND', channel: 'stable', activity: 'idle' });
      expect(gone.data.gone).toEqual(['default']);
      return at - began;
    });

    expect(took).toBeLessThan(SOON_MS);
  });

  test('shows the phases of a deploy as they happen', async () => {
    await world.addNamespace('phases', { fdd: OLD });
    const listener = await listen(world);
    const isPublished = (activity: string) =>
      until(
        () => publishedRows(listener, 'phases').some((row) => row.activity === activity),
        `${activity} is published`,
      );
    // The old FDD reports SUCCESS before the new one is available.
    world.fdds.misbehaviour.set('phases', { kind: 'status-left-running' }, { version: OLD });
    world.fdds.misbehaviour.set('phases', { kind: 'slow-start', ms: 3_600_000 }, { version: NEW });
    // A ConfigMap that the watch does not show yet is read before a run is planned.
    const lag = gate.stall(isConfigMapWatch);
    const reading = gate.hold(({ path }) => path.includes('/namespaces/phases/configmaps'));
    await configure(world, 'phases', 'log-format: json\n');

    const { id } = await world.deploy({ namespaces: ['phases'] });
    await isPublished('planning');
    reading.release();
    lag.release();
    await isPublished('rolling out');
    world.fdds.misbehaviour.clear('phases');
    const [target] = (await world.rolloutFinished(id)).targets;
    await until(() => publishedRows(listener, 'phases').at(-1)?.state === 'completed', 'the end is shown');

    const rows = publishedRows(listener, 'phases');
    expect(rows.at(-1)?.activity).toBe('idle');
    expect(rows.at(-1)).toMatchObject({
      health: 'healthy',
      status: 'OK',
      version: NEW,
      wanted: NEW,
      jobId: target?.jobId,
      cause: '',
    });
    const summary = await until(
      () =>
        listener.heard.findLast(
          ({ event, data }) =>
            event === 'summary' && data.rollouts[0]?.state === 'completed' && data.byStatus.OK !== undefined,
        ),
      'the summary shows the end',
    );
    expect(summary.data).toMatchObject({
      workers: 1,
      stale: [],
      rollouts: [{ counts: { completed: 1 } }],
      byStatus: { OK: expect.any(Number) },
    });
  });

  test('publishes the exact message and code of a failure, and groups it', async () => {
    await world.addNamespace('team-1', { fdd: OLD });
    world.fdds.misbehaviour.set('team-1', { kind: 'failed', lines: ['no ingress for team-1.example'] });

    await world.deployed('team-1');
    world.fdds.misbehaviour.clear('team-1');
    const row = await until(
      async () =>
        (await world.http('/api/fleet')).body.rows.find(
          (each: FleetRow) => each.namespace === 'team-1' && each.state === 'failed',
        ),
      'the failure is shown',
    );

    expect(row).toMatchObject({ health: 'degraded', state: 'failed', code: 'fdd_failed' });
    expect(row).toMatchObject({
      cause: 'FDD reported FAILED: no ingress for team-1.example',
      causeGroup: 'FDD reported FAILED: no ingress for ….example',
    });
  });

  test('sends a reconnecting client only the difference, also by Last-Event-ID, which overrides the URL', async () => {
    const start = await addedAt(world, 'quiet');
    const position = await addedAt(world, 'moving');

    const bySince = await listen(world, start);
    const byHeader = await listen(world, 'unknown.1', { 'last-event-id': start });
    const current = await listen(world, position);

    for (const { heard } of [bySince, byHeader]) {
      expect(heard[0]).toMatchObject({ event: 'rows', data: { gone: [] } });
      const names = heard[0]?.data.rows.map(({ namespace }: FleetRow) => namespace);
      expect(names).toContain('moving');
      expect(names).not.toContain('quiet');
    }
    await until(() => current.heard.some(({ event }) => event === 'summary'), 'the summary arrives');
    for (const name of ['quiet', 'moving']) expect(publishedRows(current, name)).toEqual([]);
  });

  test('resets a client that comes from another process', async () => {
    const { heard } = await listen(world, 'abcdef012345.7');

    expect(heard[0]).toMatchObject({ event: 'reset', data: { rows: expect.any(Array) } });
    expect(heard[0]?.data.now - Date.now()).toBeLessThan(SOON_MS);
    const continued = await listen(world, heard[0]?.data.position);
    expect(continued.heard[0]?.event).not.toBe('reset');
  });

  test('sends ticks, so that a client can detect a dead connection', async () => {
    const { heard } = await listen(world);

    const tick = await until(() => heard.find(({ event }) => event === 'tick'), 'a tick arrives');

    expect(tick.data).toEqual({ now: expect.any(Number) });
  });

  test('compresses responses, but not events', async () => {
    const fleet = await world.http('/api/fleet', { headers: { 'accept-encoding': 'gzip' } });
    const { response } = await listen(world, '', { 'accept-encoding': 'gzip' });

    expect(fleet.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  });

  test('shows the channels in use, as of the latest release check', async () => {
    await world.addNamespace('pinned', { tag: 'no-such-channel' });

    const { channels, checkIntervalSeconds, releaseCheck } = await until(async () => {
      // More than one, until the worker has seen the namespace.
      await world.http('/api/releases/check', { method: 'POST' });
      const { body } = await world.http('/api/releases');
      return body.channels.some(({ problem }: { problem?: string }) => problem !== undefined) && body;
    }, 'the channels were checked');

    expect(checkIntervalSeconds).toBe(3600);
    expect(releaseCheck).toEqual({
      autoUpdate: false,
      intervalSeconds: 3600,
      nextAt: expect.any(Number),
    });
    expect(releaseCheck.nextAt).toBeGreaterThan(Date.now());
    expect(channels).toEqual([
      {
        channel: 'no-such-channel',
        code: 'release_unknown',
        namespaces: 1,
        version: '',
        problem: expect.stringContaining('does not exist'),
      },
      {
        channel: 'stable',
        namespaces: expect.any(Number),
        version: NEW,
        image: `fiaas/fiaas-deploy-daemon:${NEW}`,
        checkedAt: expect.any(Number),
        updated: expect.any(String),
      },
    ]);
  });
});

describe('the fleet feed during an outage', () => {
  const world = useWorld();

  test('reports that Redis is down, keeps showing the cluster, and recovers automatically', async () => {
    const api = await world.startApi();
    const worker = await world.startWorker();
    await world.addNamespace('before', { fdd: OLD });
    const listener = await listen(world);

    await world.redis.stop();
    const stale = await until(
      () => listener.heard.find(({ event, data }) => event === 'summary' && data.stale.length > 0),
      'the outage of Redis is reported',
    );
    await world.addNamespace('during');
    await until(() => publishedRows(listener, 'during').length > 0, 'the cluster is shown');
    await world.redis.start();
    await until(
      () => listener.heard.findLast(({ event }) => event === 'summary')?.data.stale.length === 0,
      'nothing is stale any more',
    );
    const { id } = await until(async () => {
      const { status, body } = await world.http('/api/deploy', {
        method: 'POST',
        body: { namespaces: ['before'] },
      });
      return status === 202 && body;
    }, 'a deploy is accepted');
    await world.rolloutFinished(id);
    await until(() => publishedRows(listener, 'before').at(-1)?.state === 'completed', 'the deploy is shown');

    expect(stale.data).toMatchObject({ stale: [expect.stringContaining('Redis')] });
    expect(stale.data).not.toHaveProperty('workers');
    expect(listener.ended()).toBe(false);
    await Promise.all([api.stop(), worker.stop()]);
  });

  test('reports that the cluster is unreachable, and recovers automatically', async () => {
    const gate = await world.openGate();
    const api = await world.startApi({ gate });
    const listener = await listen(world);

    gate.cut();
    const stale = await until(
      () => listener.heard.find(({ event, data }) => event === 'summary' && data.stale.length > 0),
      'the outage of the cluster is reported',
    );
    gate.repair();
    await until(
      () => listener.heard.findLast(({ event }) => event === 'summary')?.data.stale.length === 0,
      'nothing is stale any more',
    );

    expect(stale.data.stale).toEqual([expect.stringContaining('The Kubernetes API cannot be read')]);
    await api.stop();
  });

  test('costs Redis no more with twenty listeners than with one', async () => {
    const redis = new Redis(world.redis.url);
    world.onClose(async () => redis.disconnect());
    await world.withApi({}, async () => {
      await listen(world);
      const withOne = await costOf(redis);
      const twenty = await Promise.all(Array.from({ length: 20 }, () => listen(world)));
      const withTwenty = await costOf(redis);

      expect(twenty.every(({ ended }) => !ended())).toBe(true);
      // One can be under way at the beginning.
      for (const { polls, inMs } of [withOne, withTwenty]) expect(polls).toBeLessThanOrEqual(2 + inMs / 900);
      expect(withTwenty.commandsPerPoll).toBeLessThan(withOne.commandsPerPoll * 1.5);
    });
  });

  test('ends with the process, without delaying it', async () => {
    const took = await quickestOf(3, 4_500, async () => {
      const api = await world.startApi();
      const all = [await listen(world), await listen(world)];
      const began = Date.now();
      await api.stop();
      await until(() => all.every(({ ended }) => ended()), 'the streams have ended');
      return Date.now() - began;
    });

    // Connections that do not end are cut after five seconds.
    expect(took).toBeLessThan(4_500);
  });
});

/** What a few polls of the numbers cost, and how long they took. */
async function costOf(redis: Redis) {
  const began = performance.now();
  const before = await commandsOf(redis);
  const after = await until(async () => {
    const now = await commandsOf(redis);
    return now.polls - before.polls >= 4 && now;
  }, 'a few polls have ended');
  const polls = after.polls - before.polls;
  return { polls, commandsPerPoll: (after.all - before.all) / polls, inMs: performance.now() - began };
}

/** Commands that Redis has run since its start, without this one. A poll lists the connections, to count workers. */
async function commandsOf(redis: Redis): Promise<{ readonly polls: number; readonly all: number }> {
  const lines = (await redis.info('commandstats')).split('\n').filter((line) => !/^cmdstat_info:/.test(line));
  const callsOf = (line = '') => Number(/calls=(\d+)/.exec(line)?.[1] ?? 0);
  return {
    polls: callsOf(lines.find((line) => line.startsWith('cmdstat_client|list:'))),
    all: lines.reduce((sum, line) => sum + callsOf(line), 0),
  };
}
