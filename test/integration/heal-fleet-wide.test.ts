import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import { CRDS } from '../../domain/deploy/crds.ts';
import type { Notice } from '../../domain/fleet/notices.ts';
import type { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import type { HealthRules } from '../../domain/heal/healing-view.ts';
import { RULES, type Rule } from '../../domain/heal/rule.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, DEPLOYMENTS } from '../../shared/kubernetes/resources.ts';
import { type FakeReceiver, startFakeReceiver } from '../support/fake-receiver.ts';
import { FDD } from '../support/published.ts';
import { refusableDeployments } from '../support/refusable-deployments.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const FLAGS = {
  heal: 'on',
  'heal-interval': 0.25,
  'heal-backoff': 3,
  'heal-hourly-cap': 100,
  'heal-stop-share': '100%',
  'api-token': 'skipper-token',
};
let receiver: FakeReceiver;
let notifications: string;
beforeAll(async () => {
  receiver = await startFakeReceiver();
});
afterAll(() => receiver?.close());

const { cluster, right } = refusableDeployments();
const world = useWorld(
  {
    flags: FLAGS,
    cluster,
  },
  async (opened) => {
    notifications = await writeInto(
      opened,
      'notifications.yaml',
      `groupWait: 1s
receivers: [{name: ops, type: webhook, url: "${receiver.url}/ops"}]
`,
    );
    await opened.startApi({ flags: { notifications } });
    await opened.startWorker({ flags: { notifications } });
  },
);

async function well(namespace: string): Promise<string> {
  await world.addNamespace(namespace);
  expect(await world.deployed(namespace)).toMatchObject({ state: 'completed' });
  return namespace;
}

const statusOfHealing = async (): Promise<HealingStatus> => (await world.http('/api/healing')).body.status;
const healingOf = async (namespace: string): Promise<NamespaceHealing | undefined> =>
  (await world.http(`/api/healing?namespace=${namespace}`)).body.namespaces[0];
const rulesOf = async (namespace: string): Promise<HealthRules['rules']> =>
  (await world.http(`/api/namespaces/${namespace}`)).body.healing.rules;

const isFleetWide = (rule: Rule) =>
  until(
    async () => (await statusOfHealing()).fleetWide?.some((each) => each.rule === rule),
    `${rule} is found`,
  );
/** A watch that was broken for a while is opened again within 30 s. */
const isOver = () => until(async () => !(await statusOfHealing()).fleetWide, 'it is over');
const isHealed = (namespace: string) =>
  until(async () => (await healingOf(namespace))?.steps[0]?.end === 'completed', `${namespace} is healed`);

let beganAt = 0;
let receivedBefore = 0;
beforeEach(() => {
  beganAt = Date.now();
  receivedBefore = receiver.at('/ops').length;
});

/** Each has one entry in the audit log since the test began, and one notification. */
async function expectNoted(rule: Rule, kinds: readonly string[]): Promise<void> {
  const entries = async (): Promise<AuditEntry[]> =>
    (await world.http('/api/audit?kind=heal.blocked,heal.unblocked')).body.entries
      .filter((entry: AuditEntry) => entry.rule === rule && entry.at >= beganAt)
      .toReversed();
  // Two that are sent at the same time can arrive in any order.
  const messages = () =>
    receiver
      .at('/ops')
      .slice(receivedBefore)
      .map(({ body }) => JSON.parse(body))
      .filter(({ type, data }) => type.endsWith('blocked') && data.items[0].rule === rule)
      .sort((a, b) => a.timestamp.localeCompare(b.timestamp));
  await until(() => messages().length >= kinds.length, `notified: ${kinds}`);
  const noted = await entries();
  expect(noted.map(({ kind }) => kind)).toEqual(kinds.map((kind) => `heal.${kind}`));
  const isNotice = async () =>
    (await world.http('/api/fleet')).body.summary.notices.some(
      ({ code }: Notice) => code === 'healing_blocked',
    );
  const isBlocked = kinds.at(-1) === 'blocked';
  await until(async () => (await isNotice()) === isBlocked, `a notice: ${isBlocked}`);
  expect(messages().map(({ type }) => type)).toEqual(kinds.map((kind) => `healing-${kind}`));
  expect(messages().map(({ data }) => data.items)).toEqual(
    noted.map(({ reason }) => [{ reason, rule, namespaces: [], count: 0 }]),
  );
}

