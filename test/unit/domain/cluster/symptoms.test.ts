import { describe, expect, test } from '@jest/globals';
import { diagnose } from '../../../../domain/cluster/diagnose.ts';
import type { NamespaceSnapshot, ObservedPod } from '../../../../domain/cluster/observed.ts';
import {
  describeSymptom,
  podSymptom,
  showsCause,
  symptomsOf,
  worstFirst,
} from '../../../../domain/cluster/symptoms.ts';
import { Symptom } from '../../../../domain/symptom.ts';
import {
  aBootstrapPod,
  aDeployment,
  aPod,
  aSettledSnapshot,
  aSnapshot,
  aStatus,
  OUR_ID,
} from '../../../support/builders.ts';

const QUOTA =
  'pods "x" is forbidden: exceeded quota: few-pods, requested: pods=1, used: pods=1, limited: pods=1';
const crashing = aPod({
  ready: false,
  restarts: 4,
  waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' },
});
const unscheduled = aBootstrapPod({ phase: 'Pending', ready: false, unscheduled: '0/3 nodes are available' });
/** Every symptom at once. */
const BROKEN: Partial<NamespaceSnapshot> = {
  deployment: aDeployment({
    availableReplicas: undefined,
    conditions: [
      { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: undefined },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: undefined },
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: QUOTA },
    ],
  }),
  statuses: [aStatus({ result: 'FAILED', logs: ['[t|  ERROR] 403 on ingresses [x|y]'] })],
  pods: [aPod(), crashing],
  bootstrapPod: unscheduled,
};

