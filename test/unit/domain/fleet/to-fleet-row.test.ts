import { describe, expect, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import type { FleetRow } from '../../../../domain/fleet/fleet-row.ts';
import type { SeenChannel } from '../../../../domain/fleet/summarise-fleet.ts';
import { type ShownRecord, toFleetRow } from '../../../../domain/fleet/to-fleet-row.ts';
import { invalid, ok } from '../../../../domain/release/result.ts';
import type { Phase } from '../../../../domain/rollout/phase.ts';
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
  IMAGE,
  OLD_IMAGE,
  VERSION,
} from '../../../support/builders.ts';

const OLD = '20190215094822-2ace0ea';

function aRecord(overrides: Partial<ShownRecord> = {}): ShownRecord {
  return {
    generation: 1,
    handled: 1,
    state: 'completed',
    phase: 'done',
    reason: '',
    attempt: 1,
    lastFailure: '',
    trigger: 'api',
    rolloutId: 'r1',
    jobId: 'team-a.1',
    changedAt: 1_000,
    ...overrides,
  };
}

function running(overrides: Partial<ShownRecord> = {}): ShownRecord {
  return aRecord({ handled: 0, state: 'running', phase: 'applying', ...overrides });
}

const QUARANTINE = { reason: 'no means is possible here', evidence: 'deaf for 10 min' };

describe('a namespace in quarantine', () => {
  const snapshot = aSettledSnapshot();
  const input = { snapshot, requested: undefined, seen: { version: VERSION }, quarantine: QUARANTINE };
  const cause = 'In quarantine: deaf for 10 min: no means is possible here';

  test('is degraded and says why, also if FDD looks healthy', () => {
    expect(toFleetRow({ ...input, record: aRecord() })).toMatchObject({ health: 'degraded', cause });
    expect(toFleetRow({ ...input, record: aRecord({ state: 'failed', reason: 'no' }) })).toMatchObject({
      cause,
    });
  });

  test('shows a request that is under way instead', () => {
    expect(toFleetRow({ ...input, record: running() })).toMatchObject({ health: 'progressing', cause: '' });
  });
});

describe('an FDD that came up after its deploy had failed', () => {
  const failed = aRecord({
    state: 'failed',
    reason: 'no FDD can run: ImagePullBackOff',
    lastCode: 'fdd_cannot_run',
  });

  test('is not verified, and says that the failure is of the past', () => {
    expect(row(aSettledSnapshot(), failed)).toMatchObject({
      health: 'unknown',
      cause:
        'FDD is available with the wanted version, but not verified since its last deploy failed with: no FDD can run: ImagePullBackOff',
    });
  });

  test.each<[string, NamespaceSnapshot, ShownRecord?]>([
    ['is not available', aSettledSnapshot({ deployment: aDeployment({ availableReplicas: undefined }) })],
    [
      'has another id than its Application',
      aSettledSnapshot({ deployment: aDeployment({ deploymentId: 'other' }) }),
    ],
    [
      'runs another version',
      aSettledSnapshot({
        application: anApplication({ image: OLD_IMAGE }),
        deployment: aDeployment({ image: OLD_IMAGE }),
      }),
    ],
    ['has reported FAILED', aSettledSnapshot({ statuses: [aStatus({ result: 'FAILED' })] })],
    ['failed for another reason', aSettledSnapshot(), { ...failed, lastCode: 'forbidden' }],
  ])('stays degraded if it %s', (_what, snapshot, record = failed) => {
    expect(row(snapshot, record)).toMatchObject({ health: 'degraded' });
  });
});

describe('a health rule that holds', () => {
  const finding = { rule: 'deaf', evidence: 'no ApplicationStatus within 300 s', since: 5 } as const;
  const holds = (snapshot: NamespaceSnapshot, record = aRecord()) =>
    toFleetRow({ snapshot, record, requested: undefined, seen: { version: VERSION }, finding });
  const degraded = {
    health: 'degraded',
    cause: 'deaf: no ApplicationStatus within 300 s',
    rule: 'deaf',
    since: 5,
  };

  test('makes degraded what looks healthy, outdated or unknown', () => {
    const unread = { snapshot: aSettledSnapshot(), record: aRecord(), requested: undefined, seen: undefined };

    expect(holds(aSettledSnapshot())).toMatchObject(degraded);
    expect(holds(aSettledSnapshot({ deployment: aDeployment({ image: OLD_IMAGE }) }))).toMatchObject(
      degraded,
    );
    expect(toFleetRow({ ...unread, finding })).toMatchObject(degraded);
  });

  test('adds nothing to what is degraded anyway, and nothing during a request', () => {
    const down = aSettledSnapshot({ deployment: aDeployment({ availableReplicas: undefined }) });
    const inFlux = { health: 'progressing', cause: '', rule: undefined };

    expect(holds(down)).toMatchObject({
      health: 'degraded',
      cause: 'No replica of FDD is available',
      rule: undefined,
    });
    expect(holds(aSettledSnapshot(), aRecord({ state: 'failed', reason: 'no' }))).toMatchObject({
      cause: 'no',
    });
    expect(holds(aSettledSnapshot(), running())).toMatchObject(inFlux);
  });
});

