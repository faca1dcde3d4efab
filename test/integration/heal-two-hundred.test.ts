import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import type { MessageItem } from '../../domain/notify/message.ts';
import { APPLICATIONS, DEPLOYMENTS, PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { type FakeReceiver, startFakeReceiver } from '../support/fake-receiver.ts';
import { FDD, OLD } from '../support/published.ts';
import { type Raw, useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { PATIENT_FLAGS } from '../support/world-skippers.ts';

const COUNT = 200;
const names = Array.from({ length: COUNT }, (_, index) => `team-${index + 1}`);
const deleted = names.slice(0, 10);
const deaf = names.slice(10, 15);
const crashing = names.slice(15, 20);
const well = names.slice(20);

let receiver: FakeReceiver;
beforeAll(async () => {
  receiver = await startFakeReceiver();
});
afterAll(() => receiver?.close());

const world = useWorld({ openTimeoutMs: 300_000 }, async (opened) => {
  opened.channel.publish('stable', OLD);
  await opened.addNamespaces('team', COUNT, { fdd: OLD });
  const notifications = await writeInto(
    opened,
    'notifications.yaml',
    `groupWait: 25s
receivers:
  - {name: failing, type: webhook, url: "${receiver.url}/failing", events: [namespace-failing]}
  - {name: recovered, type: webhook, url: "${receiver.url}/recovered", events: [namespace-recovered]}
  - {name: quarantined, type: webhook, url: "${receiver.url}/quarantined", events: [quarantined]}
  - {name: stopped, type: webhook, url: "${receiver.url}/stopped", events: [healing-stopped]}
`,
  );
  const flags = {
    heal: 'on',
    'heal-interval': 1,
    'heal-backoff': 2,
    'deaf-after': 5,
    'progress-deadline': 15,
    'max-attempts': 2,
    'release-check-interval': 5,
    'disable-autoupdate': false,
    notifications,
  };
  await opened.startApi({ flags });
  await opened.withWorker({ flags: { ...flags, ...PATIENT_FLAGS } }, async () => {
    const { id } = await opened.deploy({});
    expect((await opened.rolloutFinished(id)).state).toBe('completed');
  });
  await opened.startWorker({ flags });
  await opened.startWorker({ flags });
  await until(async () => (await status())?.fleet === COUNT, 'healing knows the fleet');
});

async function status(): Promise<HealingStatus | null> {
  return (await world.http('/api/healing')).body.status;
}

async function sick(): Promise<ReadonlyMap<string, NamespaceHealing>> {
  const { namespaces } = (await world.http('/api/healing?limit=500')).body;
  return new Map(namespaces.map((each: NamespaceHealing & { namespace: string }) => [each.namespace, each]));
}

async function deletePods(namespace: string): Promise<void> {
  const { items } = await world.kube.request<Raw>({ method: 'GET', path: pathOf(PODS, { namespace }) });
  for (const { metadata } of items) await world.kube.delete(PODS, { namespace, name: metadata.name });
}

/** FDD's Deployment has disappeared, FDD hangs, FDD crashes: in twenty namespaces at the same time. */
async function makeSick(): Promise<void> {
  for (const namespace of deaf) {
    world.fdds.misbehaviour.set(namespace, { kind: 'deaf', untilRestart: true });
    await world.kube.create(APPLICATIONS, namespace, {
      apiVersion: APPLICATIONS.apiVersion,
      kind: APPLICATIONS.kind,
      metadata: { name: 'shop', labels: { app: 'shop', 'fiaas/deployment_id': `${namespace}-1` } },
      spec: { application: 'shop', image: 'shop:1', config: {} },
    });
  }
  for (const namespace of crashing) {
    world.fdds.misbehaviour.set(namespace, { kind: 'crash-loop' });
    await deletePods(namespace);
  }
  for (const namespace of deleted) await world.kube.delete(DEPLOYMENTS, { namespace, name: FDD });
}

/** What is neither repaired nor quarantined. */
function unfinished(now: ReadonlyMap<string, NamespaceHealing>): string[] {
  const left = [
    ...crashing.filter((namespace) => now.get(namespace)?.state !== 'quarantined'),
    ...[...deleted, ...deaf].filter((namespace) => {
      const { findings, steps } = now.get(namespace) ?? { findings: [], steps: [] };
      return findings.length > 0 || steps.length === 0;
    }),
  ];
  return left.map((namespace) => `${namespace} ${JSON.stringify(now.get(namespace))}`);
}

interface SentData {
  readonly title: string;
  readonly items: readonly MessageItem[];
}

/** A receiver gets one message, however many namespaces fall sick, and however long that takes. */
function onlyMessage(path: string): SentData {
  const [message, ...others] = receiver.at(path).map(({ body }) => JSON.parse(body).data);
  expect(others).toEqual([]);
  return message;
}

function countsByRule(items: readonly MessageItem[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { rule = '', count } of items) counts[rule] = (counts[rule] ?? 0) + count;
  return counts;
}

test('of 200 namespaces, what can be repaired is; the rest is quarantined, no other is touched, and one message reports each', async () => {
  const before = new Map(well.map((namespace) => [namespace, world.changes(namespace).length]));
  await makeSick();
  await until(
    async () => {
      const left = unfinished(await sick());
      if (left.length > 0) throw new Error(left.join('; '));
      return true;
    },
    'all are repaired or quarantined',
    240_000,
  );

  const now = await sick();
  expect([...now.keys()].filter((namespace) => well.includes(namespace))).toEqual([]);
  for (const namespace of deleted) expect(now.get(namespace)?.steps[0]?.rule).toBe('no-deployment');
  for (const namespace of deaf)
    expect(now.get(namespace)?.steps).toMatchObject([{ means: 'restart', rule: 'deaf' }]);
  for (const namespace of crashing) {
    const page = (await world.http(`/status/${namespace}`)).text;
    expect(page).toContain('uarantine');
    expect(now.get(namespace)?.quarantine?.reason).toContain('it still does not work after');
  }
  for (const namespace of well) expect(world.changes(namespace)).toHaveLength(before.get(namespace) ?? 0);

  await until(() => receiver.at('/quarantined').length > 0, 'the last notification has come', 180_000);
  const failing = onlyMessage('/failing');
  expect(failing.title).toBe('FDD fails in 20 namespaces');
  // Those that crash can be unavailable first.
  expect(countsByRule(failing.items)).toMatchObject({ 'no-deployment': deleted.length, deaf: deaf.length });
  expect(failing.items.reduce((sum, { count }) => sum + count, 0)).toBe(20);
  expect(onlyMessage('/recovered').title).toBe('FDD works again in 15 namespaces');
  const quarantined = onlyMessage('/quarantined');
  expect(quarantined.title).toBe('Healing gave up: 5 namespaces in quarantine');
  expect(quarantined.items.flatMap(({ namespaces }) => namespaces).sort()).toEqual([...crashing].sort());
  expect(receiver.at('/stopped')).toEqual([]);
}, 500_000);

test('60 % sick at once stop healing', async () => {
  const victims = well.slice(0, 120);
  await Promise.all(victims.map((namespace) => world.kube.delete(DEPLOYMENTS, { namespace, name: FDD })));
  await until(async () => (await status())?.stopped !== undefined, 'healing has stopped');

  expect((await status())?.stopped?.reason).toMatch(/namespaces fell sick .*\(no-deployment \d+/);
  await until(() => receiver.at('/stopped').length === 1, 'it is said');
  const now = await sick();
  const repaired = victims.filter((namespace) => now.get(namespace)?.steps.length);
  expect(repaired).toEqual([]);
}, 200_000);