describe('symptomsOf', () => {
  test('is empty for a healthy FDD', () => {
    expect(symptomsOf(aSettledSnapshot({ pods: [aPod()] }))).toEqual([]);
  });

  test('lists every symptom from the top down, as data', () => {
    expect(symptomsOf(aSettledSnapshot(BROKEN))).toEqual([
      { kind: 'replicas', wanted: 1, available: 0, updated: 1, generation: 2, observedGeneration: 2 },
      { kind: 'condition', type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' },
      {
        kind: 'condition',
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: QUOTA,
        refusal: { by: 'quota', quota: 'few-pods' },
      },
      {
        kind: 'pod',
        pod: crashing.name,
        isBootstrap: false,
        state: 'waiting',
        reason: 'CrashLoopBackOff',
        message: 'back-off 5m0s',
        restarts: 4,
      },
      {
        kind: 'pod',
        pod: unscheduled.name,
        isBootstrap: true,
        state: 'unscheduled',
        message: '0/3 nodes are available',
        restarts: 0,
      },
      { kind: 'fdd-report', result: 'FAILED', message: '403 on ingresses', isForbidden: true },
    ]);
  });

  test('survives being stored and read back', () => {
    for (const symptom of symptomsOf(aSettledSnapshot(BROKEN))) {
      expect(Symptom.parse(JSON.parse(JSON.stringify(symptom)))).toEqual(symptom);
    }
  });

  test('reports a missing Deployment', () => {
    expect(symptomsOf(aSnapshot())).toEqual([{ kind: 'no-deployment' }]);
  });

  test('uses the report for the given deployment', () => {
    const statuses = [aStatus(), aStatus({ deploymentId: OUR_ID, result: 'FAILED' })];
    const snapshot = aSettledSnapshot({ statuses });

    expect(symptomsOf(snapshot)).toEqual([]);
    expect(symptomsOf(snapshot, OUR_ID)).toEqual([
      { kind: 'fdd-report', result: 'FAILED', message: undefined, isForbidden: false },
    ]);
  });
});

describe('worstFirst', () => {
  test('puts causes before symptoms that only show that FDD is down', () => {
    const kinds = worstFirst(symptomsOf(aSettledSnapshot(BROKEN))).map((symptom) =>
      symptom.kind === 'condition' ? symptom.type : symptom.kind,
    );

    expect(kinds).toEqual(['ReplicaFailure', 'pod', 'pod', 'fdd-report', 'Available', 'replicas']);
    expect(worstFirst(symptomsOf(aSettledSnapshot(BROKEN))).filter(showsCause)).toHaveLength(3);
  });
});

describe('describeSymptom', () => {
  test('describes each symptom in one line', () => {
    expect(symptomsOf(aSettledSnapshot(BROKEN)).map(describeSymptom)).toEqual([
      'Deployment: 0 of 1 available, 1 updated, generation 2, observed 2',
      'Deployment Available=False: MinimumReplicasUnavailable',
      `Deployment ReplicaFailure=True: FailedCreate: ${QUOTA}`,
      'pod fiaas-deploy-daemon-5d4f9c: CrashLoopBackOff: back-off 5m0s, restarted 4 times',
      'bootstrap pod: not scheduled: 0/3 nodes are available',
      'FDD reported FAILED: 403 on ingresses',
    ]);
  });

  test.each<[Symptom, string]>([
    [{ kind: 'no-deployment' }, 'there is no Deployment fiaas-deploy-daemon'],
    [
      { kind: 'condition', type: 'Available', status: 'False' },
      'Deployment Available=False: no reason given',
    ],
    [
      { kind: 'pod', pod: 'p', isBootstrap: false, state: 'terminated', exitCode: 3, restarts: 0 },
      'pod p: exited with code 3',
    ],
    [
      { kind: 'pod', pod: 'p', isBootstrap: false, state: 'not-ready', reason: 'Pending', restarts: 1 },
      'pod p: Pending, not ready, restarted 1 times',
    ],
    [{ kind: 'fdd-report', result: 'FAILED', isForbidden: false }, 'FDD reported FAILED'],
    [
      { kind: 'refusal', refusal: { by: 'quota', quota: 'few-pods' } },
      'not allowed: ResourceQuota few-pods is exceeded',
    ],
    [
      { kind: 'refusal', refusal: { by: 'rbac', user: 'u', verb: 'patch', resource: 'pods' } },
      'not allowed: u cannot patch pods',
    ],
  ])('describes %j as %j', (symptom, line) => {
    expect(describeSymptom(symptom)).toBe(line);
  });
});

describe('podSymptom', () => {
  const blockedBy = {
    container: 'istio-proxy',
    reason: 'CrashLoopBackOff',
    message: 'back-off',
    restarts: 7,
  };
  const running = aPod({ ready: false, blockedBy });

  test.each([
    ['is not ready', running],
    ['waits for the sidecar', { ...running, waiting: { reason: 'PodInitializing', message: undefined } }],
  ])('names the sidecar if FDD %s', (_what, pod) => {
    const symptom = podSymptom(pod, false);

    expect(symptom).toMatchObject({ state: 'waiting', container: 'istio-proxy', restarts: 7 });
    expect(symptom && describeSymptom(symptom)).toBe(
      `pod ${pod.name}: container istio-proxy: CrashLoopBackOff: back-off, restarted 7 times`,
    );
    expect(symptom && diagnose(symptom)).toBeUndefined();
  });

  test.each([
    [{ waiting: { reason: 'CrashLoopBackOff', message: undefined } }, 'waiting'],
    [{ terminated: { exitCode: 3, reason: undefined } }, 'terminated'],
  ])("names FDD's own failure first: %j", (own, state) => {
    expect(podSymptom({ ...running, ...own }, false)).toMatchObject({ state });
    expect(podSymptom({ ...running, ...own }, false)?.container).toBeUndefined();
  });
});

describe('diagnose', () => {
  function ofPod(pod: Partial<ObservedPod>, isBootstrap = false) {
    const seen = aPod({ ready: false, ...pod });
    const snapshot = isBootstrap ? { bootstrapPod: seen } : { pods: [seen] };
    return symptomsOf(aSettledSnapshot(snapshot)).map(diagnose);
  }

  test.each([
    ['ErrImagePull', 'image-not-pulled'],
    ['ImagePullBackOff', 'image-not-pulled'],
    ['InvalidImageName', 'image-not-pulled'],
    ['ErrImageNeverPull', 'image-not-pulled'],
    ['CreateContainerConfigError', 'container-not-created'],
    ['CreateContainerError', 'container-not-created'],
    ['CrashLoopBackOff', 'crash-loop'],
    ['ContainerCreating', undefined],
  ])('diagnoses a container that waits with %s as %s', (reason, diagnosis) => {
    expect(ofPod({ waiting: { reason, message: undefined } })).toEqual([diagnosis]);
  });

  test.each([
    [137, 'OOMKilled', false, 'out-of-memory'],
    [137, 'OOMKilled', true, 'out-of-memory'],
    [1, 'Error', false, 'crash-loop'],
    [1, 'Error', true, 'bootstrap-failed'],
    [0, 'Completed', true, undefined],
  ])(
    'diagnoses exit code %d (%s), of a bootstrap pod: %s, as %s',
    (exitCode, reason, isBootstrap, diagnosis) => {
      expect(ofPod({ terminated: { exitCode, reason } }, isBootstrap)).toEqual([diagnosis]);
    },
  );

  test('diagnoses a pod that cannot be scheduled', () => {
    expect(ofPod({ unscheduled: 'no node' })).toEqual(['not-scheduled']);
  });

  test.each([
    [QUOTA, 'quota-exceeded'],
    ['pods "x" is forbidden: violates PodSecurity "restricted:latest"', 'pod-rejected'],
    ['something else', undefined],
  ])('diagnoses why pods cannot be created: %s', (message, diagnosis) => {
    const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }];

    expect(symptomsOf(aSettledSnapshot({ deployment: aDeployment({ conditions }) })).map(diagnose)).toEqual([
      diagnosis,
    ]);
  });
});
