import { describe, expect, test } from '@jest/globals';
import { CONFIG_MAPS, NAMESPACES } from '../../shared/kubernetes/resources.ts';
import { decodeSaved, type SavedContent } from '../../shared/saved-state/saved-content.ts';
import { rebuilt } from '../support/open-epoch.ts';
import { NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { useRedisClient } from '../support/use-redis-client.ts';
import type { Rollout } from '../support/world-requests.ts';

const COUNT = 1_000;
const STATE = { namespace: 'skipper', name: 'state' };
const flags = {
  'state-config-map': `${STATE.namespace}/${STATE.name}`,
  'kube-api-qps': 0,
  'max-in-flight': 0,
};
const IN_WAVES = {
  type: 'Progressive',
  canary: 1,
  waves: ['20%', '100%'],
  maxConcurrency: '100%',
  minSuccessTime: '0s',
};

let names: string[] = [];
const world = useWorld({ fdds: 'instant', flags, openTimeoutMs: 240_000 }, async (opened) => {
  await opened.kube.create(NAMESPACES, undefined, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: STATE.namespace },
  });
  names = await opened.addNamespaces('team', COUNT, { fdd: OLD });
  await opened.startApi();
  await opened.startWorker();
  await opened.startWorker();
});
const own = useRedisClient(world);

async function post(path: string, body: unknown) {
  const answer = await world.http(path, { method: 'POST', body });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.body;
}

async function stateOf(id: string): Promise<Pick<Rollout, 'state' | 'counts'>> {
  return (await world.http(`/api/rollouts/${id}?limit=1`)).body;
}

/** How often Skipper has written the Application of each namespace. */
function writes(): number[] {
  const counts = new Map(names.map((name) => [name, 0]));
  for (const { namespace, verb, code } of world.audit({ resource: 'applications' })) {
    if (['create', 'update', 'patch'].includes(verb) && code < 300)
      counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  }
  return [...counts.values()];
}

describe('a Redis that loses its data', () => {
  test(`in the middle of a rollout of ${COUNT} namespaces: it continues, and nothing is written twice`, async () => {
    const [held = '', pinned = ''] = names;
    await post(`/api/namespaces/${held}/hold`, { reason: 'an audit' });
    await post(`/api/namespaces/${pinned}/pin`, { reason: 'stays', version: OLD });
    const { id } = await post('/api/rollouts', { reason: 'a test', strategy: IN_WAVES });
    await until(async () => ((await stateOf(id)).counts.completed ?? 0) > 250, 'a part is done');

    await own.redis.flushall();
    await rebuilt(own.redis);
    const before = writes().filter((count) => count > 0).length;

    const { body } = await world.http('/api/holds');
    expect(JSON.stringify(body)).toContain('an audit');
    expect(JSON.stringify(body)).toContain('stays');
    await until(async () => (await stateOf(id)).state === 'completed', 'the rollout ends');
    expect(before).toBeGreaterThan(250);
    expect(before).toBeLessThan(COUNT - 2);
    expect(writes().filter((count) => count > 1)).toEqual([]);
    expect(writes().filter((count) => count === 1)).toHaveLength(COUNT - 2);
    expect((await stateOf(id)).counts).toMatchObject({ completed: COUNT - 2 });
    expect((await world.application(names[2] ?? '')).spec.image).toContain(NEW);
  });

  test('keeps what operators have decided: what is held, paused and stopped, and what is not any more', async () => {
    const [held = '', pinned = ''] = names;
    await until(
      async () => (await world.http('/api/healing')).body.status !== null,
      'healing has made a pass',
    );
    await post('/api/healing/stop', { reason: 'a change window' });
    await world.queue.pause();
    await post(`/api/namespaces/${held}/release`, { reason: 'the audit is over' });
    await until(async () => {
      const { hashes, texts, deploysPaused } = await savedCopy();
      const isStopped = texts[':healing-status']?.includes('a change window');
      return isStopped && deploysPaused && hashes[':holds']?.[held] === undefined;
    }, 'all is saved');

    await own.redis.flushall();
    await rebuilt(own.redis);

    const { body } = await world.http('/api/holds');
    expect(JSON.stringify(body)).not.toContain('an audit');
    expect(JSON.stringify(body)).toContain(pinned);
    expect((await world.http('/api/healing')).body.status.stopped).toMatchObject({
      reason: 'a change window',
    });
    expect(await world.queue.isPaused()).toBe(true);
    await world.queue.resume();
  });
});

async function savedCopy(): Promise<SavedContent> {
  const configMap = await world.kube.get<{ binaryData: Record<string, string> }>(CONFIG_MAPS, STATE);
  return decodeSaved(configMap?.binaryData['state.json.gz'] ?? '');
}
