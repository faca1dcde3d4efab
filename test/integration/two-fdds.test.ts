import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { CONFIG_MAPS, PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { FDD, NEW, OLD, OLDEST } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

// FDD ignores SIGTERM: for 30 s the old and the new one watch side by side.
const world = useWorld(
  { delays: { graceMs: 30_000, successAfterDeploymentMs: 50, startMs: 600 } },
  async (opened) => {
    await opened.startApi();
    await opened.startWorker();
  },
);

async function leavingPods(namespace: string): Promise<Raw[]> {
  const { items } = await world.kube.request<{ items: Raw[] }>({
    method: 'GET',
    path: pathOf(PODS, { namespace }),
  });
  return items.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
}

async function point(namespace: string, tag: string): Promise<void> {
  const path = pathOf(CONFIG_MAPS, { namespace, name: FDD });
  await world.kube.request({ method: 'PATCH', patchType: 'merge', path, body: { data: { tag } } });
  await until(
    async () => (await world.http(`/api/namespaces/${namespace}`)).body.channel === tag,
    'the API sees the tag',
  );
}

describe('two deploys in a row', () => {
  test('are verified once no more change can follow, although two FDDs process the second', async () => {
    await world.addNamespace('chain', { fdd: OLDEST, tag: OLD });
    expect(await world.deployed('chain')).toMatchObject({ state: 'completed', version: OLD });
    expect(await leavingPods('chain')).toHaveLength(1);
    await point('chain', 'stable');

    const target = await world.deployed('chain');

    expect(target).toMatchObject({ state: 'completed', version: NEW });
    const { generation } = (await world.deployment('chain')).metadata;
    await pause(3_000);
    const { metadata, status } = await world.deployment('chain');
    expect(metadata.generation).toBe(generation);
    expect(status).toMatchObject({ observedGeneration: generation, availableReplicas: 1 });
  });
});
