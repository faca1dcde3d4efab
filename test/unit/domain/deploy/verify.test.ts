import { describe, expect, test } from '@jest/globals';
import type { Condition, NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import { type Evidence, type Expectation, explainTimeout, judge } from '../../../../domain/deploy/verify.ts';
import {
  aBootstrapPod,
  aDeployment,
  anApplication,
  anEvidence,
  anExpectation,
  aPod,
  aStatus,
  FOREIGN_ID,
  OLD_IMAGE,
  OUR_ID,
} from '../../../support/builders.ts';

const ours = { deploymentId: OUR_ID } as const;
const RUNNING = { statuses: [aStatus({ ...ours, result: 'RUNNING' as const })] };
const BOOTSTRAP = { bootstrap: true } as const;

function verdict(
  snapshot: Partial<NamespaceSnapshot> = {},
  overrides: Partial<Evidence> = {},
  expected: Partial<Expectation> = {},
) {
  return judge(anExpectation(expected), anEvidence(snapshot, overrides));
}

function ended(exitCode: number) {
  const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
  return aBootstrapPod({ phase, ready: false, terminated: { exitCode, reason: undefined } });
}

describe('judge', () => {
  test('acceptance 11: verifies SUCCESS for our id with a newer Deployment that is rolled out', () => {
    expect(verdict()).toEqual({ state: 'verified', unconfigured: [] });
  });

  describe('SUCCESS', () => {
    test.each(['INITIATED', 'RUNNING'] as const)(
      'acceptance 11: does not follow from a Deployment that is rolled out with our id while FDD reports %s: a second restart is coming',
      (result) => {
        const { state } = verdict({ statuses: [aStatus({ ...ours, result })] });

        expect(state).toBe('waiting');
      },
    );

    test('does not follow from an earlier id', () => {
      expect(verdict({ statuses: [aStatus()] })).toMatchObject({ state: 'waiting', for: 'fdd' });
    });

    test('counts in the Application’s status while the ApplicationStatus reports RUNNING forever', () => {
      const application = anApplication({
        ...ours,
        resourceVersion: '115',
        status: { ...ours, result: 'SUCCESS', logs: [] },
      });

      expect(verdict({ ...RUNNING, application }).state).toBe('verified');
    });

    test('counts in the Application’s status alone', () => {
      const application = anApplication({ ...ours, status: { ...ours, result: 'SUCCESS', logs: [] } });

      expect(verdict({ application, statuses: [] }).state).toBe('verified');
    });

    test('does not count if the Application’s status reports it for another id', () => {
      const application = anApplication({
        ...ours,
        status: { deploymentId: FOREIGN_ID, result: 'SUCCESS', logs: [] },
      });

      expect(verdict({ ...RUNNING, application })).toMatchObject({ state: 'waiting', for: 'fdd' });
    });
  });

  describe('FAILED', () => {
    test('fails with FDD’s own log lines and the reasons of Deployment and pods', () => {
      const pods = [aPod({ ready: false, waiting: { reason: 'ErrImagePull', message: 'no such tag' } })];

      const failure = verdict({
        statuses: [aStatus({ ...ours, result: 'FAILED', logs: ['403 on poddisruptionbudgets'] })],
        pods,
      });

      expect(failure).toMatchObject({
        state: 'failed',
        code: 'fdd_failed',
        details: expect.arrayContaining([
          '403 on poddisruptionbudgets',
          'pod fiaas-deploy-daemon-5d4f9c: ErrImagePull: no such tag',
        ]),
        symptoms: [
          { kind: 'pod', reason: 'ErrImagePull' },
          { kind: 'fdd-report', isForbidden: true },
        ],
      });
    });

    test.each([
      ['no log', [], 'FDD reported FAILED'],
      ['a log without an error', ['[2026-01-01 10:00:00|   INFO] begun [x|y]'], 'FDD reported FAILED'],
      [
        'one error',
        ['[2026-01-01 10:00:00|   INFO] begun [x|y]', '[2026-01-01 10:00:01|  ERROR] no such port [x|y]'],
        'FDD reported FAILED: no such port',
      ],
      [
        'two errors, the last with a traceback',
        [
          '[t|  ERROR] first [x|y]',
          '[t|  ERROR] deploy failed [x|y]\nTraceback:\n  File "x"\nForbidden: 403\n',
        ],
        'FDD reported FAILED: Forbidden: 403',
      ],
    ])('is described by the cause in %s', (_what, logs, reason) => {
      const failure = verdict({ statuses: [aStatus({ ...ours, result: 'FAILED', logs })] });

      expect(failure).toMatchObject({ reason });
    });

    test.each([
      ['the ApplicationStatus reports FAILED, and the Application SUCCESS', 'FAILED', 'SUCCESS', 'verified'],
      ['the ApplicationStatus reports SUCCESS, and the Application FAILED', 'SUCCESS', 'FAILED', 'verified'],
      ['the ApplicationStatus reports RUNNING, and the Application FAILED', 'RUNNING', 'FAILED', 'failed'],
      ['the ApplicationStatus reports FAILED, and the Application RUNNING', 'FAILED', 'RUNNING', 'failed'],
      ['both report FAILED', 'FAILED', 'FAILED', 'failed'],
    ] as const)('is judged correctly if %s', (_what, own, inApplication, state) => {
      const application = anApplication({ ...ours, status: { ...ours, result: inApplication, logs: [] } });

      expect(verdict({ statuses: [aStatus({ ...ours, result: own })], application }).state).toBe(state);
    });

    test('does not matter for an earlier id', () => {
      const statuses = [aStatus({ result: 'FAILED' }), aStatus({ ...ours, name: 'new' })];

      expect(verdict({ statuses }).state).toBe('verified');
    });
  });

  describe('the Deployment', () => {
    test.each([
      ['still has the old numbers right after the write', { generation: 3, observedGeneration: 2 }],
      ['has not updated its replica', { updatedReplicas: 0 }],
      ['has an old replica left', { currentReplicas: 2 }],
      ['has no available replica', { availableReplicas: undefined }],
      [
        'has one of two available',
        { replicas: 2, currentReplicas: 2, updatedReplicas: 2, availableReplicas: 1 },
      ],
      ['carries another id', { deploymentId: FOREIGN_ID }],
      ['carries the old image', { image: OLD_IMAGE }],
    ])('acceptance 11: is waited for if it %s', (_what, overrides) => {
      const deployment = aDeployment({ ...ours, ...overrides });

      expect(verdict({ deployment })).toMatchObject({ state: 'waiting', for: 'rollout' });
    });

    test('issue 10: is not verified while it is scaled to zero', () => {
      const deployment = aDeployment({
        ...ours,
        replicas: 0,
        currentReplicas: 0,
        updatedReplicas: 0,
        availableReplicas: undefined,
      });

      expect(verdict({ deployment })).toMatchObject({ state: 'waiting', for: 'rollout' });
    });

    test('acceptance 11: does not count before its watch has passed SUCCESS', () => {
      expect(verdict({}, { deploymentsPosition: '109' })).toMatchObject({
        state: 'waiting',
        for: 'fresh-deployment',
      });
    });

    test('counts if its watch is exactly at SUCCESS', () => {
      expect(verdict({}, { deploymentsPosition: '110' }).state).toBe('verified');
    });

    test('counts if an event of another namespace has moved the watch past SUCCESS', () => {
      const deployment = aDeployment({ ...ours, resourceVersion: '90' });

      expect(verdict({ deployment }, { deploymentsPosition: '9000' }).state).toBe('verified');
    });

    test('does not count before its watch has a position', () => {
      expect(verdict({}, { deploymentsPosition: undefined })).toMatchObject({ for: 'fresh-deployment' });
    });

    test('counts as read after SUCCESS if the watch lags', () => {
      const old = aDeployment({ ...ours, resourceVersion: '90', observedGeneration: 1 });
      const read = aDeployment({ ...ours, resourceVersion: '130' });

      const after = verdict(
        { deployment: old },
        { deploymentsPosition: '100', deploymentAfterSuccess: read },
      );

      expect(after.state).toBe('verified');
    });

    test('is judged by the read, not by the older watch, once the rollout has started', () => {
      const read = aDeployment({ ...ours, resourceVersion: '130', generation: 3 });

      expect(verdict({}, { deploymentsPosition: '100', deploymentAfterSuccess: read })).toMatchObject({
        state: 'waiting',
        for: 'rollout',
      });
    });

    test('is judged by a watch event that is newer than the read', () => {
      const read = aDeployment({ ...ours, resourceVersion: '112', generation: 3 });
      const seen = aDeployment({ ...ours, resourceVersion: '113' });

      expect(
        verdict({ deployment: seen }, { deploymentsPosition: undefined, deploymentAfterSuccess: read }).state,
      ).toBe('verified');
    });

    test('is waited for if it does not exist yet', () => {
      expect(verdict({ deployment: undefined })).toMatchObject({
        state: 'waiting',
        for: 'fresh-deployment',
      });
    });
  });

  describe('while another FDD can still process the deployment again', () => {
    const leaving = { pods: [aPod(), aPod({ name: 'old', deleting: true })] };
    const overwritten = { statuses: [aStatus({ ...ours, result: 'RUNNING' as const, succeededAt: '110' })] };
    const MARK = '110 2';

    test.each<[string, Partial<NamespaceSnapshot>]>([
      ['an old FDD terminates', leaving],
      ['the watch of pods still shows two', { pods: [aPod(), aPod({ name: 'old' })] }],
      ['its SUCCESS was overwritten', overwritten],
    ])('waits until nothing changes: %s', (_what, snapshot) => {
      expect(verdict(snapshot)).toMatchObject({ state: 'waiting', for: 'quiet', mark: MARK });
      expect(verdict(snapshot, { quiet: { mark: MARK, forMs: 2_499 } }).state).toBe('waiting');
      expect(verdict(snapshot, { quiet: { mark: MARK, forMs: 2_500 } }).state).toBe('verified');
    });

    test.each<[string, Partial<NamespaceSnapshot>]>([
      ['the Deployment', { deployment: aDeployment({ ...ours, generation: 3, observedGeneration: 3 }) }],
      ['the report', { statuses: [aStatus({ ...ours, resourceVersion: '111' })] }],
    ])('a change of %s restarts the wait', (_what, change) => {
      const quiet = { mark: MARK, forMs: 9_000 };

      expect(verdict({ ...leaving, ...change }, { quiet })).toMatchObject({ state: 'waiting', for: 'quiet' });
    });

    test('does not wait if only one FDD runs', () => {
      expect(verdict({ pods: [aPod()] }).state).toBe('verified');
      expect(verdict({ pods: [aPod(), aPod({ name: 'evicted', phase: 'Failed' })] }).state).toBe('verified');
    });
  });

  describe('the bootstrap pod', () => {
    test('can still be running when FDD is up: its end is not part of the verification', () => {
      expect(verdict({ bootstrapPod: aBootstrapPod() }, {}, BOOTSTRAP).state).toBe('verified');
    });

    test.each([0, 1])('can have ended with exit code %d when FDD is up', (exitCode) => {
      const verified = verdict({ bootstrapPod: ended(exitCode) }, { podFinishedForMs: 60_000 }, BOOTSTRAP);

      expect(verified.state).toBe('verified');
    });

    test('does not need to exist when FDD is up', () => {
      expect(verdict({}, {}, BOOTSTRAP).state).toBe('verified');
    });

    test('can end before SUCCESS is seen', () => {
      const early = verdict({ ...RUNNING, bootstrapPod: ended(0) }, { podFinishedForMs: 1_999 }, BOOTSTRAP);

      expect(early).toMatchObject({ state: 'waiting', for: 'fdd' });
    });

    test.each([
      ['no report', { statuses: [] }],
      ['RUNNING, which another FDD wrote', RUNNING],
    ])('acceptance 9: that ended with exit code 0 and %s fails only at the deadline', (_what, seen) => {
      const snapshot = { ...seen, bootstrapPod: ended(0) };

      expect(verdict(snapshot, { podFinishedForMs: 600_000 }, BOOTSTRAP)).toMatchObject({
        state: 'waiting',
        for: 'fdd',
      });
      expect(explainTimeout(anExpectation(BOOTSTRAP), anEvidence(snapshot), 'FDD')).toMatchObject({
        state: 'failed',
        code: 'bootstrap_failed',
        reason: 'the bootstrap pod ended with exit code 0, but FDD was not deployed',
      });
    });

    test.each([0, 1])(
      'with exit code %d is not a failure if SUCCESS was seen and then overwritten',
      (exitCode) => {
        const statuses = [aStatus({ ...ours, result: 'RUNNING', succeededAt: '110' })];

        const late = verdict(
          { statuses, bootstrapPod: ended(exitCode) },
          { podFinishedForMs: 9_000, quiet: { mark: '110 2', forMs: 3_000 } },
          BOOTSTRAP,
        );

        expect(late.state).toBe('verified');
      },
    );

    test('is not the reason if the deployment does not become available', () => {
      const pods = [aPod({ ready: false, waiting: { reason: 'CrashLoopBackOff', message: undefined } })];

      expect(
        explainTimeout(
          anExpectation(BOOTSTRAP),
          anEvidence({ ...RUNNING, pods, bootstrapPod: ended(0) }),
          'FDD',
        ),
      ).toMatchObject({ code: 'progress_deadline', reason: expect.stringContaining('CrashLoopBackOff') });
    });

    test('acceptance 9: is reported with its exit code if it failed', () => {
      const late = verdict({ ...RUNNING, bootstrapPod: ended(2) }, { podFinishedForMs: 2_000 }, BOOTSTRAP);

      expect(late).toMatchObject({
        code: 'bootstrap_failed',
        reason: expect.stringContaining('exit code 2'),
      });
    });

    test('counts as failed if it was evicted without a container status', () => {
      const evicted = aBootstrapPod({ phase: 'Failed', ready: false });

      const late = verdict({ statuses: [], bootstrapPod: evicted }, { podFinishedForMs: 2_000 }, BOOTSTRAP);

      expect(late).toMatchObject({ state: 'failed', reason: expect.stringContaining('Failed') });
    });

    test('is ignored if it belongs to another id', () => {
      const other = { ...ended(1), startedFor: FOREIGN_ID };

      const late = verdict({ ...RUNNING, bootstrapPod: other }, { podFinishedForMs: 9_000 }, BOOTSTRAP);

      expect(late.state).toBe('waiting');
    });

    test('is ignored if no bootstrap is expected', () => {
      expect(verdict({ ...RUNNING, bootstrapPod: ended(1) }, { podFinishedForMs: 9_000 }).state).toBe(
        'waiting',
      );
    });

    test('is the reason for the wait if it cannot start', () => {
      const bootstrapPod = aBootstrapPod({
        phase: 'Pending',
        ready: false,
        waiting: { reason: 'ImagePullBackOff', message: 'no such tag' },
      });

      expect(verdict({ statuses: [], bootstrapPod }, {}, BOOTSTRAP)).toMatchObject({
        detail: expect.stringContaining('bootstrap pod: ImagePullBackOff: no such tag'),
      });
    });
  });

  describe('the configuration', () => {
    const isConfigured = true;

    test('acceptance 9: is reported if FDD cannot read it', () => {
      const deployment = aDeployment({ ...ours, mountsConfig: false });

      expect(verdict({ deployment }, {}, { isConfigured })).toEqual({
        state: 'verified',
        unconfigured: [
          'its Deployment does not mount ConfigMap fiaas-deploy-daemon at /var/run/config/fiaas/',
        ],
      });
      expect(verdict({ deployment })).toEqual({ state: 'verified', unconfigured: [] });
    });

    test('is not reported if FDD reads it, whatever the variables of its Deployment', () => {
      const deployment = aDeployment({ ...ours, mountsConfig: true, environment: { LOG_FORMAT: 'plain' } });

      expect(verdict({ deployment }, {}, { isConfigured })).toEqual({ state: 'verified', unconfigured: [] });
    });
  });

  test('walks through upstream-behaviour’s update with its double restart, and verifies only at the end', () => {
    const old = aDeployment({ resourceVersion: '90' });
    const status = (resourceVersion: string, result: 'INITIATED' | 'RUNNING' | 'SUCCESS') => ({
      statuses: [aStatus({ ...ours, resourceVersion, result })],
    });
    const written = { ...ours, generation: 2, resourceVersion: '103' };
    const again = { ...ours, generation: 3, resourceVersion: '110' };
    const course: [Partial<NamespaceSnapshot>, string][] = [
      [{ statuses: [], deployment: old }, '100'],
      [{ ...status('101', 'INITIATED'), deployment: old }, '101'],
      [
        { ...status('102', 'RUNNING'), deployment: aDeployment({ ...written, observedGeneration: 1 }) },
        '103',
      ],
      [{ ...status('102', 'RUNNING'), deployment: aDeployment(written) }, '106'],
      [{ ...status('108', 'RUNNING'), deployment: aDeployment(written) }, '108'],
      [{ ...status('108', 'RUNNING'), deployment: aDeployment({ ...again, observedGeneration: 2 }) }, '110'],
      // SUCCESS is seen while the watch of Deployments is still before the second write.
      [{ ...status('111', 'SUCCESS'), deployment: aDeployment(written) }, '108'],
      [{ ...status('111', 'SUCCESS'), deployment: aDeployment({ ...again, observedGeneration: 2 }) }, '111'],
      [
        {
          ...status('111', 'SUCCESS'),
          deployment: aDeployment({ ...again, observedGeneration: 3, availableReplicas: undefined }),
        },
        '113',
      ],
      [{ ...status('111', 'SUCCESS'), deployment: aDeployment({ ...again, observedGeneration: 3 }) }, '115'],
    ];

    const states = course.map(
      ([snapshot, deploymentsPosition]) => verdict(snapshot, { deploymentsPosition }).state,
    );

    expect(states).toEqual([...Array(course.length - 1).fill('waiting'), 'verified']);
  });
});

function deploymentWith(conditions: readonly Condition[]) {
  return { deployment: aDeployment({ ...ours, availableReplicas: undefined, conditions }) };
}

describe('explainTimeout', () => {
  test('shows FDD’s report, and why Deployment, pods and bootstrap pod are not ready', () => {
    const { details } = explainTimeout(
      anExpectation(),
      anEvidence({
        ...RUNNING,
        deployment: aDeployment({
          ...ours,
          availableReplicas: undefined,
          conditions: [
            {
              type: 'Progressing',
              status: 'False',
              reason: 'ProgressDeadlineExceeded',
              message: 'timed out',
            },
            { type: 'Available', status: 'True', reason: 'x', message: undefined },
            { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' },
          ],
        }),
        pods: [
          aPod({ ready: false, restarts: 4, waiting: { reason: 'CrashLoopBackOff', message: undefined } }),
        ],
        bootstrapPod: aBootstrapPod({ ready: false, unscheduled: '0/3 nodes are available' }),
      }),
      'FDD reported RUNNING',
    );

    expect(details).toEqual([
      'FDD reported RUNNING for this deployment',
      'Deployment: 0 of 1 available, 1 updated, generation 2, observed 2',
      'Deployment Progressing=False: ProgressDeadlineExceeded: timed out',
      'Deployment ReplicaFailure=True: FailedCreate: quota',
      'pod fiaas-deploy-daemon-5d4f9c: CrashLoopBackOff, restarted 4 times',
      'bootstrap pod: not scheduled: 0/3 nodes are available',
      'no FDD is running to pick up the deployment: force a bootstrap',
    ]);
  });

  test('shows that FDD has not reported', () => {
    const { details } = explainTimeout(
      anExpectation(),
      anEvidence({ statuses: [], deployment: undefined }),
      '',
    );

    expect(details).toEqual([
      'FDD reported nothing for this deployment',
      'there is no Deployment fiaas-deploy-daemon',
    ]);
  });

  const crashing = aPod({ ready: false, waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } });
  const pending = aBootstrapPod({ phase: 'Pending', ready: false, unscheduled: 'no node' });
  const quota = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: 'exceeded quota: q',
  };
  const unavailable = { type: 'Available', status: 'False', reason: 'Minimum', message: undefined };

  test.each<[string, Partial<NamespaceSnapshot>, string]>([
    ['nothing else is wrong', {}, 'what it waited for'],
    ['only a condition shows that FDD is down', deploymentWith([unavailable]), 'what it waited for'],
    ['a pod crashes', { pods: [crashing] }, 'pod: CrashLoopBackOff: back-off 5m0s'],
    ['the bootstrap pod is not scheduled', { bootstrapPod: pending }, 'pod: not scheduled: no node'],
    [
      'the bootstrap pod has ended',
      { bootstrapPod: ended(0), pods: [crashing] },
      'pod: CrashLoopBackOff: back-off 5m0s',
    ],
    [
      'pods cannot be created',
      { ...deploymentWith([unavailable, quota]), pods: [crashing] },
      'Deployment ReplicaFailure=True: FailedCreate: exceeded quota: q',
    ],
  ])('names the worst symptom if %s', (_what, snapshot, cause) => {
    const evidence = anEvidence({ ...RUNNING, ...snapshot });

    expect(explainTimeout(anExpectation(), evidence, 'what it waited for')).toMatchObject({
      state: 'failed',
      code: 'progress_deadline',
      reason: `not verified by the deadline: ${cause}`,
    });
  });

  test('keeps all symptoms as data, worst first', () => {
    const snapshot = { ...RUNNING, ...deploymentWith([unavailable, quota]), pods: [crashing] };

    const { symptoms } = explainTimeout(anExpectation(), anEvidence(snapshot), '');

    expect(symptoms).toMatchObject([
      { kind: 'condition', type: 'ReplicaFailure', refusal: { by: 'quota', quota: 'q' } },
      { kind: 'pod', reason: 'CrashLoopBackOff' },
      { kind: 'condition', type: 'Available' },
      { kind: 'replicas', available: 0 },
    ]);
  });
});

