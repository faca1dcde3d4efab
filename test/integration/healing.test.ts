import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import { APPLICATIONS, CONFIG_MAPS, DEPLOYMENTS, PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { type Gate, isDeploymentWatch } from '../support/gate.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { SHOP } from '../support/shop-application.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const HEALING = {
  heal: 'on',
  'heal-interval': 0.25,
  'heal-backoff': 1,
  'heal-hourly-cap': 100,
  'heal-stop-share': '60%',
  'deaf-after': 2,
};

let gate: Gate;
const world = useWorld({ flags: HEALING }, async (opened) => {
  gate = await opened.openGate();
  await opened.startApi();
  await opened.startWorker({ gate });
});

async function healingOf(namespace: string): Promise<NamespaceHealing | undefined> {
  const { body } = await world.http(`/api/healing?namespace=${namespace}`);
  return body.namespaces[0];
}

async function healingStatus(): Promise<HealingStatus | null> {
  return (await world.http('/api/healing')).body.status;
}

async function deployedNamespace(name: string): Promise<void> {
  await world.addNamespace(name);
  expect(await world.deployed(name)).toMatchObject({ state: 'completed' });
}

const untilState = (namespace: string, state: NamespaceHealing['state']) =>
  until(async () => (await healingOf(namespace))?.state === state, `${namespace} is ${state}`);

async function podNames(namespace: string): Promise<string[]> {
  const { items } = await world.kube.request<Raw>({ method: 'GET', path: pathOf(PODS, { namespace }) });
  return items.map(({ metadata }: Raw) => metadata.name).toSorted();
}

async function deletePods(namespace: string): Promise<void> {
  for (const name of await podNames(namespace)) await world.kube.delete(PODS, { namespace, name });
}

const patch = (path: string, body: unknown, fieldManager = 'rival') =>
  world.kube.request({ method: 'PATCH', patchType: 'merge', path, query: { fieldManager }, body });

describe('healing', () => {
  test('deploys FDD again if its Deployment was deleted, and touches nothing else', async () => {
    await deployedNamespace('deleted');
    await deployedNamespace('well');
    const before = world.changes('well').length;

    await world.kube.delete(DEPLOYMENTS, { namespace: 'deleted', name: FDD });
    await until(async () => (await healingOf('deleted'))?.steps[0]?.end === 'completed', 'it is healed');
    await untilState('deleted', 'watching');

    const healed = await healingOf('deleted');
    expect(healed?.steps).toMatchObject([
      { means: 'deploy', rule: 'no-deployment', end: 'completed', result: 'bootstrapped' },
    ]);
    const { body } = await world.http(`/api/rollouts/${healed?.steps[0]?.rolloutId}`);
    expect(body).toMatchObject({ trigger: 'heal', requestedBy: 'skipper', state: 'completed' });
    expect((await world.deployment('deleted')).status.availableReplicas).toBe(1);
    expect(world.changes('well')).toHaveLength(before);
    expect(await healingOf('well')).toBeUndefined();
  });

  test('restarts FDD, deploys, bootstraps, and quarantines what still crashes until its ConfigMap changes', async () => {
    await deployedNamespace('crashing');
    world.fdds.misbehaviour.set('crashing', { kind: 'crash-loop' });
    await deletePods('crashing');
    await untilState('crashing', 'quarantined');

    const { steps = [], quarantine } = (await healingOf('crashing')) ?? {};
    expect(steps.map(({ means }) => means)).toEqual(['restart', 'deploy', 'bootstrap']);
    expect(quarantine).toMatchObject({ reason: expect.stringContaining('it still does not work after') });
    expect(world.changes('crashing')).toContain('delete pods');

    world.fdds.misbehaviour.clear('crashing');
    await patch(pathOf(CONFIG_MAPS, { namespace: 'crashing', name: FDD }), {
      data: { 'cluster_config.yaml': 'proxy: "http://proxy.example:3128"' },
    });
    await until(async () => !(await healingOf('crashing'))?.quarantine, 'the quarantine ends');
    await until(
      async () => (await world.deployment('crashing'))?.status?.availableReplicas === 1,
      'FDD runs again',
    );
  });

  test('restarts an FDD that is deaf', async () => {
    await deployedNamespace('deaf');
    const pods = await podNames('deaf');
    world.fdds.misbehaviour.set('deaf', { kind: 'deaf', untilRestart: true });
    await world.kube.create(APPLICATIONS, 'deaf', SHOP);
    await until(async () => (await healingOf('deaf'))?.steps[0]?.end === 'completed', 'it is healed');
    await untilState('deaf', 'watching');
    world.fdds.misbehaviour.clear('deaf');

    const [step, ...more] = (await healingOf('deaf'))?.steps ?? [];
    expect(more).toEqual([]);
    expect(step).toMatchObject({ means: 'restart', rule: 'deaf', result: 'restarted' });
    expect(await podNames('deaf')).not.toEqual(pods);
    const { body } = await world.http('/api/namespaces/deaf');
    expect(body.attempts[0]).toMatchObject({
      trigger: 'heal',
      outcome: 'restarted',
      rolloutId: step?.rolloutId,
    });
  });

  test('heals what another Skipper has deployed, if it is at the release of its channel', async () => {
    await deployedNamespace('known');
    await world.addNamespace('adopted', { fdd: NEW });
    world.fdds.misbehaviour.set('adopted', { kind: 'crash-loop' });
    await deletePods('adopted');
    await until(async () => (await healingOf('adopted'))?.steps[0], 'a step is taken');
    world.fdds.misbehaviour.clear('adopted');
    await untilState('adopted', 'watching');

    expect((await world.application('adopted')).spec.image).toMatch(NEW);
  });

  test('changes no release, also if the channel has a new one by then', async () => {
    world.channel.publish('moving', OLD);
    await world.addNamespace('known-mover', { tag: 'moving' });
    await world.deployed('known-mover');
    await world.addNamespace('adopted-mover', { tag: 'moving', fdd: OLD });
    world.channel.publish('moving', NEW);
    await world.kube.delete(DEPLOYMENTS, { namespace: 'adopted-mover', name: FDD });
    await until(
      async () => (await healingOf('adopted-mover'))?.steps[0]?.end === 'completed',
      'it is healed',
    );

    expect((await world.application('adopted-mover')).spec.image).toMatch(OLD);
  });

  test('does nothing in a namespace that was created again, until it is deployed', async () => {
    await deployedNamespace('again');
    await world.removeNamespace('again');
    // The API server notes when it was created to the second.
    await sleep(1_100);
    await world.addNamespace('again');
    await until(
      async () => (await world.http('/api/namespaces/again')).body.row?.health === 'outdated',
      'it is not deployed',
    );
    const shown = Date.now();
    await until(async () => ((await healingStatus())?.checkedAt ?? 0) > shown, 'healing has checked it');

    expect(await healingOf('again')).toBeUndefined();
    expect(await world.deployment('again')).toBeUndefined();
  });

  test('stops repairing what somebody changes back each time, and says who', async () => {
    await deployedNamespace('contested');
    const application = pathOf(APPLICATIONS, { namespace: 'contested', name: FDD });
    const changeBack = () => patch(application, { spec: { image: `fiaas/fiaas-deploy-daemon:${OLD}` } });
    await changeBack();
    await until(async () => {
      const { spec } = await world.application('contested');
      const healing = await healingOf('contested');
      const isOver = healing?.steps.every(({ endedAt }) => endedAt !== undefined) ?? false;
      if (isOver && !spec.image.endsWith(OLD)) await changeBack();
      return healing?.state === 'quarantined';
    }, 'it is quarantined');

    const { quarantine, steps } = (await healingOf('contested')) ?? {};
    expect(quarantine?.reason).toMatch(
      /^as often as it is repaired, rival changes it back: drifted came back 3 times/,
    );
    expect(steps).toHaveLength(3);
  });

  test('stops as a whole if most of the fleet falls sick at once', async () => {
    const names = await world.addNamespaces('many', 20);
    await world.rolloutFinished((await world.deploy({ namespaces: names })).id);
    // The worker sees all of them at once, however long they take.
    const stalled = gate.stall(isDeploymentWatch);
    await Promise.all(names.map((namespace) => world.kube.delete(DEPLOYMENTS, { namespace, name: FDD })));
    stalled.release();

    await until(async () => (await healingStatus())?.stopped !== undefined, 'it is stopped');

    expect((await healingStatus())?.stopped?.reason).toMatch(/namespaces fell sick .*\(no-deployment \d+/);
    await until(async () => (await healingOf('many-1'))?.state === 'stopped', 'the namespaces are stopped');
    for (const name of names) expect((await healingOf(name))?.steps).toEqual([]);
  });
});
