import { describe, expect, test } from '@jest/globals';
import {
  type RawDeployment,
  type RawPod,
  toObservedApplication,
  toObservedDeployment,
  toObservedPod,
  toObservedStatus,
} from '../../../../shared/kubernetes/to-observed.ts';
import { FIAAS_YML, IMAGE, OUR_ID } from '../../../support/builders.ts';

const metadata = {
  name: 'fiaas-deploy-daemon',
  namespace: 'team-a',
  resourceVersion: '42',
  labels: { app: 'fiaas-deploy-daemon', 'fiaas/deployment_id': OUR_ID, 'fiaas/bootstrap': 'true' },
};

describe('toObservedApplication', () => {
  test('keeps the fields that decisions need', () => {
    const application = toObservedApplication({
      metadata,
      spec: { image: IMAGE, config: FIAAS_YML },
      status: { result: 'SUCCESS', deployment_id: OUR_ID, logs: ['a line'] },
    });

    expect(application).toEqual({
      resourceVersion: '42',
      image: IMAGE,
      config: FIAAS_YML,
      deploymentId: OUR_ID,
      bootstrapLabel: true,
      status: { deploymentId: OUR_ID, result: 'SUCCESS', logs: [] },
    });
  });

  test('accepts an object without labels, spec and status', () => {
    expect(toObservedApplication({ metadata: { name: 'fiaas-deploy-daemon' } })).toEqual({
      resourceVersion: '',
      image: '',
      config: {},
      deploymentId: undefined,
      bootstrapLabel: false,
      status: undefined,
    });
  });

  const ours = {
    'skipper.fiaas.io/rollout': 'rollout-1',
    'skipper.fiaas.io/generation': '7',
    'skipper.fiaas.io/release': 'aaaa',
    'skipper.fiaas.io/content': 'bbbb',
  };

  test('knows what its last write was part of', () => {
    expect(toObservedApplication({ metadata: { ...metadata, annotations: ours } }).origin).toEqual({
      rolloutId: 'rollout-1',
      generation: 7,
      release: 'aaaa',
      content: 'bbbb',
    });
  });

  test.each([
    ['the rollout is missing', { 'skipper.fiaas.io/rollout': '' }],
    ['the generation is not a number', { 'skipper.fiaas.io/generation': 'seven' }],
    ['the generation is not positive', { 'skipper.fiaas.io/generation': '-1' }],
  ])('does not know it if %s', (_what, changed) => {
    const annotations = { ...ours, ...changed };
    expect(toObservedApplication({ metadata: { ...metadata, annotations } }).origin).toBeUndefined();
  });

  test('knows when its deployment id was written', () => {
    const label = { 'f:metadata': { 'f:labels': { 'f:fiaas/deployment_id': {} } } };
    const managedFields = [
      { manager: 'fiaas-skipper', time: '2026-01-01T00:00:00Z', fieldsV1: label },
      { manager: 'fdd', time: '2026-01-02T00:00:00Z', subresource: 'status', fieldsV1: {} },
    ];

    expect(toObservedApplication({ metadata: { ...metadata, managedFields } }).writtenAt).toBe(
      Date.parse('2026-01-01T00:00:00Z'),
    );
  });

  test('treats an empty status as missing', () => {
    expect(toObservedApplication({ metadata, status: {} }).status).toBeUndefined();
  });
});

describe('toObservedStatus', () => {
  test("keeps the end of FDD's log of a failure", () => {
    const logs = Array.from({ length: 100 }, (_, index) => `line ${index}`);

    const status = toObservedStatus({ metadata, result: 'FAILED', logs });

    expect(status.logs).toHaveLength(40);
    expect(status.logs.at(-1)).toBe('line 99');
  });

  test('keeps no log of a success, because there can be thousands', () => {
    expect(toObservedStatus({ metadata, result: 'SUCCESS', logs: ['x'] }).logs).toEqual([]);
  });

  // If the deadline passes while FDD is still working, its own log lines are reported.
  test("acceptance 11: keeps FDD's log of a deployment in progress", () => {
    expect(toObservedStatus({ metadata, result: 'RUNNING', logs: ['waiting for x'] }).logs).toEqual([
      'waiting for x',
    ]);
  });

  test('accepts an object without logs and result', () => {
    expect(toObservedStatus({ metadata })).toMatchObject({
      result: 'INITIATED',
      logs: [],
      deploymentId: OUR_ID,
    });
  });
});

