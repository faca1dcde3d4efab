import { expect, test } from '@jest/globals';
import type { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import {
  APPLICATIONS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  NAMESPACES,
  pathOf,
} from '../../shared/kubernetes/resources.ts';
import { decodeSaved } from '../../shared/saved-state/saved-content.ts';
import { rebuilt } from '../support/open-epoch.ts';
import { FDD, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { useRedisClient } from '../support/use-redis-client.ts';

const CAP = 2;
const INTERVAL_MS = 250;
const BACKOFF_MS = 1_000;
const STATE = { namespace: 'skipper', name: 'state' };
const flags = {
  heal: 'on',
  'heal-interval': INTERVAL_MS / 1_000,
  'heal-backoff': BACKOFF_MS / 1_000,
  'heal-hourly-cap': CAP,
  'heal-stop-share': '100%',
  'deaf-after': 0,
  'state-config-map': `${STATE.namespace}/${STATE.name}`,
};
const world = useWorld({ flags }, async (opened) => {
  await opened.kube.create(NAMESPACES, undefined, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: STATE.namespace },
  });
  await opened.startApi();
  await opened.startWorker();
});
const own = useRedisClient(world);

async function healing(): Promise<{
  readonly status: HealingStatus | null;
  readonly namespaces: readonly (NamespaceHealing & { readonly namespace: string })[];
}> {
  return (await world.http('/api/healing')).body;
}

async function healingOf(namespace: string): Promise<NamespaceHealing | undefined> {
  return (await healing()).namespaces.find((each) => each.namespace === namespace);
}

/** What healing decides has been decided after so many passes. */
async function passed(ms: number): Promise<void> {
  const { checkedAt = 0 } = (await healing()).status ?? {};
  await until(
    async () => ((await healing()).status?.checkedAt ?? 0) > checkedAt + ms,
    'healing makes passes',
  );
}

async function isSaved(text: string): Promise<boolean> {
  const configMap = await world.kube.get<{ binaryData: Record<string, string> }>(CONFIG_MAPS, STATE);
  const { hashes } = decodeSaved(configMap?.binaryData['state.json.gz'] ?? '');
  return JSON.stringify(hashes[':healing'] ?? {}).includes(text);
}

test('a loss of Redis ends no quarantine, and frees no place of the cap', async () => {
  const [contested = '', ...others] = await world.addNamespaces('team', 5);
  await world.rolloutFinished((await world.deploy({ namespaces: [contested, ...others] })).id);
  const application = pathOf(APPLICATIONS, { namespace: contested, name: FDD });
  const body = { spec: { image: `fiaas/fiaas-deploy-daemon:${OLD}` } };
  const changeBack = () =>
    world.kube.request({
      method: 'PATCH',
      patchType: 'merge',
      path: application,
      query: { fieldManager: 'alice' },
      body,
    });
  await changeBack();
  await until(async () => {
    const known = await healingOf(contested);
    const isOver = known?.steps.every(({ endedAt }) => endedAt !== undefined) ?? false;
    if (isOver && !(await world.application(contested)).spec.image.endsWith(OLD)) await changeBack();
    return known?.state === 'quarantined';
  }, 'it is quarantined');
  await until(
    async () => (await world.application(contested)).spec.image.endsWith(OLD),
    'it is changed back',
  );
  for (const namespace of others) await world.kube.delete(DEPLOYMENTS, { namespace, name: FDD });
  await until(async () => (await healing()).status?.cap.used === CAP, 'the cap is used up');
  await until(
    async () => (await healing()).namespaces.filter(({ state }) => state === 'stopped').length === 3,
    'the others wait',
  );
  await until(() => isSaved('changes it back'), 'the quarantine is saved');
  await until(
    async () => (await healing()).namespaces.every(({ steps }) => steps.every(({ endedAt }) => endedAt)),
    'steps have ended',
  );
  await until(async () => {
    const ended = (await healing()).namespaces.flatMap(({ steps }) => steps.map(({ endedAt }) => endedAt));
    return (await Promise.all(ended.map((at) => isSaved(String(at))))).every(Boolean);
  }, 'the steps are saved');

  const before = [contested, ...others].map((name) => world.changes(name));
  const { quarantine } = (await healingOf(contested)) ?? {};
  await own.redis.flushall();
  await rebuilt(own.redis);
  await until(async () => (await healing()).status !== null, 'healing is known');
  await passed(6 * BACKOFF_MS);

  const after = await healing();
  expect(await healingOf(contested)).toMatchObject({
    state: 'quarantined',
    quarantine,
    findings: expect.arrayContaining([expect.objectContaining({ rule: 'drifted', by: 'alice' })]),
  });
  expect(after.status?.cap.used).toBe(CAP);
  expect(after.namespaces.filter(({ state }) => state === 'stopped')).toHaveLength(3);
  expect([contested, ...others].map((name) => world.changes(name))).toEqual(before);
});