describe('a health rule that held, and is not judged now', () => {
  const input = {
    requested: undefined,
    seen: { version: VERSION },
    unjudged: { rule: 'deaf', why: 'no pass' },
  } as const;
  const doubted = (snapshot: NamespaceSnapshot, record = aRecord()) =>
    toFleetRow({ ...input, snapshot, record });
  const doubt = 'Unknown whether deaf still holds: no pass';

  test('makes unknown what looks healthy', () => {
    expect(doubted(aSettledSnapshot())).toMatchObject({
      health: 'unknown',
      cause: doubt,
      rule: 'deaf',
      since: undefined,
    });
  });

  test('is named beside what else is wrong', () => {
    const outdated = doubted(aSettledSnapshot({ deployment: aDeployment({ image: OLD_IMAGE }) }));
    const unread = toFleetRow({ ...input, snapshot: aSettledSnapshot(), record: aRecord(), seen: undefined });

    expect(outdated).toMatchObject({ health: 'outdated', rule: undefined });
    expect(outdated.cause).toMatch(/^Runs .*\. Unknown whether deaf still holds: no pass$/);
    expect(unread).toMatchObject({ health: 'unknown', rule: undefined });
    expect(unread.cause).toMatch(/channel.* Unknown whether deaf still holds: no pass$/);
  });

  test('adds nothing to a rule that holds, to what is degraded anyway, and to a request', () => {
    const finding = { rule: 'oom', evidence: 'killed', since: 5 } as const;
    const down = aSettledSnapshot({ deployment: aDeployment({ availableReplicas: undefined }) });

    expect(toFleetRow({ ...input, snapshot: aSettledSnapshot(), record: aRecord(), finding })).toMatchObject({
      health: 'degraded',
      cause: 'oom: killed',
      rule: 'oom',
    });
    expect(doubted(down)).toMatchObject({ health: 'degraded', cause: 'No replica of FDD is available' });
    expect(doubted(aSettledSnapshot(), running())).toMatchObject({ health: 'progressing', cause: '' });
  });
});

function row(
  snapshot: NamespaceSnapshot,
  record?: ShownRecord,
  versions: { requested?: string; released?: string } = {},
): FleetRow {
  const seen = { version: versions.released ?? VERSION };
  return toFleetRow({ snapshot, record, requested: versions.requested, seen });
}

const old = aDeployment({ image: OLD_IMAGE });
const failedRecord = aRecord({ state: 'failed', reason: 'pods is forbidden', lastCode: 'forbidden' });
const failedReport = aStatus({ result: 'FAILED', logs: ['[2026 ERROR] boom [x]'] });

