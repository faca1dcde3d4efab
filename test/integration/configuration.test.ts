import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { APPLICATIONS, CONFIG_MAPS, pathOf } from '../../shared/kubernetes/resources.ts';
import { type Gate, isConfigMapWatch } from '../support/gate.ts';
import { rebuilt } from '../support/open-epoch.ts';
import { FDD, NEW } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

let gate: Gate;

const world = useWorld({}, async (opened) => {
  gate = await opened.openGate();
  await opened.startApi();
  await opened.startWorker({ gate });
});

async function configure(namespace: string, text: string): Promise<void> {
  const path = pathOf(CONFIG_MAPS, { namespace, name: FDD });
  const body = { data: { 'cluster_config.yaml': text } };
  await world.kube.request({ method: 'PATCH', patchType: 'merge', path, body });
}

async function mergeInto(namespace: string, body: unknown): Promise<void> {
  const path = pathOf(APPLICATIONS, { namespace, name: FDD });
  await world.kube.request({ method: 'PATCH', patchType: 'merge', path, body });
}

async function rowOf(namespace: string) {
  return (await world.http(`/api/namespaces/${namespace}`)).body.row;
}

describe('a changed configuration', () => {
  test.each([
    ['that becomes a variable', 'log-format: json\n'],
    ['that does not', 'ingress-suffixes: [example.com]\n'],
  ])('of a key %s is outdated, and reaches FDD with the next deploy', async (what, text) => {
    const namespace = `changed-${text.split(':')[0]}`;
    await world.addNamespace(namespace);
    await world.deployed(namespace);
    expect(await world.deployed(namespace)).toMatchObject({ outcome: 'unchanged' });
    const before = await world.deploymentId(namespace);

    await configure(namespace, text);
    const row = await until(async () => {
      const seen = await rowOf(namespace);
      return seen.health === 'outdated' && seen;
    }, `a key ${what} makes the namespace outdated`);
    expect(row.cause).toBe('The configuration has changed since FDD was started');
    const target = await world.deployed(namespace);

    expect(target).toMatchObject({ outcome: 'redeployed', reason: 'the configuration has changed' });
    expect(target.warnings).toBeUndefined();
    expect(await world.deploymentId(namespace)).not.toBe(before);
    expect(await world.deployed(namespace)).toMatchObject({ outcome: 'unchanged' });
    await until(async () => (await rowOf(namespace)).health === 'healthy', 'the namespace is healthy');
  });

  test('that FDD has not taken up is outdated, even if Redis has lost the deploy; the next one brings it', async () => {
    await world.addNamespace('lost');
    await world.deployed('lost');
    world.fdds.misbehaviour.set('lost', { kind: 'hang' });
    const before = await world.deploymentId('lost');
    await configure('lost', 'log-format: json\n');
    await until(async () => (await rowOf('lost')).health === 'outdated', 'the change is seen');
    await world.deploy({ namespaces: ['lost'] });
    await until(async () => (await world.deploymentId('lost')) !== before, 'the Application is written');
    await until(async () => (await rowOf('lost')).activity === 'waiting for FDD', 'it waits for FDD');

    const redis = new Redis(world.redis.url);
    // As an older Skipper has written it: without annotations, its rollout cannot be rebuilt.
    await mergeInto('lost', { metadata: { annotations: { 'skipper.fiaas.io/rollout': null } } });
    await redis.flushall();
    await rebuilt(redis);
    redis.disconnect();

    const row = await until(async () => {
      const seen = await rowOf('lost');
      return seen.activity === 'idle' && seen;
    }, 'the request is lost');
    expect(row).toMatchObject({
      health: 'outdated',
      cause: 'FDD has not taken up the deployment that its Application requests',
    });
    const { why } = (await world.http('/api/namespaces/lost')).body;
    expect(why.headline).toBe(
      'FDD has not taken up the latest deployment: it runs as it was deployed before.',
    );
    world.fdds.misbehaviour.clear('lost');
    expect(await world.deployed('lost')).toMatchObject({ state: 'completed' });
    await until(async () => (await rowOf('lost')).health === 'healthy', 'the namespace is healthy');
  });

  test('of a comment only counts as unchanged', async () => {
    await world.addNamespace('commented', { clusterConfig: 'log-format: json\n' });
    await world.deployed('commented');

    await configure('commented', '# the same\nlog-format: json\n');

    expect(await world.deployed('commented')).toMatchObject({ outcome: 'unchanged' });
  });

  test('does not restart an FDD whose configuration was never recorded', async () => {
    await world.addNamespace('unrecorded', { fdd: NEW });

    await configure('unrecorded', 'log-format: json\n');

    const target = await world.deployed('unrecorded');
    expect(target).toMatchObject({ outcome: 'unchanged' });
    expect(target.warnings).toBeUndefined();
    await until(async () => (await rowOf('unrecorded')).health === 'healthy', 'the namespace stays healthy');
  });
});

describe('a worker whose watch of ConfigMaps lags', () => {
  test('plans with the ConfigMap that the request was decided from, and reads it once', async () => {
    await world.addNamespace('lagging');
    await world.deployed('lagging');
    const reads: string[] = [];
    gate.before(async ({ method, path }) => {
      if (method === 'GET' && path.includes('/namespaces/lagging/configmaps')) reads.push(path);
    });
    expect(await world.deployed('lagging')).toMatchObject({ outcome: 'unchanged' });
    expect(reads).toEqual([]);

    const lag = gate.stall(isConfigMapWatch);
    await configure('lagging', 'ingress-suffixes: [example.com]\n');
    const target = await world.deployed('lagging');
    lag.release();

    expect(target).toMatchObject({ outcome: 'redeployed', reason: 'the configuration has changed' });
    expect(reads).toHaveLength(1);
    await until(async () => {
      const before = reads.length;
      expect(await world.deployed('lagging')).toMatchObject({ outcome: 'unchanged' });
      return reads.length === before;
    }, 'the watch has caught up, so that nothing is read');
  });

  test('counts a namespace whose ConfigMap is gone as gone', async () => {
    await world.addNamespace('left-behind');
    await world.deployed('left-behind');
    const lag = gate.stall(isConfigMapWatch);
    const held = gate.hold(({ path }) => path.includes('/namespaces/left-behind/configmaps'));
    await configure('left-behind', 'ingress-suffixes: [example.org]\n');
    const { id } = await world.deploy({ namespaces: ['left-behind'] });
    await held.arrived();
    await world.kube.delete(CONFIG_MAPS, { namespace: 'left-behind', name: FDD });
    held.release();

    const { targets } = await world.rolloutFinished(id);
    lag.release();

    expect(targets[0]).toMatchObject({ state: 'cancelled', code: 'namespace_gone' });
  });
});