describe('toObservedDeployment', () => {
  const raw: RawDeployment = {
    metadata: { ...metadata, generation: 3 },
    spec: {
      replicas: 2,
      template: {
        spec: {
          containers: [
            {
              image: IMAGE,
              env: [
                { name: 'LOG_FORMAT', value: 'json' },
                { name: 'FIAAS_ENVIRONMENT', value: 'test' },
                { name: 'SECRET', value: 'hunter2' },
              ],
            },
          ],
        },
      },
    },
    status: {
      observedGeneration: 2,
      replicas: 3,
      updatedReplicas: 1,
      availableReplicas: 1,
      conditions: [{ type: 'Available', status: 'True' }],
    },
  };

  test('keeps the fields that decisions need, and no other variable', () => {
    expect(toObservedDeployment(raw)).toEqual({
      resourceVersion: '42',
      mountsConfig: false,
      generation: 3,
      observedGeneration: 2,
      deploymentId: OUR_ID,
      image: IMAGE,
      replicas: 2,
      currentReplicas: 3,
      updatedReplicas: 1,
      availableReplicas: 1,
      conditions: [{ type: 'Available', status: 'True', reason: undefined, message: undefined }],
      environment: { LOG_FORMAT: 'json', FIAAS_ENVIRONMENT: 'test' },
      helmRelease: undefined,
    });
  });

  test('finds FDD by name, even after a sidecar', () => {
    const fdd = { name: 'fiaas-deploy-daemon', image: IMAGE, env: [{ name: 'LOG_FORMAT', value: 'json' }] };
    const sidecar = { name: 'istio-proxy', image: 'istio/proxyv2:1.20' };
    const of = (containers: object[]) =>
      toObservedDeployment({ metadata, spec: { template: { spec: { containers } } } });

    const expected = { image: IMAGE, environment: { LOG_FORMAT: 'json' } };
    expect(of([sidecar, fdd])).toMatchObject(expected);
    expect(of([fdd, sidecar])).toMatchObject(expected);
    expect(of([{ ...sidecar, name: 'a' }, sidecar]).image).toBe('');
  });

  test('keeps when its conditions last changed', () => {
    const conditions = [
      { type: 'Available', status: 'True', lastTransitionTime: '2026-01-01T00:00:10Z' },
      {
        type: 'Progressing',
        status: 'True',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        lastUpdateTime: '2026-01-01T00:00:20Z',
      },
    ];

    expect(toObservedDeployment({ metadata, status: { conditions } }).changedAt).toBe(
      Date.parse('2026-01-01T00:00:20Z'),
    );
    expect(toObservedDeployment({ metadata, status: { conditions: [] } }).changedAt).toBeUndefined();
    expect(
      toObservedDeployment({
        metadata,
        status: { conditions: [{ type: 'Available', status: 'True', lastUpdateTime: 'soon' }] },
      }).changedAt,
    ).toBeUndefined();
  });

  test('distinguishes absent availableReplicas from 0', () => {
    expect(toObservedDeployment({ metadata, spec: {}, status: {} })).toMatchObject({
      replicas: 1,
      currentReplicas: 0,
      updatedReplicas: 0,
      availableReplicas: undefined,
    });
  });

  test.each([
    [
      'made by Helm 3',
      { 'app.kubernetes.io/managed-by': 'Helm' },
      { 'meta.helm.sh/release-name': 'fdd' },
      'fdd',
    ],
    ["labelled by FDD's chart", { heritage: 'Helm', release: 'fdd' }, {}, 'fdd'],
    ['that only has the annotation of Helm', {}, { 'meta.helm.sh/release-name': 'fdd' }, 'fdd'],
    ['made by Helm without a name', { heritage: 'Helm' }, {}, '(unnamed)'],
    ['made by FDD', { app: 'fiaas-deploy-daemon', 'fiaas/deployed_by': 'v1' }, {}, undefined],
    ["written by Skipper's Application", { heritage: 'FIAAS-Skipper', release: 'x' }, {}, undefined],
  ])('acceptance 23: names the Helm release of a Deployment %s', (_what, labels, annotations, release) => {
    expect(toObservedDeployment({ metadata: { ...metadata, labels, annotations } }).helmRelease).toBe(
      release,
    );
  });
});