describe('a release that leaves no FDD alive', () => {
  const pods = [
    aPod({
      ...ours,
      ready: false,
      restarts: 3,
      waiting: { reason: 'CrashLoopBackOff', message: 'back-off' },
    }),
  ];
  const dead = { deployment: aDeployment({ ...ours, availableReplicas: undefined }), pods };

  test('fails as soon as that is certain, with the cause', () => {
    const failure = verdict(dead, { deadEndForMs: 2_000 });

    expect(failure).toMatchObject({
      state: 'failed',
      code: 'fdd_cannot_run',
      reason: 'no FDD can run: pod: CrashLoopBackOff: back-off, restarted 3 times',
      symptoms: expect.arrayContaining([expect.objectContaining({ reason: 'CrashLoopBackOff' })]),
    });
  });

  test('is waited for before that', () => {
    expect(verdict(dead, { deadEndForMs: 1_999 }).state).toBe('waiting');
    expect(verdict(dead).state).toBe('waiting');
  });

  test('that FDD itself reported FAILED fails with the reason of FDD', () => {
    const statuses = [aStatus({ ...ours, result: 'FAILED' })];

    expect(verdict({ ...dead, statuses }, { deadEndForMs: 2_000 })).toMatchObject({ code: 'fdd_failed' });
  });

  test('names the FDD that is lost', () => {
    const deployment = aDeployment({ availableReplicas: undefined });

    expect(verdict({ deployment, pods, ...RUNNING }, { deadEndForMs: 2_000 })).toMatchObject({
      code: 'fdd_lost',
      reason: expect.stringContaining(
        'no FDD is left that could take the deployment up: pod: CrashLoopBackOff',
      ),
    });
  });
});
