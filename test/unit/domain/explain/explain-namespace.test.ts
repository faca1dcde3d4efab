import { describe, expect, test } from '@jest/globals';
import { parseRefusal } from '../../../../domain/cluster/parse-refusal.ts';
import { describeSymptom, symptomsOf } from '../../../../domain/cluster/symptoms.ts';
import { ERROR_CODES, type ErrorCode } from '../../../../domain/errors.ts';
import { explainNamespace, type WhyInput } from '../../../../domain/explain/explain-namespace.ts';
import { versionOf } from '../../../../domain/release/image.ts';
import { invalid, ok } from '../../../../domain/release/result.ts';
import {
  aBootstrapPod,
  aConfig,
  aDeployment,
  anApplication,
  aPod,
  aSettledSnapshot,
  aSnapshot,
  aStatus,
  FOREIGN_ID,
  OLD_IMAGE,
  VERSION,
} from '../../../support/builders.ts';
import {
  aBootstrap,
  aFailedAttempt,
  anAttempt,
  aRow,
  STARTED_AT,
} from '../../../support/details-builders.ts';

function explain(overrides: Partial<WhyInput>) {
  return explainNamespace({
    row: aRow(),
    snapshot: aSettledSnapshot(),
    attempts: [],
    bootstrap: undefined,
    channelProblem: undefined,
    ...overrides,
  });
}

/** A namespace whose latest deploy failed with a code and a message. */
function explainFailure(code: string, message: string, overrides: Partial<WhyInput> = {}) {
  return explain({
    row: aRow({ health: 'degraded', state: 'failed', code, cause: message }),
    attempts: [aFailedAttempt(code, { reason: message })],
    ...overrides,
  });
}

/** An attempt that the API server refused with this message. */
function recorded(code: string, reason: string): Partial<WhyInput> {
  const refusal = parseRefusal(reason);
  const symptoms = refusal ? [{ kind: 'refusal', refusal } as const] : [];
  return { attempts: [aFailedAttempt(code, { reason, symptoms })] };
}

test('an FDD that came up after its deploy had failed is explained by what is true now', () => {
  const { headline, remedy } = explainFailure('fdd_cannot_run', 'not verified since: ImagePullBackOff', {
    row: aRow({
      health: 'unknown',
      state: 'failed',
      code: 'fdd_cannot_run',
      cause: 'not verified since: ImagePullBackOff',
    }),
  });

  expect(headline).toBe(
    `FDD is available and runs ${VERSION}, but this is not verified: its last deploy failed before FDD was up.`,
  );
  expect(remedy).toEqual([expect.stringContaining('Verify it: skipper deploy team-a.')]);
});

