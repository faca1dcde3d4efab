import { describe, expect, test } from '@jest/globals';
import { CONFIG_MAPS, pathOf } from '../../shared/kubernetes/resources.ts';
import { FDD, NEW } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld({}, async (opened) => {
  await opened.startApi();
  await opened.startWorker();
});

async function configure(namespace: string, text: string): Promise<void> {
  const path = pathOf(CONFIG_MAPS, { namespace, name: FDD });
  const body = { data: { 'cluster_config.yaml': text } };
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
