import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, pathOf } from '../../shared/kubernetes/resources.ts';
import { decodeSaved, encodeSaved, type SavedContent } from '../../shared/saved-state/saved-content.ts';
import { rebuilt } from '../support/open-epoch.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { useRedisClient } from '../support/use-redis-client.ts';

const STATE = { namespace: 'skipper', name: 'state' };
const KEY = 'state.json.gz';
/** What begins after a loss has begun by then: jobs are added with the rebuild. */
const BEGUN_MS = 4_000;
const IN_WAVES = {
  type: 'Progressive',
  canary: 1,
  waves: ['100%'],
  maxConcurrency: 10,
  minSuccessTime: '1h',
};

let isCopyRefused = false;
const world = useWorld(
  {
    flags: {
      'state-config-map': `${STATE.namespace}/${STATE.name}`,
      'disable-autoupdate': true,
      'disable-kubernetes-events': true,
      heal: 'off',
    },
  },
  async (opened) => {
    await opened.kube.create(NAMESPACES, undefined, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: STATE.namespace },
    });
    const gate = await opened.openGate();
    gate.before(async ({ method, path }) => {
      if (isCopyRefused && method !== 'GET' && path.includes(`/configmaps/${STATE.name}`))
        throw new Error('no right to write it');
    });
    await opened.startApi({ gate });
    await opened.startWorker({ gate });
  },
);
const own = useRedisClient(world);

async function post(path: string, body: unknown) {
  const answer = await world.http(path, { method: 'POST', body });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.body;
}

async function noticeCodes(): Promise<string[]> {
  const { notices } = (await world.http('/api/fleet')).body.summary;
  return notices.map(({ code }: { readonly code: string }) => code);
}

async function recordOf(namespace: string) {
  return (await world.http(`/api/namespaces/${namespace}`)).body.record;
}

async function savedCopy(): Promise<SavedContent> {
  const configMap = await world.kube.get<{ binaryData: Record<string, string> }>(CONFIG_MAPS, STATE);
  return decodeSaved(configMap?.binaryData[KEY] ?? '');
}

describe('a Redis that loses its data after a rollout has ended', () => {
  test('what was deleted or switched off since is left as it is, and keeps its record', async () => {
    const names = ['switched-off', 'deleted', 'well'];
    for (const name of names) await world.addNamespace(name, { fdd: OLD });
    const { id } = await world.deploy({ namespaces: names });
    await until(async () => (await world.rollout(id)).state === 'completed', 'the rollout has ended');
    await until(async () => (await savedCopy()).rollouts.length === 0, 'its end is saved');
    await world.kube.request({
      method: 'PATCH',
      path: pathOf(DEPLOYMENTS, { namespace: 'switched-off', name: FDD }),
      patchType: 'merge',
      query: { fieldManager: 'jo' },
      body: { spec: { replicas: 0 } },
    });
    await world.kube.delete(DEPLOYMENTS, { namespace: 'deleted', name: FDD });
    const before = names.map((name) => world.changes(name));
    const records = await Promise.all(names.map(recordOf));

    await own.redis.flushall();
    await rebuilt(own.redis);
    await pause(BEGUN_MS);

    expect(names.map((name) => world.changes(name))).toEqual(before);
    expect((await world.http('/api/rollouts')).body.rollouts).toEqual([]);
    for (const [index, name] of names.entries()) {
      const { release, generation } = records[index];
      await until(async () => {
        const expected = { state: 'completed', release, generation, handled: generation };
        expect(await recordOf(name)).toMatchObject(expected);
        return true;
      }, `the record of ${name} is back`);
    }
  });

  test('a copy that could not be replaced does not bring back what was cancelled since', async () => {
    const names = await world.addNamespaces('bad', 4, { fdd: OLD });
    const { id } = await post('/api/rollouts', { namespaces: names, reason: 'a test', strategy: IN_WAVES });
    await until(async () => ((await world.rollout(id)).counts.completed ?? 0) >= 1, 'the canary is verified');
    await until(async () => (await savedCopy()).rollouts.length === 1, 'it is saved');
    isCopyRefused = true;
    await post(`/api/rollouts/${id}/cancel`, { reason: 'it is bad' });
    await until(async () => (await noticeCodes()).includes('state_unsaved'), 'it is noticed');
    await makeCopyOlder(10 * 60_000);

    await own.redis.flushall();
    await rebuilt(own.redis);
    await pause(BEGUN_MS);

    const found = await world.rollout(id);
    expect(found).toMatchObject({
      state: 'paused',
      stateReason: expect.stringContaining('what was decided since then'),
      counts: { completed: 1, pending: 3 },
    });
    const images = await Promise.all(names.map(async (name) => (await world.application(name)).spec.image));
    expect(images.filter((image) => image.includes(NEW))).toHaveLength(1);
    const { entries } = (await world.http('/api/audit?kind=rollout.interrupted,state.rebuilt')).body;
    expect(entries.map(({ kind }: { kind: string }) => kind).toSorted()).toEqual([
      'rollout.interrupted',
      'state.rebuilt',
    ]);
    isCopyRefused = false;
    await until(async () => !(await noticeCodes()).includes('state_unsaved'), 'it is saved again');
    await post(`/api/rollouts/${id}/cancel`, { reason: 'it is still bad' });
  });
});

/** As if it could not be replaced for a while. */
async function makeCopyOlder(ms: number): Promise<void> {
  const content = await savedCopy();
  const { data } = encodeSaved({ ...content, savedAt: content.savedAt - ms });
  await world.kube.request({
    method: 'PATCH',
    path: pathOf(CONFIG_MAPS, STATE),
    patchType: 'merge',
    body: { binaryData: { [KEY]: data } },
  });
}
