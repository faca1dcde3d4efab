import { expect, test } from '@jest/globals';
import type { NamespaceHealing } from '../../domain/heal/healing.ts';
import { APPLICATIONS, DEPLOYMENTS, pathOf } from '../../shared/kubernetes/resources.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld(
  {
    flags: {
      heal: 'on',
      'heal-interval': 0.25,
      'heal-backoff': 1,
      'heal-hourly-cap': 100,
      'heal-stop-share': '100%',
      'deaf-after': 0,
      'max-in-flight': 1,
      'progress-deadline': 300,
    },
  },
  async (opened) => {
    await opened.startApi();
    await opened.startWorker();
  },
);

const healingOf = async (namespace: string): Promise<NamespaceHealing | undefined> =>
  (await world.http(`/api/healing?namespace=${namespace}`)).body.namespaces[0];

/** Takes the only place in flight until it is given back. */
async function fillUp(name: string): Promise<() => Promise<unknown>> {
  await world.addNamespace(name, { fdd: OLD });
  world.fdds.misbehaviour.set(name, { kind: 'hang' });
  const { id } = await world.deploy({ namespaces: [name] });
  await until(() => world.changes(name).includes('patch applications'), `${name} is in flight`);
  return async () => {
    world.fdds.misbehaviour.clear(name);
    await world.rolloutFinished(id);
  };
}

/** Until a step of healing waits for room. */
async function untilItWaits(namespace: string): Promise<void> {
  const reason = async () => (await world.http(`/api/namespaces/${namespace}`)).body.reason;
  await until(async () => (await reason()).includes('--max-in-flight'), `a step waits in ${namespace}`);
}

/** How the first step of healing ended. */
async function firstEnd(namespace: string) {
  await until(async () => (await healingOf(namespace))?.steps[0]?.end, `a step ends in ${namespace}`);
  const step = (await healingOf(namespace))?.steps[0];
  const [target] = (await world.rollout(step?.rolloutId ?? '')).targets;
  return { step, target };
}

const hold = (namespace: string, action: 'hold' | 'release') =>
  world.http(`/api/namespaces/${namespace}/${action}`, { method: 'POST', body: { reason: 'OPS-17' } });

test('a step that waited for room writes nothing in a namespace that was put on hold meanwhile', async () => {
  await world.addNamespace('held');
  await world.deployed('held');
  const free = await fillUp('full-1');
  await world.kube.delete(DEPLOYMENTS, { namespace: 'held', name: FDD });
  await untilItWaits('held');
  const before = world.changes('held');
  const deployed = await recordOf('held');
  expect((await hold('held', 'hold')).status).toBe(200);
  await free();

  const { step, target } = await firstEnd('held');
  expect(step).toMatchObject({ end: 'cancelled', result: expect.stringContaining('OPS-17') });
  expect(target).toMatchObject({
    state: 'cancelled',
    code: 'repair_outdated',
    reason: expect.stringMatching(/^skipped: this step of healing waited too long: .*OPS-17/),
  });
  expect(world.changes('held')).toEqual(before);
  // Nothing was done, so nothing new is known: what was verified last, and when, stays.
  expect(await recordOf('held')).toMatchObject({ state: 'completed', finishedAt: deployed.finishedAt });

  await hold('held', 'release');
  await until(async () => (await healingOf('held'))?.steps.at(-1)?.end === 'completed', 'it is healed');
  expect((await healingOf('held'))?.steps).toMatchObject([
    { means: 'deploy', end: 'cancelled' },
    { means: 'deploy', end: 'completed' },
  ]);
});

async function recordOf(namespace: string) {
  return (await world.http(`/api/namespaces/${namespace}`)).body.record;
}

interface Fault {
  breaks(namespace: string): Promise<unknown>;
  ends(namespace: string): Promise<unknown>;
}

const setImage = (namespace: string, version: string) =>
  world.kube.request({
    method: 'PATCH',
    patchType: 'merge',
    path: pathOf(APPLICATIONS, { namespace, name: FDD }),
    query: { fieldManager: 'somebody' },
    body: { spec: { image: `fiaas/fiaas-deploy-daemon:${version}` } },
  });

const deleted = new Map<string, Raw>();
const FAULTS: Readonly<Record<string, Fault>> = {
  drifted: {
    breaks: (namespace) => setImage(namespace, OLD),
    ends: (namespace) => setImage(namespace, NEW),
  },
  'no-deployment': {
    breaks: async (namespace) => {
      const { metadata, ...deployment } = await world.deployment(namespace);
      const { uid: _uid, resourceVersion: _version, ...kept } = metadata;
      deleted.set(namespace, { ...deployment, metadata: kept });
      await world.kube.delete(DEPLOYMENTS, { namespace, name: FDD });
    },
    ends: async (namespace) => {
      await world.kube.create(DEPLOYMENTS, namespace, deleted.get(namespace));
    },
  },
};

test.each(Object.entries(FAULTS))(
  'a step that waited for room writes nothing if %s has ended meanwhile',
  async (rule, { breaks, ends }) => {
    const namespace = `ends-${rule}`;
    await world.addNamespace(namespace);
    await world.deployed(namespace);
    const free = await fillUp(`full-${rule}`);
    await breaks(namespace);
    await untilItWaits(namespace);
    const before = world.changes(namespace);
    await ends(namespace);
    // Until the worker's watches show it.
    const findings = async () => (await healingOf(namespace))?.findings;
    await until(async () => (await findings())?.length === 0, 'no rule holds any more');
    await free();

    const { step, target } = await firstEnd(namespace);
    expect(step).toMatchObject({ rule, end: 'cancelled' });
    expect(target).toMatchObject({
      state: 'cancelled',
      reason: `skipped: this step of healing waited too long: ${rule} does not hold any more`,
    });
    expect(world.changes(namespace)).toEqual(before);
  },
);
