import { describe, expect, test } from '@jest/globals';
import { APPLICATIONS, pathOf } from '../../shared/kubernetes/resources.ts';
import { PUBLISHED_CONFIG } from '../../simulator/fdd/published-config.ts';
import { type Gate, type GateRequest, isApplicationWrite } from '../support/gate.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';

/** The annotations of everything that Skipper writes. */
const OUR_ANNOTATIONS = {
  'fiaas-skipper/config-digest': expect.stringMatching(/^[0-9a-f]{16}$/),
  'skipper.fiaas.io/rollout': expect.stringMatching(/^\S+$/),
  'skipper.fiaas.io/generation': '1',
  'skipper.fiaas.io/release': expect.stringMatching(/^[0-9a-f]{16}$/),
  'skipper.fiaas.io/content': expect.stringMatching(/^[0-9a-f]{16}$/),
};

let gate: Gate;
const written: GateRequest[] = [];

const world = useWorld({}, async (opened) => {
  gate = await opened.openGate();
  gate.before(async (request) => {
    if (request.method !== 'GET') written.push(request);
  });
  await opened.startApi();
  await opened.startWorker({ gate });
});

function pathTo(namespace: string): string {
  return pathOf(APPLICATIONS, { namespace, name: FDD });
}

function mergeInto(namespace: string, body: unknown): Promise<Raw> {
  return world.kube.request({ method: 'PATCH', patchType: 'merge', path: pathTo(namespace), body });
}