describe('toFleetRow', () => {
  test('describes a namespace that runs the wanted version', () => {
    expect(row(aSettledSnapshot(), aRecord())).toEqual({
      namespace: 'team-a',
      status: 'OK',
      health: 'healthy',
      channel: 'stable',
      version: VERSION,
      running: VERSION,
      wanted: VERSION,
      activity: 'idle',
      detail: '',
      cause: '',
      causeGroup: '',
      code: undefined,
      state: 'completed',
      attempt: 1,
      retryAt: undefined,
      since: 1_000,
      rollout: 'r1',
      jobId: 'team-a.1',
    });
  });

  test('shows nothing of a former namespace with the same name', () => {
    const former = aRecord({ state: 'failed', reason: 'no', finishedAt: 1_000 });

    const created = aSnapshot({ config: ok(aConfig({ createdAt: 2_000 })) });

    expect(row(created, former)).toEqual(row(created));
    expect(row(created, former)).toMatchObject({ health: 'outdated', rollout: undefined });
  });

  test.each<[string, FleetRow['health'], NamespaceSnapshot, ShownRecord?]>([
    ['was never requested', 'healthy', aSettledSnapshot()],
    ['was requested and is done', 'healthy', aSettledSnapshot(), aRecord()],
    ['waits in the queue', 'progressing', aSettledSnapshot(), running({ state: 'pending', phase: 'queued' })],
    ['waits for its next attempt', 'degraded', aSettledSnapshot(), running({ phase: 'backoff' })],
    [
      'waits because the API server limits requests',
      'progressing',
      aSettledSnapshot(),
      running({ phase: 'backoff', lastCode: 'rate_limited' }),
    ],
    [
      'runs its next attempt',
      'degraded',
      aSettledSnapshot(),
      running({ attempt: 2, lastFailure: 'boom', lastCode: 'conflict' }),
    ],
    [
      'is retried after it failed',
      'degraded',
      aSettledSnapshot(),
      running({ phase: 'queued', trigger: 'retry', lastState: 'failed' }),
    ],
    [
      'gets a new release after it failed',
      'progressing',
      aSettledSnapshot(),
      running({ trigger: 'release', lastState: 'failed' }),
    ],
    [
      'still runs the old pod, whatever its Deployment names',
      'outdated',
      aSettledSnapshot({ pods: [aPod({ image: OLD_IMAGE }), aPod({ image: IMAGE, ready: false })] }),
      aRecord(),
    ],
    [
      'has a malformed ConfigMap, and is being deployed',
      'progressing',
      aSettledSnapshot({ config: invalid('no YAML') }),
      running(),
    ],
    [
      'is managed by Helm',
      'unmanaged',
      aSettledSnapshot({ deployment: aDeployment({ helmRelease: 'fdd' }) }),
    ],
    ['has a malformed ConfigMap', 'degraded', aSettledSnapshot({ config: invalid('no YAML') })],
    [
      'has no replica',
      'degraded',
      aSettledSnapshot({ deployment: aDeployment({ availableReplicas: undefined }) }),
    ],
    [
      'has too few replicas',
      'degraded',
      aSettledSnapshot({ deployment: aDeployment({ availableReplicas: 1, replicas: 2 }) }),
    ],
    ['failed to be deployed', 'degraded', aSettledSnapshot(), failedRecord],
    ['failed according to FDD', 'degraded', aSettledSnapshot({ statuses: [failedReport] })],
    ['was deployed, but no longer has an FDD', 'degraded', aSnapshot(), aRecord()],
    [
      'runs another version than its Application, without a replica',
      'degraded',
      aSettledSnapshot({ deployment: { ...old, availableReplicas: 0 } }),
    ],
    ['was never deployed', 'outdated', aSnapshot()],
    ['runs another version than its Application', 'outdated', aSettledSnapshot({ deployment: old })],
    [
      'runs the version of its Application, but not of its channel',
      'outdated',
      aSettledSnapshot({ deployment: old, application: anApplication({ image: OLD_IMAGE }) }),
    ],
  ])('a namespace that %s is %s', (_what, health, ...of) => {
    expect(row(...of).health).toBe(health);
  });

  test('is neither healthy nor outdated if its channel was never read', () => {
    const snapshot = aSettledSnapshot({ deployment: old, application: anApplication({ image: OLD_IMAGE }) });

    expect(
      toFleetRow({ snapshot, record: aRecord(), requested: '20190215094822-2ace0ea', seen: undefined }),
    ).toMatchObject({
      health: 'unknown',
      wanted: '',
      cause: 'Release channel "stable" has not been read yet',
      code: undefined,
    });
  });

  test('is degraded if its channel does not exist, and shows that instead of the previous request', () => {
    const seen = { version: '', code: 'release_unknown', problem: 'release channel "stable" does not exist' };

    expect(
      toFleetRow({ snapshot: aSettledSnapshot(), record: aRecord(), requested: VERSION, seen }),
    ).toMatchObject({ health: 'degraded', wanted: '', cause: seen.problem, code: 'release_unknown' });
  });

  test('is explained by missing replicas, even if its channel does not exist', () => {
    const snapshot = aSettledSnapshot({ deployment: aDeployment({ availableReplicas: undefined }) });
    const seen = { version: '', code: 'release_unknown', problem: 'release channel "stable" does not exist' };

    expect(toFleetRow({ snapshot, record: undefined, requested: undefined, seen })).toMatchObject({
      health: 'degraded',
      cause: 'No replica of FDD is available',
    });
  });

  test.each<[string, FleetRow['health'], SeenChannel, string]>([
    [
      'was never read',
      'unknown',
      { version: '', code: 'release_source_unavailable', problem: 'connect ECONNREFUSED' },
      'connect ECONNREFUSED',
    ],
    [
      'was read before',
      'healthy',
      { version: VERSION, code: 'release_source_unavailable', problem: 'connect ECONNREFUSED' },
      '',
    ],
    [
      'was at another version before',
      'outdated',
      { version: 'v9', code: 'release_source_unavailable', problem: 'connect ECONNREFUSED' },
      `Runs ${VERSION}, channel "stable" is at v9`,
    ],
  ])('a namespace whose channel cannot be read and %s is %s', (_what, health, seen, cause) => {
    expect(
      toFleetRow({ snapshot: aSettledSnapshot(), record: undefined, requested: undefined, seen }),
    ).toMatchObject({ health, cause });
  });

  test('shows the requested version as wanted during the request, then the version of the channel', () => {
    const versions = { requested: 'v1', released: 'v2' };

    expect(row(aSettledSnapshot(), running(), versions).wanted).toBe('v1');
    expect(row(aSettledSnapshot(), aRecord(), versions).wanted).toBe('v2');
    expect(row(aSettledSnapshot(), running(), { released: 'v2' }).wanted).toBe('v2');
    expect(
      toFleetRow({ snapshot: aSettledSnapshot(), record: running(), requested: 'v1', seen: undefined })
        .wanted,
    ).toBe('v1');
  });

  test.each<[FleetRow['activity'], Phase]>([
    ['planning', 'planning'],
    ['applying', 'applying'],
    ['bootstrapping', 'bootstrapping'],
    ['bootstrapping', 'collecting the bootstrap log'],
    ['waiting for FDD', 'waiting for FDD'],
    ['rolling out', 'rolling out'],
    ['retrying', 'backoff'],
    ['queued', 'queued'],
  ])('is %s in phase "%s"', (activity, phase) => {
    expect(row(aSettledSnapshot(), running({ phase })).activity).toBe(activity);
  });

  test('shows what a deploy waits for, and since when', () => {
    const record = running({ phase: 'waiting for FDD', reason: 'FDD reported RUNNING', changedAt: 7_000 });
    const snapshot = aSettledSnapshot({ deployment: aDeployment({ changedAt: 5_000 }) });

    expect(row(snapshot, record)).toMatchObject({ detail: 'FDD reported RUNNING', since: 7_000, cause: '' });
  });

  test('shows the failure and the next start between two attempts, and the previous failure during the next one', () => {
    const reason = 'POST pods: no answer\nat all';
    const record = running({
      phase: 'backoff',
      reason,
      attempt: 2,
      retryAt: 9_000,
      lastCode: 'cluster_unavailable',
    });

    expect(row(aSettledSnapshot(), record)).toMatchObject({
      activity: 'retrying',
      cause: 'POST pods: no answer\nat all',
      causeGroup: 'POST pods: no answer',
      code: 'cluster_unavailable',
      attempt: 2,
      retryAt: 9_000,
    });
    const next = { ...record, phase: 'planning' as const, reason: '', attempt: 3, lastFailure: reason };
    expect(row(aSettledSnapshot(), next)).toMatchObject({
      activity: 'planning',
      cause: 'POST pods: no answer\nat all',
      code: 'cluster_unavailable',
      attempt: 3,
      retryAt: undefined,
    });
  });

  test('does not show failures of an earlier request', () => {
    const record = running({ phase: 'planning', lastCode: 'cluster_unavailable' });

    expect(row(aSettledSnapshot(), record)).toMatchObject({ cause: '', code: undefined });
  });

  test.each<[string, Partial<FleetRow>, NamespaceSnapshot, ShownRecord?]>([
    [
      'the message of the run',
      { cause: 'pods is forbidden', code: 'forbidden', since: 1_000 },
      aSettledSnapshot(),
      failedRecord,
    ],
    [
      'the error in the ConfigMap, even after a failed run',
      { cause: 'no YAML', code: 'config_error' },
      aSettledSnapshot({ config: invalid('no YAML') }),
      failedRecord,
    ],
    [
      'the Helm release that owns FDD',
      { cause: 'Managed by Helm release fdd: Skipper does not change it', code: 'helm_managed' },
      aSettledSnapshot({ deployment: aDeployment({ helmRelease: 'fdd' }) }),
    ],
    [
      "FDD's own error",
      { cause: 'FDD reported FAILED: boom', code: 'fdd_failed' },
      aSettledSnapshot({ statuses: [failedReport] }),
    ],
    [
      "FDD's last line, if no line is marked as an error",
      { cause: 'FDD reported FAILED: last' },
      aSettledSnapshot({ statuses: [aStatus({ result: 'FAILED', logs: ['first', 'last'] })] }),
    ],
    [
      "FDD's result, if it logged nothing more",
      { cause: 'FDD reported FAILED' },
      aSettledSnapshot({ statuses: [aStatus({ result: 'FAILED', deploymentId: FOREIGN_ID })] }),
    ],
    [
      'the reason why pods cannot be created, rather than the missing pods',
      { cause: 'Deployment ReplicaFailure=True: FailedCreate: exceeded quota: q' },
      aSettledSnapshot({
        deployment: aDeployment({
          availableReplicas: undefined,
          conditions: [
            { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: undefined },
            { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota: q' },
          ],
        }),
      }),
    ],
    [
      'the reason why the pod does not start',
      {
        cause: 'pod fiaas-deploy-daemon-5d4f9c: ImagePullBackOff: no such image',
        causeGroup: 'pod fiaas-deploy-daemon-…: ImagePullBackOff: no such image',
      },
      aSettledSnapshot({
        deployment: aDeployment({
          availableReplicas: undefined,
          conditions: [{ type: 'Available', status: 'False', reason: undefined, message: undefined }],
        }),
        pods: [aPod({ ready: false, waiting: { reason: 'ImagePullBackOff', message: 'no such image' } })],
      }),
    ],
    [
      'the status, if nothing is more specific',
      { cause: 'No replica of FDD is available' },
      aSettledSnapshot({ deployment: aDeployment({ availableReplicas: undefined }) }),
    ],
    [
      'the two versions, if FDD itself is up',
      { cause: `Runs ${OLD}, the Application specifies ${VERSION}` },
      aSettledSnapshot({ deployment: old, pods: [aPod({ ready: false })] }),
    ],
    [
      'the version of the channel',
      { cause: `Runs ${OLD}, channel "stable" is at ${VERSION}` },
      aSettledSnapshot({ deployment: old, application: anApplication({ image: OLD_IMAGE }) }),
    ],
    [
      'the missing Deployment',
      { cause: 'FDD is not deployed: there is no Deployment', since: undefined },
      aSnapshot(),
    ],
    [
      'the reason why the bootstrap pod waits',
      { cause: 'bootstrap pod: not scheduled: no node' },
      aSnapshot({ bootstrapPod: aBootstrapPod({ ready: false, unscheduled: 'no node' }) }),
    ],
  ])('is explained by %s', (_what, expected, ...of) => {
    expect(row(...of)).toMatchObject(expected);
  });

  test('takes the time of its state from the Deployment, so that it survives a restart of the API', () => {
    const snapshot = aSettledSnapshot({ deployment: aDeployment({ changedAt: 5_000 }) });

    expect(row(snapshot).since).toBe(5_000);
    expect(row(snapshot, aRecord()).since).toBe(5_000);
    expect(row(snapshot, failedRecord).since).toBe(1_000);
  });

  const unavailable = { type: 'Available', status: 'False' };

  test('takes the time of an unavailable FDD from its condition, if that shows it', () => {
    const since = (conditions: ReturnType<typeof aDeployment>['conditions']) => {
      const deployment = aDeployment({ availableReplicas: undefined, changedAt: 5_000, conditions });
      return row(aSettledSnapshot({ deployment }), aRecord()).since;
    };

    expect(since([unavailable])).toBe(5_000);
    expect(since([{ type: 'Available', status: 'True' }])).toBeUndefined();
  });

  const settled = (overrides: Partial<ReturnType<typeof aDeployment>> = {}) =>
    aDeployment({ changedAt: 5_000, ...overrides });

  test.each([
    ['an invalid ConfigMap', aSettledSnapshot({ config: invalid('bad'), deployment: settled() }), VERSION],
    ['an FDD of Helm', aSettledSnapshot({ deployment: settled({ helmRelease: 'fdd' }) }), VERSION],
    [
      'an FDD that was scaled to 0',
      aSettledSnapshot({
        deployment: settled({
          replicas: 0,
          availableReplicas: undefined,
          switchedOff: { how: 'scaled to 0' },
        }),
      }),
      VERSION,
    ],
    ['a channel that has moved', aSettledSnapshot({ deployment: settled() }), OLD],
    ['a Deployment that was deleted', aSettledSnapshot({ deployment: undefined }), VERSION],
  ])('shows no time for %s: it would be that of an older state', (_what, snapshot, released) => {
    expect(row(snapshot, aRecord(), { released }).since).toBeUndefined();
  });
});
