import { describe, expect, test } from '@jest/globals';
import type { NamespaceSnapshot, ObservedPod } from '../../../../domain/cluster/observed.ts';
import { type AwaitedId, findDeadEnd } from '../../../../domain/deploy/find-dead-end.ts';
import {
  aBootstrapPod,
  aDeployment,
  anApplication,
  aPod,
  aSnapshot,
  aStatus,
  FOREIGN_ID,
  OUR_ID,
} from '../../../support/builders.ts';

const OURS = { deploymentId: OUR_ID } as const;
const THEIRS = { deploymentId: FOREIGN_ID } as const;
const UPDATE: AwaitedId = { deploymentId: OUR_ID, bootstrap: false };
const BOOTSTRAP: AwaitedId = { deploymentId: OUR_ID, bootstrap: true };
const NO_IMAGE = { phase: 'Pending', ready: false, waiting: { reason: 'ImagePullBackOff' } } as const;
const CRASHING = { ready: false, waiting: { reason: 'CrashLoopBackOff' } } as const;
const noImage = (overrides: Partial<ObservedPod> = {}) => aPod({ ...NO_IMAGE, ...OURS, ...overrides });
const crashing = (restarts: number) => aPod({ ...CRASHING, ...OURS, restarts });
const down = (overrides = {}) => aDeployment({ ...OURS, availableReplicas: undefined, ...overrides });
const RUNNING = [aStatus({ ...OURS, result: 'RUNNING' })];

/** A deploy whose Deployment is written, and of which nothing runs. */
function end(snapshot: Partial<NamespaceSnapshot>, expected = UPDATE) {
  const { code } =
    findDeadEnd(
      expected,
      aSnapshot({ application: anApplication(OURS), deployment: down(), statuses: RUNNING, ...snapshot }),
    ) ?? {};
  return code;
}

function refused(message: string, overrides = {}) {
  const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }];
  return { deployment: down({ conditions, ...overrides }), pods: [] };
}

describe('findDeadEnd: no FDD can run', () => {
  test.each([
    ['the image cannot be pulled', [noImage()]],
    ['all pods of several cannot run', [noImage(), crashing(3)]],
    ['FDD has crashed three times in a row', [crashing(3)]],
    ['the old pod was evicted', [noImage(), aPod({ ...THEIRS, phase: 'Failed', ready: false })]],
    [
      'a pod without a process is still being deleted',
      [noImage(), aPod({ ...CRASHING, ...THEIRS, deleting: true })],
    ],
  ])('if %s', (_when, pods) => {
    expect(end({ pods })).toBe('fdd_cannot_run');
    expect(end({ pods, statuses: [aStatus(OURS)] })).toBe('fdd_cannot_run');
  });

  test.each([
    ['a pod still runs', [noImage(), aPod({ ...OURS, ready: false })]],
    ['the old FDD is terminating, but alive', [noImage(), aPod({ ...THEIRS, ready: true, deleting: true })]],
    ['one is not ready any more, but alive', [noImage(), aPod({ ...THEIRS, ready: false, deleting: true })]],
    [
      'one pod is being created',
      [noImage(), aPod({ ...NO_IMAGE, waiting: { reason: 'ContainerCreating' } })],
    ],
    ['FDD has crashed twice', [crashing(2)]],
    ['a pod waits for a node', [aPod({ ...OURS, phase: 'Pending', ready: false, unscheduled: 'no node' })]],
    ['a reference may still be created', [noImage({ waiting: { reason: 'CreateContainerConfigError' } })]],
    ['the pods are of the deployment before', [noImage(THEIRS)]],
    ['no pod is shown yet', []],
  ])('is not certain if %s', (_when, pods) => {
    expect(end({ pods })).toBeUndefined();
  });

  test('is not certain while a replica is available', () => {
    expect(end({ deployment: down({ availableReplicas: 1 }), pods: [noImage()] })).toBeUndefined();
  });

  test.each([
    ['pods "x" is forbidden: violates PodSecurity "restricted:latest"', 'fdd_cannot_run'],
    ['pods "x" is forbidden: failed quota: q: must specify limits.cpu', 'fdd_cannot_run'],
    ['maximum memory usage per Container is 50Mi, but limit is 100Mi', 'fdd_cannot_run'],
    // Others can free it.
    ['pods "x" is forbidden: exceeded quota: q, requested: pods=1', undefined],
  ])('if every pod is refused with %j: %s', (message, code) => {
    expect(end(refused(message))).toBe(code);
  });

  test('is not certain while the controller has not seen what FDD wrote', () => {
    const refusal = refused('violates PodSecurity "restricted:latest"', { observedGeneration: 1 });

    expect(end(refusal)).toBeUndefined();
  });
});

test.each([
  ['ErrImagePull', 15_000],
  ['ImagePullBackOff', 15_000],
  ['InvalidImageName', 2_000],
])('%s has to last %d ms: a registry may fail once', (reason, certainAfterMs) => {
  const pods = [noImage({ waiting: { reason } })];
  const snapshot = aSnapshot({ application: anApplication(OURS), deployment: down(), pods });

  expect(findDeadEnd(UPDATE, snapshot)?.certainAfterMs).toBe(certainAfterMs);
});

describe('findDeadEnd: the FDD that should take the deployment up is lost', () => {
  const lost = { deployment: down(THEIRS), pods: [aPod({ ...CRASHING, ...THEIRS, restarts: 3 })] };

  test.each([
    ['before it has reported anything', []],
    ['half done', RUNNING],
  ])('%s', (_when, statuses) => {
    expect(end({ ...lost, statuses })).toBe('fdd_lost');
  });

  test('not after it has reported SUCCESS: its Deployment is still to come', () => {
    expect(end({ ...lost, statuses: [aStatus(OURS)] })).toBeUndefined();
  });

  test('not while the bootstrap is to do the work', () => {
    expect(end({ ...lost, bootstrapPod: aBootstrapPod() }, BOOTSTRAP)).toBeUndefined();
    expect(end(lost, BOOTSTRAP)).toBeUndefined();
  });
});

describe('findDeadEnd: of a bootstrap', () => {
  const first = { deployment: undefined, pods: [], statuses: [] };

  test('is certain if its image cannot be pulled and no FDD lives', () => {
    expect(end({ ...first, bootstrapPod: aBootstrapPod(NO_IMAGE) }, BOOTSTRAP)).toBe('fdd_cannot_run');
  });

  test.each([
    ['an FDD lives that can take the deployment up', [aPod(THEIRS)], aBootstrapPod(NO_IMAGE)],
    ['the pod belongs to another deployment', [], aBootstrapPod({ ...NO_IMAGE, startedFor: FOREIGN_ID })],
    ['the pod runs', [], aBootstrapPod()],
    ['the pod is not shown yet', [], undefined],
    ['it is being created', [], aBootstrapPod({ ...NO_IMAGE, waiting: { reason: 'ContainerCreating' } })],
  ])('is not certain if %s', (_when, pods, bootstrapPod) => {
    expect(end({ ...first, pods, bootstrapPod }, BOOTSTRAP)).toBeUndefined();
  });

  test('is certain once it has ended and FDD cannot run', () => {
    const bootstrapPod = aBootstrapPod({ phase: 'Succeeded', terminated: { exitCode: 0 } });

    expect(end({ pods: [noImage()], bootstrapPod }, BOOTSTRAP)).toBe('fdd_cannot_run');
    expect(end({ pods: [noImage()], bootstrapPod: aBootstrapPod() }, BOOTSTRAP)).toBeUndefined();
  });
});
