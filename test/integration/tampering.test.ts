import { describe, expect, test } from '@jest/globals';
import {
  APPLICATIONS,
  CONFIG_MAPS,
  DEPLOYMENTS,
  NAMESPACES,
  PODS,
  pathOf,
  type Resource,
  ROLE_BINDINGS,
} from '../../shared/kubernetes/resources.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Rollout } from '../support/world-requests.ts';
import { PROGRESS_DEADLINE_MS } from '../support/world-skippers.ts';

const world = useWorld({ flags: { 'manage-rbac': true } }, async (opened) => {
  await opened.startApi();
  await opened.startWorker();
});

/** Patches as a user of kubectl would. */
async function patch(resource: Resource, namespace: string, body: unknown): Promise<void> {
  const path = pathOf(resource, { namespace, name: FDD });
  const query = { fieldManager: 'kubectl-edit' };
  await world.kube.request({ method: 'PATCH', patchType: 'merge', path, query, body });
}

/** Begins a deploy in which FDD does not react, and waits until its Application is written. */
async function begun(namespace: string): Promise<Rollout> {
  await world.addNamespace(namespace, { fdd: OLD });
  const before = await world.deploymentId(namespace);
  world.fdds.misbehaviour.set(namespace, { kind: 'hang' });
  const rollout = await world.deploy({ namespaces: [namespace] });
  await until(async () => (await world.deploymentId(namespace)) !== before, 'the Application is written');
  return rollout;
}

async function rowOf(namespace: string) {
  return (await world.http(`/api/namespaces/${namespace}`)).body.row;
}

describe('a Deployment', () => {
  test('that was scaled to 0 is degraded, names who did it, and is bootstrapped by a deploy', async () => {
    await world.addNamespace('off', { fdd: OLD });
    await world.deployed('off');
    await patch(DEPLOYMENTS, 'off', { spec: { replicas: 0 } });
    const why = 'the Deployment was scaled to 0 replicas by kubectl-edit';
    await until(async () => (await rowOf('off')).cause === why, 'the row names who did it');
    expect((await rowOf('off')).health).toBe('degraded');
    await until(async () => (await podsOf('off')).length === 0, 'the pods are gone');
    await until(async () => (await rowOf('off')).status === 'UNAVAILABLE', 'the status is UNAVAILABLE');

    const target = await world.deployed('off');

    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped', reason: why });
    expect((await world.deployment('off')).status.availableReplicas).toBe(1);
    await until(async () => (await rowOf('off')).health === 'healthy', 'the namespace is healthy');
  });

  test('that was paused is degraded, and FDD writes it again', async () => {
    await world.addNamespace('paused', { fdd: OLD });
    await world.deployed('paused');
    await patch(DEPLOYMENTS, 'paused', { spec: { paused: true } });
    const why = 'the Deployment was paused by kubectl-edit';
    await until(async () => (await rowOf('paused')).cause === why, 'the row names who did it');

    const target = await world.deployed('paused');

    expect(target).toMatchObject({ state: 'completed', outcome: 'redeployed', reason: why });
    expect((await world.deployment('paused')).spec.paused).toBeUndefined();
    await until(async () => (await rowOf('paused')).health === 'healthy', 'the namespace is healthy');
  });

  test('that is being deleted counts as degraded, not as unchanged, and is bootstrapped once it is gone', async () => {
    await world.addNamespace('leaving', { fdd: OLD });
    await world.deployed('leaving');
    await patch(DEPLOYMENTS, 'leaving', { metadata: { finalizers: ['example.com/keep'] } });
    await world.kube.delete(DEPLOYMENTS, { namespace: 'leaving', name: FDD });
    const why = 'the Deployment is being deleted, held by finalizer example.com/keep';
    await until(async () => (await rowOf('leaving')).cause === why, 'the row shows the cause');
    expect((await rowOf('leaving')).health).toBe('degraded');

    const { id } = await world.deploy({ namespaces: ['leaving'], force_bootstrap: true });
    const waits = await until(async () => {
      const row = await rowOf('leaving');
      return row.activity === 'retrying' && row;
    }, 'the deploy is retried');
    expect(waits).toMatchObject({ code: 'deployment_deleting', cause: why });
    await patch(DEPLOYMENTS, 'leaving', { metadata: { finalizers: null } });

    expect((await world.rolloutFinished(id)).targets[0]).toMatchObject({
      state: 'completed',
      outcome: 'bootstrapped',
    });
  });

  test('that is deleted during a deploy is created again', async () => {
    const { id } = await begun('taken');
    await world.kube.delete(DEPLOYMENTS, { namespace: 'taken', name: FDD });
    await until(async () => (await rowOf('taken')).attempt > 1, 'the change is detected');
    world.fdds.misbehaviour.clear('taken');

    const [target] = (await world.rolloutFinished(id)).targets;

    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });
  });

  test('that is deleted after its bootstrap has succeeded is bootstrapped again', async () => {
    world.fdds.misbehaviour.set('swept', { kind: 'hang' });
    await world.addNamespace('swept');
    const { id } = await world.deploy({ namespaces: ['swept'] });
    const pod = { namespace: 'swept', name: `${FDD}-bootstrap` };
    await until(
      async () => (await world.kube.get<Raw>(PODS, pod))?.status?.phase === 'Running',
      'the bootstrap runs',
    );
    // The FDD that it starts becomes ready so late that the deletion comes first.
    world.fdds.misbehaviour.clear('swept');
    world.fdds.misbehaviour.set('swept', { kind: 'slow-start', ms: PROGRESS_DEADLINE_MS });
    const ref = { namespace: 'swept', name: FDD };
    await until(async () => (await world.kube.get(DEPLOYMENTS, ref)) !== undefined, 'the Deployment exists');

    world.fdds.misbehaviour.clear('swept');
    await world.kube.delete(DEPLOYMENTS, ref);
    const [target] = (await world.rolloutFinished(id)).targets;

    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped', attempt: 2 });
    expect((await world.deployment('swept')).status.availableReplicas).toBe(1);
  });

  async function podsOf(namespace: string): Promise<readonly unknown[]> {
    const query = { labelSelector: `app=${FDD}` };
    const path = pathOf(PODS, { namespace });
    const { items } = await world.kube.request<{ items: unknown[] }>({ method: 'GET', path, query });
    return items;
  }
});