describe('a failed deploy', () => {
  test.each(Object.keys(ERROR_CODES) as ErrorCode[])(
    '%s is explained, with the unchanged message',
    (code) => {
      const why = explainFailure(code, 'the exact message');

      expect(why.code).toBe(code);
      expect(why.health).toBe('degraded');
      expect(why.headline).toMatch(/^[A-Z].{15,}\.$/);
      expect(why.because[0]).toBe('the exact message');
      const needsNobody = ['superseded_worker', 'shutting_down'].includes(code);
      expect(why.remedy.length > 0).toBe(!needsNobody);
    },
  );

  test('has advice even if its code is unknown', () => {
    expect(explainFailure('from_the_future', 'whatever')).toMatchObject({
      code: 'from_the_future',
      because: ['whatever'],
      remedy: [expect.stringContaining('log')],
    });
  });

  test('names the verb, the resource and the account if a permission is missing', () => {
    const message =
      '403 applications.fiaas.schibsted.io "fiaas-deploy-daemon" is forbidden: User "system:serviceaccount:s:w" cannot patch resource "applications" in API group "fiaas.schibsted.io" in the namespace "team-a" (PATCH /apis/…)';

    expect(explainFailure('forbidden', message, recorded('forbidden', message)).remedy[0]).toBe(
      'Grant system:serviceaccount:s:w the verb patch on applications.fiaas.schibsted.io in team-a.',
    );
  });

  test('names a permission that is missing in the whole cluster', () => {
    const message =
      'Skipper cannot watch pods any more: 403 pods is forbidden: User "w" cannot watch resource "pods" in API group "" at the cluster scope (GET /api/v1/pods)';

    expect(explainFailure('forbidden', message, recorded('forbidden', message)).remedy[0]).toBe(
      'Grant w the verb watch on pods in all namespaces, with a ClusterRole.',
    );
  });

  test('names the exceeded quota', () => {
    const message =
      '403 pods "x" is forbidden: exceeded quota: few-pods, requested: pods=1, used: pods=1, limited: pods=1 (POST /api/v1/…)';

    const why = explainFailure('quota_exceeded', message, recorded('quota_exceeded', message));

    expect(why.remedy[0]).toContain('ResourceQuota few-pods');
  });

  test('that reached the deadline is explained by why its pods wait', () => {
    const pod = aPod({ ready: false, waiting: { reason: 'ImagePullBackOff', message: 'manifest unknown' } });

    const why = explainFailure('progress_deadline', 'not verified by the deadline', {
      snapshot: aSettledSnapshot({ pods: [pod] }),
    });

    expect(why.headline).toBe(`The image of FDD ${VERSION} cannot be pulled.`);
    expect(why.because.join('\n')).toContain('ImagePullBackOff: manifest unknown');
    expect(why.remedy.join('\n')).toContain('data.tag');
  });

  test('of a bootstrap is explained by the stored record of its pod', () => {
    const why = explainFailure('bootstrap_failed', 'the bootstrap pod failed (exit code 1)', {
      snapshot: aSnapshot(),
      bootstrap: aBootstrap({
        exitCode: 1,
        reason: 'Error',
        log: 'one\nForbidden: cannot list applications',
        events: ['Warning BackOff: something is wrong'],
      }),
    });

    expect(why.because).toEqual([
      'the bootstrap pod failed (exit code 1)',
      'bootstrap pod ended with exit code 1 (Error)',
      'bootstrap pod event: Warning BackOff: something is wrong',
      'bootstrap log: one',
      'bootstrap log: Forbidden: cannot list applications',
    ]);
  });

  test('is explained by what its attempt recorded, if the cluster no longer shows it', () => {
    const pod = {
      kind: 'pod',
      pod: 'fiaas-deploy-daemon-bootstrap',
      isBootstrap: true,
      restarts: 0,
    } as const;
    const waiting = { ...pod, state: 'waiting', reason: 'ImagePullBackOff', message: 'no such tag' } as const;
    const numbers = [
      'FDD reported nothing for this deployment',
      'there is no Deployment fiaas-deploy-daemon',
    ];

    const why = explainFailure('progress_deadline', 'not verified by the deadline', {
      snapshot: aSnapshot(),
      attempts: [aFailedAttempt('progress_deadline', { details: numbers, symptoms: [waiting] })],
    });

    expect(why.headline).toBe(`The image of FDD ${VERSION} cannot be pulled.`);
    expect(why.because).toEqual([
      'not verified by the deadline',
      'bootstrap pod: ImagePullBackOff: no such tag',
      ...numbers,
    ]);
  });

  test('of an older Skipper, which recorded no symptoms, is explained by its code', () => {
    const details = ['pod fiaas-deploy-daemon-5d4f9c: ImagePullBackOff: no such tag'];

    const why = explainFailure('progress_deadline', 'not verified by the deadline', {
      attempts: [aFailedAttempt('progress_deadline', { details })],
    });

    expect(why.headline).toBe('FDD did not become ready with this deployment before the deadline.');
    expect(why.because).toEqual(['not verified by the deadline', ...details]);
  });

  test('of a bootstrap pod that needs more memory is explained', () => {
    const why = explainFailure('bootstrap_failed', 'the bootstrap pod failed (exit code 137)', {
      snapshot: aSnapshot(),
      bootstrap: aBootstrap({ exitCode: 137, reason: 'OOMKilled' }),
    });

    expect(why.headline).toBe(`FDD ${VERSION} is OOM-killed: it needs more memory than its limit allows.`);
  });

  test('is not explained by an old bootstrap', () => {
    const why = explainFailure('fdd_failed', 'FDD reported FAILED', {
      bootstrap: aBootstrap({ exitCode: 1, collectedAt: STARTED_AT - 60_000 }),
    });

    expect(why.because.join()).not.toContain('bootstrap');
  });

  test('reported by FDD is explained, even if FDD lacks a permission', () => {
    const logs = ['[ERROR] 403 poddisruptionbudgets.policy "x" is forbidden'];
    const failed = aSettledSnapshot({ statuses: [aStatus({ result: 'FAILED', logs })] });

    const why = explainFailure('fdd_failed', 'FDD reported FAILED', { snapshot: failed });

    expect(why.headline).toContain('lacks a permission');
    expect(why.because).toContain(logs[0]);
    expect(why.remedy[0]).toContain('--manage-rbac');
  });

  test('counts restarts once: as the cluster shows them now, not also as they were recorded', () => {
    const crashing = (restarts: number) =>
      aPod({ ready: false, restarts, waiting: { reason: 'CrashLoopBackOff' } });
    const [then] = symptomsOf(aSettledSnapshot({ pods: [crashing(4)] }));
    const symptoms = then ? [then] : [];

    const why = explainFailure('fdd_cannot_run', 'no FDD can run', {
      snapshot: aSettledSnapshot({ pods: [crashing(13)] }),
      attempts: [
        aFailedAttempt('fdd_cannot_run', {
          reason: 'no FDD can run',
          symptoms,
          details: [...symptoms.map(describeSymptom), 'FDD reported SUCCESS for this deployment'],
        }),
      ],
    });

    expect(why.because).toEqual([
      'no FDD can run',
      expect.stringContaining('restarted 13 times'),
      'FDD reported SUCCESS for this deployment',
    ]);
  });

  test("shows a line once that is in FDD's report and in the bootstrap's log", () => {
    const line = '[ERROR] 403 poddisruptionbudgets.policy "x" is forbidden';

    const why = explainFailure('fdd_failed', 'FDD reported FAILED', {
      attempts: [aFailedAttempt('fdd_failed', { details: [line, `bootstrap log: ${line}`] })],
    });

    expect(why.because).toEqual(['FDD reported FAILED', line]);
  });

  test('has limited evidence, each line once', () => {
    const details = Array.from({ length: 50 }, (_, index) => `line ${index % 25}`);

    const why = explainFailure('fdd_failed', 'line 0', {
      attempts: [aFailedAttempt('fdd_failed', { details })],
    });

    expect(why.because.length).toBeLessThanOrEqual(8);
    expect(new Set(why.because).size).toBe(why.because.length);
  });
});