describe('toObservedPod', () => {
  const state = (container: object): RawPod => ({
    metadata: { name: 'p', annotations: { 'fiaas-skipper/deployment-id': OUR_ID } },
    status: { phase: 'Pending', containerStatuses: [container] },
  });

  test('keeps why the pod waits, and the deployment it was started for', () => {
    const pod = toObservedPod(
      state({ state: { waiting: { reason: 'ErrImagePull', message: 'm' } }, restartCount: 2 }),
    );

    expect(pod).toEqual({
      name: 'p',
      resourceVersion: '',
      phase: 'Pending',
      deleting: false,
      ready: false,
      restarts: 2,
      waiting: { reason: 'ErrImagePull', message: 'm' },
      terminated: undefined,
      unscheduled: undefined,
      startedFor: OUR_ID,
    });
  });

  test('acceptance 9: keeps how the pod ended', () => {
    const pod = toObservedPod(state({ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }));

    expect(pod.terminated).toEqual({ exitCode: 137, reason: 'OOMKilled' });
  });

  describe('with other containers', () => {
    const proxy = { name: 'istio-proxy', ready: true, restartCount: 7, state: {} };
    const loop = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } };
    const podNamed = (name: string, status: RawPod['status']) =>
      toObservedPod({ metadata: { name }, status: { phase: 'Running', ...status } });

    test.each(['fiaas-deploy-daemon', 'fiaas-deploy-daemon-bootstrap'])(
      'finds %s by name at any position',
      (name) => {
        const pod = name.endsWith('bootstrap') ? name : `${name}-5d4f9c`;
        const own = { name, restartCount: 4, state: { terminated: { exitCode: 3, reason: 'Error' } } };
        for (const containerStatuses of [
          [proxy, own],
          [own, proxy],
        ]) {
          expect(podNamed(pod, { containerStatuses })).toMatchObject({
            restarts: 4,
            terminated: { exitCode: 3, reason: 'Error' },
            blockedBy: undefined,
          });
        }
      },
    );

    test('does not mistake another container for its own', () => {
      const ended = { ...proxy, state: { terminated: { exitCode: 0 } } };
      const containerStatuses = [ended, { name: 'fiaas-deploy-daemon-bootstrap', state: {} }];

      expect(podNamed('fiaas-deploy-daemon-bootstrap', { containerStatuses }).terminated).toBeUndefined();
    });

    test('keeps the sidecar that prevents readiness', () => {
      const own = { name: 'fiaas-deploy-daemon', ready: true, state: {} };

      const pod = podNamed('p', { containerStatuses: [own, { ...proxy, ready: false, state: loop }] });

      expect(pod).toMatchObject({
        restarts: 0,
        waiting: undefined,
        blockedBy: {
          container: 'istio-proxy',
          reason: 'CrashLoopBackOff',
          message: 'back-off 5m0s',
          restarts: 7,
        },
      });
    });

    test.each([
      [loop, { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' }],
      [{ terminated: { exitCode: 2 } }, { reason: 'Error', message: 'exited with code 2' }],
      [{ terminated: { exitCode: 0 } }, undefined],
      [{ waiting: { reason: 'PodInitializing' } }, undefined],
      [{}, undefined],
    ])('keeps the init container that prevents the start: %j', (state, blocker) => {
      const own = { name: 'fiaas-deploy-daemon', state: { waiting: { reason: 'PodInitializing' } } };
      const initContainerStatuses = [{ name: 'istio-init', restartCount: 1, state }];

      expect(podNamed('p', { containerStatuses: [own], initContainerStatuses }).blockedBy).toEqual(
        blocker && { container: 'istio-init', restarts: 1, ...blocker },
      );
    });
  });

  test('keeps why the pod is not scheduled', () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
    ];

    expect(toObservedPod({ metadata, status: { phase: 'Pending', conditions } }).unscheduled).toBe(
      '0/3 nodes',
    );
  });

  test('keeps whether the pod is ready or being deleted', () => {
    const pod = toObservedPod({
      metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
      status: {
        phase: 'Running',
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'PodScheduled', status: 'True' },
        ],
      },
    });

    expect(pod).toMatchObject({ ready: true, deleting: true, unscheduled: undefined, startedFor: undefined });
  });

  test('treats a pod without a status as pending', () => {
    expect(toObservedPod({ metadata })).toMatchObject({ phase: 'Pending', ready: false, restarts: 0 });
  });
});

test.each(['fiaas-deploy-daemon', 'fiaas-deploy-daemon-bootstrap'])(
  'a pod of %s shows image, deployment and why its container ended last',
  (name) => {
    const pod = toObservedPod({
      metadata: { ...metadata, name },
      spec: {
        containers: [
          { name: 'sidecar', image: 'proxy:1' },
          { name, image: IMAGE },
        ],
      },
      status: {
        containerStatuses: [
          {
            name,
            restartCount: 4,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { reason: 'OOMKilled' } },
          },
        ],
      },
    });

    expect(pod).toMatchObject({ image: IMAGE, deploymentId: OUR_ID, lastReason: 'OOMKilled', restarts: 4 });
  },
);

test('a pod shows when it was created and started, and how long it ran before', () => {
  const pod = toObservedPod({
    metadata: { ...metadata, creationTimestamp: '2026-11-29T10:00:00Z' },
    status: {
      containerStatuses: [
        {
          name: 'fiaas-deploy-daemon',
          state: { running: { startedAt: '2026-11-29T10:05:00Z' } },
          lastState: {
            terminated: { startedAt: '2026-11-29T10:03:00Z', finishedAt: '2026-11-29T10:04:30Z' },
          },
        },
      ],
    },
  });

  expect(pod).toMatchObject({
    createdAt: Date.UTC(2026, 10, 29, 10),
    startedAt: Date.UTC(2026, 10, 29, 10, 5),
    lastRanMs: 90_000,
  });
  expect(toObservedPod({ metadata })).toMatchObject({ createdAt: undefined, lastRanMs: undefined });
});

test('a Deployment shows who switched it off, and when', () => {
  const entry = {
    manager: 'kubectl',
    time: '2026-11-29T10:00:00Z',
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
  };

  expect(
    toObservedDeployment({ metadata: { ...metadata, managedFields: [entry] }, spec: { replicas: 0 } }),
  ).toMatchObject({ switchedOff: { how: 'scaled to 0', by: 'kubectl', at: Date.UTC(2026, 10, 29, 10) } });
});