describe('a bootstrap pod', () => {
  test.each([
    ['before it is parked', 0],
    ['while the run is parked', 3_000],
  ])('that is deleted %s is noticed within seconds, and started again', async (_when, ms) => {
    const namespace = `drained-${ms}`;
    world.fdds.misbehaviour.set(namespace, { kind: 'hang' });
    await world.addNamespace(namespace);
    const pod = { namespace, name: `${FDD}-bootstrap` };
    const { id } = await world.deploy({ namespaces: [namespace] });
    await until(async () => (await world.kube.get(PODS, pod)) !== undefined, 'the pod exists');
    await until(async () => (await rowOf(namespace)).activity === 'bootstrapping', 'it is awaited');
    await new Promise((resolve) => setTimeout(resolve, ms));

    await world.kube.delete(PODS, pod);
    world.fdds.misbehaviour.clear(namespace);
    const [target] = (await world.rolloutFinished(id)).targets;

    // If it were noticed at the deadline only, the deploy would have failed.
    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped', attempt: 2 });
    expect(await world.jobLog(target?.jobId)).toContain('the bootstrap pod was deleted during the deploy');
  });

  test('that is deleted beside an FDD that cannot run is started again', async () => {
    const namespace = 'drained-crashing';
    await world.addNamespace(namespace, { fdd: OLD });
    world.fdds.misbehaviour.set(namespace, { kind: 'crash-loop' }, { version: OLD });
    await until(async () => (await rowOf(namespace)).status === 'UNAVAILABLE', 'FDD is down');
    world.fdds.misbehaviour.set(namespace, { kind: 'hang' }, { version: NEW });
    const pod = { namespace, name: `${FDD}-bootstrap` };
    const { id } = await world.deploy({ namespaces: [namespace] });
    await until(async () => (await world.kube.get(PODS, pod)) !== undefined, 'the pod exists');
    await until(async () => (await rowOf(namespace)).activity === 'bootstrapping', 'it is awaited');

    await world.kube.delete(PODS, pod);
    await until(async () => (await rowOf(namespace)).attempt > 1, 'the change is detected');
    await until(async () => (await world.kube.get(PODS, pod)) !== undefined, 'another pod exists');
    world.fdds.misbehaviour.clear(namespace);

    expect((await world.rolloutFinished(id)).targets[0]).toMatchObject({ outcome: 'bootstrapped' });
  });
});