describe('a namespace that Skipper does not deploy', () => {
  test('names the invalid key of the ConfigMap', () => {
    const reason = 'ConfigMap team-a/fiaas-deploy-daemon: data.tag "a b" is not a valid channel name';

    const why = explain({
      row: aRow({ status: 'CONFIG_ERROR', health: 'degraded', cause: reason }),
      snapshot: aSnapshot({ config: { ...invalid(reason), key: 'data.tag' } }),
    });

    expect(why).toMatchObject({ code: 'config_error', because: [reason] });
    expect(why.remedy[0]).toContain('Correct data.tag: kubectl -n team-a edit configmap');
  });

  test('names the Helm release that owns it', () => {
    const why = explain({
      row: aRow({ status: 'HELM_MANAGED', health: 'unmanaged' }),
      snapshot: aSettledSnapshot({ deployment: aDeployment({ helmRelease: 'my-fdd' }) }),
    });

    expect(why).toMatchObject({ code: 'helm_managed', health: 'unmanaged' });
    expect(why.remedy.join('\n')).toContain('helm -n team-a upgrade my-fdd');
    expect(why.remedy[1]).toBe('To hand it over to Skipper: skipper deploy team-a --force-bootstrap');
  });
});

describe('a namespace that is being deployed', () => {
  test('shows that it waits for a worker', () => {
    const why = explain({ row: aRow({ health: 'progressing', activity: 'queued', state: 'pending' }) });

    expect(why).toMatchObject({ headline: 'Waiting for a free worker.', remedy: [] });
  });

  test.each(['no_worker', 'deploys_paused', 'workers_resting'] as const)(
    'does not wait for a free worker if nothing is deployed: %s',
    (code) => {
      const row = aRow({ health: 'progressing', activity: 'queued', state: 'pending' });
      const off = { code: 'auto_update_off', message: 'Auto-update is off.', remedy: '-' } as const;
      const notices = [off, { code, message: 'Nothing is deployed.', remedy: 'Change that.' }];

      expect(explain({ row, notices })).toMatchObject({
        headline: 'Nothing is deployed.',
        remedy: ['Change that.'],
      });
      expect(explain({ row, notices: [off] })).toMatchObject({ headline: 'Waiting for a free worker.' });
    },
  );

  test.each([
    ['waiting for FDD', /^Attempt 1.*: waiting for FDD\. No worker is alive\.$/],
    ['retrying', /^Attempt 1 failed and will be retried automatically\. .* No worker is alive\.$/],
  ] as const)('shows that nobody follows it: %s', (activity, headline) => {
    const cause = activity === 'retrying' ? 'it failed' : '';
    const row = aRow({ health: 'progressing', activity, state: 'running', attempt: 1, cause });
    const notices = [{ code: 'no_worker', message: 'No worker is alive.', remedy: 'Start one.' } as const];
    const why = explain({ row, notices });

    expect(why.headline).toMatch(headline);
    expect(why.remedy[0]).toBe('Start one.');
  });

  test('shows the current step, and what already blocks it', () => {
    const bootstrapPod = aBootstrapPod({
      ready: false,
      phase: 'Pending',
      waiting: { reason: 'ErrImagePull', message: 'no such tag' },
    });

    const why = explain({
      row: aRow({
        health: 'progressing',
        activity: 'bootstrapping',
        attempt: 2,
        detail: 'FDD has not reported',
      }),
      snapshot: aSnapshot({ bootstrapPod }),
    });

    expect(why.headline).toMatch(/^Attempt 2 .*bootstrapping\. The image of FDD .* cannot be pulled\.$/);
    expect(why.because).toEqual(['FDD has not reported', 'bootstrap pod: ErrImagePull: no such tag']);
  });

  test('shows why the last attempt failed while it waits for the next one', () => {
    const why = explain({
      row: aRow({ health: 'progressing', activity: 'retrying', attempt: 1 }),
      attempts: [aFailedAttempt('cluster_unavailable', { end: 'retrying', reason: 'PATCH …: 500 boom' })],
    });

    expect(why.headline).toBe(
      'Attempt 1 failed and will be retried automatically. The Kubernetes API server is unreachable or returns errors.',
    );
    expect(why).toMatchObject({ code: 'cluster_unavailable', because: ['PATCH …: 500 boom'] });
  });
});