/** What healing decides has been decided after this many passes. */
async function untilDecided(): Promise<void> {
  const { checkedAt } = await statusOfHealing();
  const decidedAt = checkedAt + Number(FLAGS['heal-backoff']) * 2_000;
  await until(async () => (await statusOfHealing()).checkedAt > decidedAt, 'healing makes passes');
}

async function expectOnly(rule: Rule, namespace: string): Promise<void> {
  const rules = await until(async () => {
    const each = await rulesOf(namespace);
    return each.some(({ state }) => state === 'holds') && each;
  }, `the API shows that ${rule} holds`);
  expect(rules.find((each) => each.rule === rule)).toMatchObject({
    state: 'holds',
    evidence: expect.stringMatching(/^watch of /),
  });
  expect(rules.filter(({ state }) => state === 'unknown')).toHaveLength(RULES.length - 1);
  expect(rules.find((each) => each.rule === 'unavailable')?.reason).toBe(
    `not judged: ${rule} in the whole fleet`,
  );
}

test('rights-missing: a watch that is refused; what was known and decided stays as it was', async () => {
  const [sick, falling] = [await well('rights-sick'), await well('rights-falling')];
  await world.kube.delete(DEPLOYMENTS, { namespace: sick, name: FDD });
  await until(async () => (await healingOf(sick))?.findings[0]?.rule === 'no-deployment', 'it is found');
  right.isGranted = false;
  world.cluster.faults.dropWatches();

  await isFleetWide('rights-missing');
  const before = await healingOf(sick);
  await expectOnly('rights-missing', falling);
  await expectNoted('rights-missing', ['blocked']);
  await world.kube.delete(DEPLOYMENTS, { namespace: falling, name: FDD });
  await untilDecided();

  const status = await statusOfHealing();
  expect(status).toMatchObject({ rules: { 'rights-missing': status.fleet } });
  expect(status.stopped).toBeUndefined();
  expect(await healingOf(sick)).toEqual(before);
  expect(await healingOf(falling)).toBeUndefined();

  right.isGranted = true;
  await isOver();
  await Promise.all([sick, falling].map(isHealed));
  await expectNoted('rights-missing', ['blocked', 'unblocked']);
  await until(
    async () => (await rulesOf(falling)).every(({ state }) => state !== 'holds'),
    'the API shows that nothing holds',
  );
}, 240_000);

test('crd-missing: a watch whose kind is gone', async () => {
  const namespace = await well('crd-well');
  const name = 'applications.fiaas.schibsted.io';
  await world.kube.delete(CUSTOM_RESOURCE_DEFINITIONS, { name });

  await isFleetWide('crd-missing');
  await expectOnly('crd-missing', namespace);
  await expectNoted('crd-missing', ['blocked']);
  expect(await healingOf(namespace)).toBeUndefined();

  await world.kube.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, CRDS[0]);
  await isOver();
  await isHealed(namespace);
  expect((await healingOf(namespace))?.steps[0]).toMatchObject({ means: 'deploy' });
  await expectNoted('crd-missing', ['blocked', 'unblocked']);
}, 240_000);

test('two workers, whose watches recover at other times, note a cause once', async () => {
  await world.withWorker({ flags: { notifications } }, async () => {
    right.isGranted = false;
    world.cluster.faults.dropWatches();
    await isFleetWide('rights-missing');
    right.isGranted = true;

    const kinds = ['blocked', 'unblocked'];
    await expectNoted('rights-missing', kinds);
    await isOver();
    await untilDecided();
    await expectNoted('rights-missing', kinds);
  });
});