describe('an Application', () => {
  test('that is deleted during a deploy is written again within seconds', async () => {
    const { id } = await begun('deleted');
    await world.kube.delete(APPLICATIONS, { namespace: 'deleted', name: FDD });
    world.fdds.misbehaviour.clear('deleted');

    const [target] = (await world.rolloutFinished(id)).targets;

    // If it were noticed at the deadline only, the deploy would have failed.
    expect(target?.state).toBe('completed');
    expect(await world.jobLog(target?.jobId)).toContain('the Application was deleted during the deploy');
  });

  test('that is overwritten during a deploy names who did it, and is repaired', async () => {
    const { id } = await begun('overwritten');
    const image = `fiaas/${FDD}:theirs`;
    await patch(APPLICATIONS, 'overwritten', { spec: { image } });
    await until(async () => (await rowOf('overwritten')).attempt > 1, 'the change is detected');
    world.fdds.misbehaviour.clear('overwritten');

    const [target] = (await world.rolloutFinished(id)).targets;

    expect(target?.state).toBe('completed');
    expect(await world.jobLog(target?.jobId)).toContain(
      `the Application was overwritten during the deploy by kubectl-edit: its image is ${image}`,
    );
  });

  test('that is overwritten while nothing is deployed is outdated, and names who did it', async () => {
    await world.addNamespace('rewritten', { fdd: OLD });
    await world.deployed('rewritten');
    await patch(APPLICATIONS, 'rewritten', { spec: { image: `fiaas/${FDD}:theirs` } });

    const row = await until(async () => {
      const seen = await rowOf('rewritten');
      return seen.health === 'outdated' && seen;
    }, 'it is seen');

    expect(row.cause).toBe(`Runs ${NEW}, the Application, last written by kubectl-edit, specifies theirs`);
    const { why } = (await world.http('/api/namespaces/rewritten')).body;
    expect(why.headline).toBe(`FDD runs ${NEW}, not the version in its Application.`);
    expect(await world.deployed('rewritten')).toMatchObject({ state: 'completed', outcome: 'updated' });
  });

  test('that is being deleted counts as degraded, not as unchanged, and is recreated once it is gone', async () => {
    await world.addNamespace('held', { fdd: OLD });
    await world.deployed('held');
    await patch(APPLICATIONS, 'held', { metadata: { finalizers: ['example.com/keep'] } });
    await world.kube.delete(APPLICATIONS, { namespace: 'held', name: FDD });
    const why = 'the Application is being deleted, held by finalizer example.com/keep';
    await until(async () => (await rowOf('held')).cause === why, 'the row shows the cause');
    expect((await rowOf('held')).health).toBe('degraded');

    const { id } = await world.deploy({ namespaces: ['held'] });
    const waits = await until(async () => {
      const row = await rowOf('held');
      return row.activity === 'retrying' && row;
    }, 'the deploy is retried');
    expect(waits).toMatchObject({ code: 'application_deleting', cause: why });
    await patch(APPLICATIONS, 'held', { metadata: { finalizers: null } });

    expect((await world.rolloutFinished(id)).targets[0]).toMatchObject({ state: 'completed' });
  });
});

describe('a namespace', () => {
  test('that is being deleted and held shows that, and a deploy is refused', async () => {
    await world.addNamespace('terminating', { fdd: OLD });
    await world.deployed('terminating');
    await patch(CONFIG_MAPS, 'terminating', { metadata: { finalizers: ['example.com/keep'] } });
    await world.kube.delete(NAMESPACES, { name: 'terminating' });
    await until(async () => (await rowOf('terminating')).code === 'namespace_gone', 'the row shows it');

    const { row, why } = (await world.http('/api/namespaces/terminating')).body;
    const body = { namespaces: ['terminating'], dry_run: true };
    const plan = await world.http('/api/deploy', { method: 'POST', body });

    expect(row.health).toBe('degraded');
    expect(why.headline).toBe('The namespace, or its ConfigMap, is gone or being deleted.');
    expect(why.remedy.join('\n')).not.toContain('--force-bootstrap');
    expect(plan.body.targets).toMatchObject([{ action: 'refuse' }]);
    expect(await world.deployed('terminating')).toMatchObject({ outcome: 'skipped', code: 'namespace_gone' });
    await patch(CONFIG_MAPS, 'terminating', { metadata: { finalizers: null } });
  });
});

describe('RBAC', () => {
  test('that was removed by hand is restored, although the record marks it as done', async () => {
    await world.addNamespace('unbound', { fdd: OLD });
    await world.deployed('unbound');
    expect(await world.deployed('unbound')).toMatchObject({ outcome: 'unchanged' });
    await world.kube.delete(ROLE_BINDINGS, { namespace: 'unbound', name: FDD });

    const target = await world.deployed('unbound');

    expect(target).toMatchObject({ state: 'completed', reason: `RoleBinding ${FDD} is missing` });
    expect(await world.kube.get(ROLE_BINDINGS, { namespace: 'unbound', name: FDD })).toBeDefined();
    expect(await world.deployed('unbound')).toMatchObject({ outcome: 'unchanged' });
  });
});