describe('an attempt after one that failed', () => {
  test('shows the previous failure, its cause, and advice', () => {
    const failed = {
      activity: 'applying',
      attempt: 2,
      cause: 'PATCH …: 500 boom',
      code: 'cluster_unavailable',
    } as const;

    const why = explain({ row: aRow({ health: 'progressing', ...failed }) });

    expect(why.headline).toMatch(
      /^Attempt 2 .*: applying\. The previous attempt failed\. The Kubernetes API server is unreachable or returns errors\.$/,
    );
    expect(why).toMatchObject({ code: 'cluster_unavailable', because: ['PATCH …: 500 boom'] });
    expect(why.remedy).not.toEqual([]);
  });
});

describe('a namespace at rest', () => {
  test('whose Deployment has gone needs a deploy, and has no pods to check', () => {
    const why = explain({
      row: aRow({ status: 'NOT_FOUND', health: 'degraded', version: '' }),
      snapshot: aSnapshot(),
    });

    expect(why).toMatchObject({
      headline: 'FDD was deployed here, but its Deployment no longer exists.',
      remedy: ['Deploy: a bootstrap pod starts FDD again.'],
    });
  });

  test('whose Application was overwritten does not claim that it should run what it runs', () => {
    const application = anApplication({ image: OLD_IMAGE });
    const why = explain({
      row: aRow({
        status: 'VERSION_MISMATCH',
        health: 'outdated',
        version: VERSION,
        running: VERSION,
        wanted: VERSION,
      }),
      snapshot: aSettledSnapshot({ application }),
    });

    expect(why.headline).toBe(`FDD runs ${VERSION}, not the version in its Application.`);
  });

  test('that is healthy shows this, and its latest deploy', () => {
    const why = explain({ attempts: [anAttempt({ details: ['a warning'] })] });

    expect(why.headline).toBe(`FDD is available and runs ${VERSION}, the release of channel "stable".`);
    expect(why.because).toEqual(['latest deploy: updated (plan: image is another)', 'a warning']);
    expect(why.remedy).toEqual([]);
  });

  test('shows the warnings of its configuration, whatever its state', () => {
    const config = ok(aConfig({ warnings: ['"a" more than once'] }));
    const details = Array.from({ length: 20 }, (_, index) => `line ${index}`);

    const fine = explain({ snapshot: aSettledSnapshot({ config }) });
    const long = explain({ snapshot: aSettledSnapshot({ config }), attempts: [anAttempt({ details })] });

    expect(fine.because.at(-1)).toBe('"a" more than once');
    expect(long.because.at(-1)).toBe('"a" more than once');
  });

  test('that was never deployed shows that a deploy bootstraps', () => {
    const why = explain({
      row: aRow({ status: 'NOT_FOUND', health: 'outdated', version: '', cause: 'there is no Deployment' }),
      snapshot: aSnapshot(),
    });

    expect(why.headline).toBe('FDD is not deployed here.');
    expect(why.remedy[0]).toContain('bootstrap');
  });

  test('that is outdated shows its version and the wanted one', () => {
    const why = explain({
      row: aRow({ status: 'VERSION_MISMATCH', health: 'outdated', version: '1.0', wanted: '2.0' }),
      snapshot: aSettledSnapshot({ application: anApplication({ image: OLD_IMAGE }) }),
    });

    expect(why.headline).toBe('FDD runs 1.0, not 2.0.');
  });

  test('whose channel does not exist shows this', () => {
    const why = explain({
      row: aRow({ health: 'outdated', wanted: '', channel: 'nowhere', code: 'release_unknown' }),
      channelProblem: 'release channel "nowhere" does not exist',
    });

    expect(why).toMatchObject({
      code: 'release_unknown',
      headline: 'Release "nowhere" does not exist.',
      because: ['release channel "nowhere" does not exist'],
    });
  });

  test('whose FDD broke later is explained by its pods', () => {
    const pod = aPod({
      ready: false,
      restarts: 4,
      waiting: { reason: 'CrashLoopBackOff', message: undefined },
    });

    const why = explain({
      row: aRow({
        status: 'UNAVAILABLE',
        health: 'degraded',
        cause: 'No replica of FDD is available',
        state: 'completed',
      }),
      snapshot: aSettledSnapshot({ deployment: aDeployment({ availableReplicas: undefined }), pods: [pod] }),
      attempts: [anAttempt()],
    });

    expect(why.headline).toBe(`FDD ${VERSION} is crash-looping.`);
    expect(why.because[0]).toBe('No replica of FDD is available');
    expect(why.because.join('\n')).toContain('CrashLoopBackOff, restarted 4 times');
    expect(why.remedy.at(-1)).toBe('Then bootstrap FDD again: skipper deploy team-a --force-bootstrap');
    expect(why.offer).toBe('bootstrap');
  });

  test('that crash-loops with a new release names the rollback of its rollout', () => {
    const waiting = { reason: 'CrashLoopBackOff', message: undefined };
    const why = explainFailure('fdd_cannot_run', 'no FDD can run', {
      row: aRow({ health: 'degraded', state: 'failed', code: 'fdd_cannot_run', rollout: 'R1' }),
      snapshot: aSettledSnapshot({ pods: [aPod({ ready: false, waiting })] }),
    });

    expect(why.remedy.at(-1)).toBe(
      'Or return all that the release has reached to the one before: skipper rollback R1',
    );
  });

  test('that crash-loops after a repair does not name the rollback of that: it has changed no release', () => {
    const waiting = { reason: 'CrashLoopBackOff', message: undefined };
    const why = explain({
      row: aRow({ health: 'degraded', state: 'failed', code: 'fdd_cannot_run', rollout: 'R1' }),
      snapshot: aSettledSnapshot({ pods: [aPod({ ready: false, waiting })] }),
      attempts: [anAttempt({ end: 'failed', rolloutId: 'R1', trigger: 'heal' })],
    });

    expect(why.headline).toBe(`FDD ${VERSION} is crash-looping.`);
    expect(why.remedy.join()).not.toContain('rollback');
  });

  test('that waits for a paused rollout says who decides, and where', () => {
    const { remedy } = explain({
      row: aRow({ health: 'outdated', version: versionOf(OLD_IMAGE) }),
      holds: [{ kind: 'paused', text: 'rollout R1 is paused by jo: lunch', rolloutId: 'R1' }],
    });

    expect(remedy).toEqual([
      'Decide what happens to rollout R1: its page shows what you can do, as does skipper rollout show R1',
      'To deploy it anyway: skipper deploy team-a',
    ]);
  });

  test('that waits for its wave needs nobody', () => {
    const { remedy } = explain({
      row: aRow({ health: 'outdated', version: versionOf(OLD_IMAGE) }),
      holds: [{ kind: 'wave', text: 'rollout R1 holds it back in wave 2 of 3', rolloutId: 'R1' }],
    });

    expect(remedy).toEqual([
      'Nothing: it is deployed automatically. To deploy it now: skipper deploy team-a',
    ]);
  });

  const OLD_VERSION = versionOf(OLD_IMAGE);
  const waits = (reason: string) => ({ phase: 'Pending', ready: false, waiting: { reason } });
  const oomKilled = { ready: false, waiting: { reason: 'CrashLoopBackOff' }, lastReason: 'OOMKilled' };

  test.each([
    ['ImagePullBackOff', waits('ImagePullBackOff'), `The image of FDD ${OLD_VERSION} cannot be pulled.`],
    ['CrashLoopBackOff', waits('CrashLoopBackOff'), `FDD ${OLD_VERSION} is crash-looping.`],
    [
      'OOMKilled between two restarts',
      oomKilled,
      `FDD ${OLD_VERSION} is OOM-killed: it needs more memory than its limit allows.`,
    ],
  ])(
    'of %s names the version that fails, not the wanted one, and offers the bootstrap',
    (_what, state, headline) => {
      const row = aRow({ status: 'UNAVAILABLE', health: 'degraded', state: 'completed', wanted: VERSION });
      const pods = [aPod({ ...state, image: OLD_IMAGE })];
      const snapshot = aSettledSnapshot({ deployment: aDeployment({ availableReplicas: undefined }), pods });

      const why = explain({ row, snapshot });

      expect(why.headline).toBe(headline);
      expect(why.remedy.at(-1)).toBe('Then bootstrap FDD again: skipper deploy team-a --force-bootstrap');
      expect(why.offer).toBe('bootstrap');
      const attempts = [aFailedAttempt('fdd_cannot_run', { end: 'retrying' })];
      const retrying = explain({ row: { ...row, activity: 'retrying' }, snapshot, attempts });
      expect(retrying.remedy.at(-1)).toContain('--force-bootstrap');
      expect(retrying.offer).toBeUndefined();
    },
  );

  test('while an old FDD still runs, a deploy is enough', () => {
    const row = aRow({ health: 'degraded', state: 'failed', code: 'progress_deadline', cause: 'late' });
    const pods = [aPod({ image: OLD_IMAGE }), aPod(waits('ImagePullBackOff'))];

    const why = explain({ row, snapshot: aSettledSnapshot({ pods }) });

    expect(why.remedy.at(-1)).toBe('Then deploy again.');
    expect(why.offer).toBeUndefined();
  });

  test('quotes FDD if its report on the current deployment is FAILED', () => {
    const statuses = [aStatus({ deploymentId: FOREIGN_ID, result: 'FAILED', logs: ['one', 'two'] })];

    const why = explain({
      row: aRow({ status: 'FAILED', health: 'degraded', cause: '0 of 1 replicas are available' }),
      snapshot: aSettledSnapshot({ statuses }),
    });

    expect(why.because).toEqual(['0 of 1 replicas are available', 'one', 'two']);
  });
});