describe('the Application', () => {
  test("acceptance 5: is created with upstream's body, field for field", async () => {
    await world.addNamespace('fresh');

    await world.deployed('fresh');

    const bodies = written.filter(isApplicationWrite('fresh')).map(({ body }) => JSON.parse(body));
    expect(bodies).toEqual([
      {
        apiVersion: 'fiaas.schibsted.io/v1',
        kind: 'Application',
        metadata: {
          name: FDD,
          namespace: 'fresh',
          finalizers: [],
          ownerReferences: [],
          labels: {
            app: FDD,
            heritage: 'FIAAS-Skipper',
            'fiaas/bootstrap': 'true',
            'fiaas/deployment_id': expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
          },
          annotations: OUR_ANNOTATIONS,
        },
        spec: { application: FDD, image: `fiaas/${FDD}:${NEW}`, config: PUBLISHED_CONFIG },
      },
    ]);
    const stored = await world.application('fresh');
    expect(stored.spec).toEqual(bodies[0].spec);
    expect(stored.metadata.labels).toEqual(bodies[0].metadata.labels);
  });

  test("acceptance 5: keeps others' labels, annotations, finalizers, owners and additional_* in an update", async () => {
    await world.addNamespace('foreign', { fdd: OLD });
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: FDD, uid: 'an-owner', controller: false };
    const additional = {
      additional_labels: { global: { team: 'mine' }, pod: { tier: 'infra' } },
      additional_annotations: { deployment: { note: 'kept' } },
    };
    await mergeInto('foreign', {
      metadata: {
        labels: { 'example.com/foreign': 'label' },
        annotations: { 'example.com/foreign': 'annotation' },
        finalizers: ['example.com/foreign'],
        ownerReferences: [owner],
      },
      spec: additional,
    });

    const target = await world.deployed('foreign');

    const { metadata, spec } = await world.application('foreign');
    expect(target).toMatchObject({ state: 'completed', outcome: 'updated', version: NEW });
    expect(spec).toMatchObject({ ...additional, image: `fiaas/${FDD}:${NEW}` });
    expect(metadata).toMatchObject({
      labels: { 'example.com/foreign': 'label', heritage: 'FIAAS-Skipper' },
      annotations: { 'example.com/foreign': 'annotation' },
      finalizers: ['example.com/foreign'],
      ownerReferences: [expect.objectContaining({ uid: 'an-owner' })],
    });
    expect((await world.deployment('foreign')).metadata.labels).toMatchObject({ team: 'mine' });
    await mergeInto('foreign', { metadata: { finalizers: null } });
  });

  test('shows by annotations what wrote it, and they are no reason to write or to restart FDD', async () => {
    await world.addNamespace('annotated', { fdd: OLD });
    await world.deployed('annotated');
    const before = await world.deployment('annotated');
    const { metadata } = await world.application('annotated');
    const { rollouts } = (await world.http('/api/rollouts')).body;
    expect(metadata.annotations).toMatchObject({
      ...OUR_ANNOTATIONS,
      'skipper.fiaas.io/rollout': rollouts[0].id,
    });

    await mergeInto('annotated', {
      metadata: {
        annotations: { 'skipper.fiaas.io/rollout': 'another', 'skipper.fiaas.io/generation': null },
      },
    });
    const again = await world.deployed('annotated');

    expect(again).toMatchObject({ state: 'completed', outcome: 'unchanged' });
    expect(world.changes('annotated').filter((each) => each.endsWith(' applications'))).toHaveLength(1);
    const after = await world.deployment('annotated');
    expect(after.metadata.generation).toBe(before.metadata.generation);
    expect(after.status.observedGeneration).toBe(before.status.observedGeneration);
  });

  test('loses config keys that another field manager wrote and the release does not have', async () => {
    await world.addNamespace('surplus', { fdd: OLD });
    await mergeInto('surplus', {
      spec: {
        config: {
          ingress: [{ host: 'left-behind.example.com' }],
          resources: { limits: { memory: '1Gi' }, requests: { cpu: '1' } },
        },
      },
    });

    const target = await world.deployed('surplus');

    expect(target).toMatchObject({ state: 'completed', outcome: 'updated' });
    expect((await world.application('surplus')).spec.config).toEqual(PUBLISHED_CONFIG);
  });

  test('gets its config back if only the config differs', async () => {
    await world.addNamespace('drifted', { fdd: NEW });
    const before = await world.deploymentId('drifted');
    await mergeInto('drifted', { spec: { config: { replicas: { maximum: 2 } } } });

    const target = await world.deployed('drifted');

    expect(target).toMatchObject({ state: 'completed', outcome: 'updated' });
    expect((await world.application('drifted')).spec.config).toEqual(PUBLISHED_CONFIG);
    expect(await world.deploymentId('drifted')).not.toBe(before);
  });

  test('acceptance 6: is not written, and FDD not restarted, when image and config match', async () => {
    await world.addNamespace('equal', { fdd: NEW });
    const application = await world.application('equal');
    const deployment = await world.deployment('equal');

    const target = await world.deployed('equal');

    expect(target).toMatchObject({ state: 'completed', outcome: 'unchanged', version: NEW });
    // The API reads the ConfigMaps of named namespaces; the worker has nothing to read.
    const requests = world.audit({ namespace: 'equal' }).map(({ verb, resource }) => `${verb} ${resource}`);
    expect(requests).toEqual(['list configmaps']);
    expect((await world.application('equal')).metadata.resourceVersion).toBe(
      application.metadata.resourceVersion,
    );
    expect((await world.deployment('equal')).metadata.generation).toBe(deployment.metadata.generation);
  });

  test('acceptance 6: gets a new deployment id when something changes, and when a bootstrap is forced', async () => {
    await world.addNamespace('changing', { fdd: OLD });
    const ids = [await world.deploymentId('changing')];

    await world.deployed('changing');
    ids.push(await world.deploymentId('changing'));
    await world.deployed('changing', { force_bootstrap: true });
    ids.push(await world.deploymentId('changing'));

    expect(new Set(ids).size).toBe(3);
  });

  test("acceptance 7: a conflicting write is retried on top of the other writer's changes", async () => {
    await world.addNamespace('contested', { fdd: OLD });
    let rivalWrites = 0;
    gate.before(async (request) => {
      if (!isApplicationWrite('contested')(request) || rivalWrites === 2) return;
      rivalWrites += 1;
      await mergeInto('contested', { metadata: { annotations: { 'example.com/rival': `${rivalWrites}` } } });
    });

    const target = await world.deployed('contested');

    const application = await world.application('contested');
    expect(target).toMatchObject({ state: 'completed', outcome: 'updated', attempt: 1 });
    expect(application.metadata.annotations).toEqual({
      'example.com/rival': '2',
      ...OUR_ANNOTATIONS,
    });
    expect(application.spec.image).toBe(`fiaas/${FDD}:${NEW}`);
    const answers = world.audit({ namespace: 'contested', resource: 'applications', verb: 'patch' });
    expect(answers.map(({ code }) => code)).toEqual([409, 409, 200]);
    expect(await world.jobLog(target.jobId)).toContain('conflict');
  });

  test('is redeployed under a new id after FDD reported FAILED', async () => {
    await world.addNamespace('redeployed', { fdd: OLD });
    world.fdds.misbehaviour.set('redeployed', { kind: 'failed', lines: ['no luck'] });
    expect(await world.deployed('redeployed')).toMatchObject({ state: 'failed' });
    const failedId = await world.deploymentId('redeployed');
    world.fdds.misbehaviour.clear('redeployed');

    const target = await world.deployed('redeployed');

    expect(target).toMatchObject({ state: 'completed', outcome: 'redeployed' });
    expect(await world.deploymentId('redeployed')).not.toBe(failedId);
  });
});
