import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NamespaceSnapshot, ObservedPod } from '../../../../domain/cluster/observed.ts';
import { findRules } from '../../../../domain/heal/find-rules.ts';
import { Finding, RULES, type Rule } from '../../../../domain/heal/rule.ts';
import type { JudgedRecord, RuleInput } from '../../../../domain/heal/rule-input.ts';
import { invalid, ok } from '../../../../domain/release/result.ts';
import {
  aBootstrapPod,
  aConfig,
  aDeployment,
  anApplication,
  aPod,
  aRelease,
  aSettledSnapshot,
  aSnapshot,
  aStatus,
  FOREIGN_ID,
  IMAGE,
  OLD_IMAGE,
  OUR_ID,
} from '../../../support/builders.ts';

const NOW = Date.UTC(2026, 10, 29, 12);
const SECOND = 1_000;
const GRACE = 60 * SECOND;
const TIMINGS = {
  graceMs: GRACE,
  deafAfterMs: 300 * SECOND,
  progressDeadlineMs: 300 * SECOND,
  bootstrapDeadlineMs: 180 * SECOND,
};
const DONE: JudgedRecord = {
  generation: 3,
  handled: 3,
  phase: 'done',
  lastFailure: '',
  lastState: 'completed',
  lastCode: '',
  reason: '',
  finishedAt: NOW - 3600 * SECOND,
};
const UNFINISHED: JudgedRecord = { ...DONE, generation: 4, phase: 'rolling out' };
/** A ready pod that has been running for a day. */
const WELL = aPod({ startedAt: NOW - 86_400 * SECOND, createdAt: NOW - 86_400 * SECOND });

function find(snapshot: Partial<NamespaceSnapshot>, input: Partial<RuleInput> = {}): Finding[] {
  const findings = findRules({
    snapshot: aSettledSnapshot({ pods: [WELL], ...snapshot }),
    record: DONE,
    deployed: aRelease(),
    unbegun: undefined,
    before: [],
    timings: TIMINGS,
    now: NOW,
    ...input,
  });
  for (const finding of findings) expect(Finding.parse(finding)).toEqual(finding);
  return findings;
}

function rulesOf(...args: Parameters<typeof find>): Rule[] {
  return find(...args).map(({ rule }) => rule);
}

function findOnly(rule: Rule, ...args: Parameters<typeof find>): Finding | undefined {
  return find(...args).find((finding) => finding.rule === rule);
}

const ago = (seconds: number) => NOW - seconds * SECOND;

describe('findRules', () => {
  test('finds nothing in a namespace that is well', () => {
    expect(find({})).toEqual([]);
  });

  test('finds nothing in a namespace where nothing was ever deployed', () => {
    const record = { ...DONE, lastState: 'failed' };
    for (const each of [undefined, record]) {
      expect(findRules({ ...anInput(aSnapshot()), record: each })).toEqual([]);
    }
  });

  test('finds nothing in a namespace that is leaving, or is not of FIAAS', () => {
    const gone = { deployment: undefined };
    expect(find({ ...gone, config: ok(aConfig({ isDeleting: true })) })).toEqual([]);
    expect(find({ ...gone, config: undefined })).toEqual([]);
  });

  test('with an invalid ConfigMap what was seen is still true', () => {
    expect(rulesOf({ deployment: undefined, config: invalid('no tag') })).toEqual(['no-deployment']);
  });

  test('if Helm manages FDD, the Application says nothing about it', () => {
    const deployment = aDeployment({ helmRelease: 'fdd', image: OLD_IMAGE, availableReplicas: undefined });
    const application = anApplication({ image: 'a:b', deploymentId: OUR_ID, writtenAt: ago(3600) });
    const statuses = [aStatus({ deploymentId: OUR_ID, result: 'FAILED' })];
    expect(rulesOf({ deployment, application, statuses })).toEqual(['unavailable']);
  });

  test('`since` stays what it was', () => {
    const before = [{ rule: 'no-deployment', since: ago(500), evidence: 'x' }] as const;
    expect(findOnly('no-deployment', { deployment: undefined }, { before })?.since).toBe(ago(500));
    expect(findOnly('no-deployment', { deployment: undefined })?.since).toBe(NOW);
  });

  test('nothing holds since a time in the future', () => {
    const deployment = aDeployment({
      availableReplicas: undefined,
      changedAt: ago(-30),
      conditions: [{ type: 'Available', status: 'False' }],
    });
    expect(findOnly('unavailable', { deployment })?.since).toBe(NOW);
  });

  describe('while a request is unfinished', () => {
    const down = { deployment: aDeployment({ availableReplicas: undefined }) };

    test('what is normal in a deploy is not found', () => {
      expect(rulesOf(down, { record: UNFINISHED })).toEqual([]);
      expect(rulesOf({ deployment: undefined }, { record: UNFINISHED })).toEqual([]);
    });

    test('what is still so after a failed attempt is found', () => {
      expect(rulesOf(down, { record: { ...UNFINISHED, phase: 'backoff' } })).toEqual(['unavailable']);
      expect(rulesOf(down, { record: { ...UNFINISHED, lastFailure: 'x' } })).toEqual(['unavailable']);
    });

    test('what was found before is still found', () => {
      const before = find(down).map((finding) => ({ ...finding, since: ago(100) }));
      expect(find(down, { record: UNFINISHED, before })).toEqual(before);
    });

    test('what is never normal is found', () => {
      const pods = [aPod({ ready: false, waiting: { reason: 'CrashLoopBackOff' }, restarts: 2 })];
      expect(rulesOf({ ...down, pods }, { record: UNFINISHED })).toEqual(['crash-loop']);
    });

    test('just after it, the watch can be behind', () => {
      const missing = { deployment: undefined };
      const finished = (seconds: number) => ({ record: { ...DONE, finishedAt: ago(seconds) } });
      expect(rulesOf(missing, finished(9))).toEqual([]);
      expect(rulesOf(missing, finished(10))).toEqual(['no-deployment']);
    });

    test('nobody knows what the Application should be', () => {
      const application = anApplication({ image: OLD_IMAGE });
      const before = [{ rule: 'drifted', since: ago(100), evidence: 'x' }] as const;
      for (const record of [UNFINISHED, { ...UNFINISHED, lastFailure: 'x' }]) {
        expect(rulesOf({ application }, { record, before })).not.toContain('drifted');
      }
    });
  });

  test('whatever is seen, the findings are in the order of the rules, each once, and valid', () => {
    fc.assert(
      fc.property(anySnapshot, anyRecord, fc.subarray([...RULES]), (snapshot, record, held) => {
        const before = held.map((rule) => ({ rule, since: ago(1000), evidence: 'x' }));
        const rules = rulesOf(snapshot, { record, before });
        expect(rules).toEqual(RULES.filter((rule) => rules.includes(rule)));
      }),
    );
  });

  test('a rule that holds keeps holding with the same `since` if nothing changes', () => {
    fc.assert(
      fc.property(anySnapshot, anyRecord, (snapshot, record) => {
        const first = find(snapshot, { record });
        const again = find(snapshot, { record, before: first });
        expect(again).toEqual(first);
      }),
    );
  });
});

function anInput(snapshot: NamespaceSnapshot): RuleInput {
  return {
    snapshot,
    record: DONE,
    deployed: aRelease(),
    unbegun: undefined,
    before: [],
    timings: TIMINGS,
    now: NOW,
  };
}

const anyPod: fc.Arbitrary<ObservedPod> = fc.record({
  ...fcConstants(aPod()),
  ready: fc.boolean(),
  deleting: fc.boolean(),
  restarts: fc.nat(5),
  phase: fc.constantFrom('Pending', 'Running', 'Failed', 'Succeeded'),
  waiting: fc.constantFrom(
    undefined,
    ...['ImagePullBackOff', 'CrashLoopBackOff'].map((reason) => ({ reason })),
  ),
  terminated: fc.constantFrom(undefined, { exitCode: 1 }, { exitCode: 137, reason: 'OOMKilled' }),
  lastReason: fc.constantFrom(undefined, 'Error', 'OOMKilled'),
  unscheduled: fc.constantFrom(undefined, 'no room'),
  startedAt: fc.constantFrom(undefined, ago(1), ago(5_000)),
  createdAt: fc.constantFrom(undefined, ago(10), ago(5_000)),
});

const anyId = fc.constantFrom(OUR_ID, FOREIGN_ID, undefined);
const anyImage = fc.constantFrom(IMAGE, OLD_IMAGE);
const anySnapshot: fc.Arbitrary<Partial<NamespaceSnapshot>> = fc.record({
  application: fc.option(
    fc.record({
      ...fcConstants(anApplication()),
      image: anyImage,
      deploymentId: anyId,
      writtenAt: fc.constantFrom(undefined, ago(1), ago(5_000)),
    }),
    { nil: undefined },
  ),
  deployment: fc.option(
    fc.record({
      ...fcConstants(aDeployment()),
      image: anyImage,
      deploymentId: anyId,
      replicas: fc.nat(2),
      availableReplicas: fc.constantFrom(undefined, 1, 2),
      helmRelease: fc.constantFrom(undefined, 'fdd'),
    }),
    { nil: undefined },
  ),
  statuses: fc.array(
    fc.record({
      ...fcConstants(aStatus()),
      deploymentId: anyId,
      result: fc.constantFrom('RUNNING' as const, 'SUCCESS' as const, 'FAILED' as const),
    }),
    { maxLength: 2 },
  ),
  pods: fc.array(anyPod, { maxLength: 2 }),
  bootstrapPod: fc.option(anyPod, { nil: undefined }),
});
const anyRecord: fc.Arbitrary<JudgedRecord | undefined> = fc.constantFrom(
  undefined,
  DONE,
  UNFINISHED,
  { ...DONE, lastState: 'failed', lastCode: 'forbidden' },
  { ...DONE, lastState: 'failed', lastCode: 'crd_missing' },
);

function fcConstants<T extends object>(value: T): { [Key in keyof T]: fc.Arbitrary<T[Key]> } {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fc.constant(each)])) as {
    [Key in keyof T]: fc.Arbitrary<T[Key]>;
  };
}

describe('no-deployment', () => {
  test('holds if Skipper deployed FDD', () => {
    expect(findOnly('no-deployment', { deployment: undefined })?.evidence).toBe(
      'Deployment fiaas-deploy-daemon does not exist, but Skipper deployed it at 2026-11-29 11:00:00 UTC',
    );
  });

  test('holds if only the Application exists', () => {
    const found = findOnly('no-deployment', { deployment: undefined }, { record: undefined });
    expect(found?.evidence).toBe(
      `Deployment fiaas-deploy-daemon does not exist, but its Application does, with deployment id ${FOREIGN_ID}`,
    );
  });
});

describe('scaled-down', () => {
  test('names who did it and when, and is not unavailability', () => {
    const deployment = aDeployment({
      replicas: 0,
      currentReplicas: 0,
      availableReplicas: undefined,
      switchedOff: { how: 'scaled to 0', by: 'kubectl', at: ago(77) },
    });
    expect(find({ deployment, pods: [] })).toEqual([
      {
        rule: 'scaled-down',
        since: ago(77),
        evidence: 'the Deployment was scaled to 0 replicas by kubectl',
        by: 'kubectl',
      },
    ]);
  });

  test('holds if the Deployment is paused, also while FDD is available', () => {
    const deployment = aDeployment({ switchedOff: { how: 'paused' } });
    expect(rulesOf({ deployment })).toEqual(['scaled-down']);
  });
});

describe('bootstrap-stuck', () => {
  const pod = (seconds: number, overrides: Partial<ObservedPod> = {}) => ({
    deployment: undefined,
    pods: [],
    bootstrapPod: aBootstrapPod({ createdAt: ago(seconds), startedFor: FOREIGN_ID, ...overrides }),
    statuses: [],
  });

  test('holds after the deadline of the bootstrap, not before', () => {
    expect(findOnly('bootstrap-stuck', pod(180))).toBeUndefined();
    expect(findOnly('bootstrap-stuck', pod(181))).toMatchObject({
      since: ago(181),
      evidence: 'bootstrap pod, started at 2026-11-29 11:56:59 UTC: is ready',
    });
  });

  test('does not hold if it has ended, or has deployed', () => {
    expect(rulesOf(pod(999, { phase: 'Failed' }))).not.toContain('bootstrap-stuck');
    expect(rulesOf(pod(999, { terminated: { exitCode: 0 } }))).not.toContain('bootstrap-stuck');
    expect(rulesOf({ ...pod(999), statuses: [aStatus()] })).not.toContain('bootstrap-stuck');
    expect(rulesOf({ ...pod(999), deployment: aDeployment() })).not.toContain('bootstrap-stuck');
  });

  test('does not hold beside an FDD whose Application requests another deployment by now', () => {
    const left = { ...pod(999, { startedFor: OUR_ID }), deployment: aDeployment(), pods: [WELL] };
    expect(rulesOf({ ...left, statuses: [aStatus()] })).toEqual([]);
    expect(rulesOf({ ...left, deployment: undefined })).toContain('bootstrap-stuck');
  });

  test('holds beside a Deployment of another deployment', () => {
    const found = { ...pod(999, { deleting: true }), deployment: aDeployment({ deploymentId: OUR_ID }) };
    expect(findOnly('bootstrap-stuck', found)?.evidence).toContain('is being deleted');
  });
});

describe('the rules about pods', () => {
  const waiting = (reason: string, overrides: Partial<ObservedPod> = {}) =>
    aPod({ ready: false, phase: 'Pending', createdAt: ago(40), waiting: { reason }, ...overrides });

  test.each(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName'])('image-pull: %s', (reason) => {
    expect(find({ pods: [WELL, waiting(reason)] })).toEqual([
      { rule: 'image-pull', since: ago(40), evidence: `pod fiaas-deploy-daemon-5d4f9c: ${reason}` },
    ]);
  });

  test('oom: a container that was killed for its memory, waiting or just killed', () => {
    const pods = [waiting('CrashLoopBackOff', { lastReason: 'OOMKilled', restarts: 1 })];
    expect(rulesOf({ pods })).toEqual(['oom']);
    const killed = aPod({ ready: false, terminated: { exitCode: 137, reason: 'OOMKilled' } });
    expect(rulesOf({ pods: [killed] })).toEqual(['oom']);
  });

  test('unschedulable', () => {
    const pods = [aPod({ ready: false, phase: 'Pending', unscheduled: '0/3 nodes are available' })];
    expect(findOnly('unschedulable', { pods })?.evidence).toBe(
      'pod fiaas-deploy-daemon-5d4f9c: not scheduled: 0/3 nodes are available',
    );
  });

  test('pods that are being deleted or were evicted do not count', () => {
    const pods = [
      WELL,
      waiting('ImagePullBackOff', { deleting: true }),
      waiting('ImagePullBackOff', { phase: 'Failed' }),
    ];
    expect(rulesOf({ pods })).toEqual([]);
  });

  test('the bootstrap pod counts while it is the only way to FDD', () => {
    const bootstrapPod = aBootstrapPod({ ready: false, waiting: { reason: 'ErrImagePull' } });
    expect(rulesOf({ bootstrapPod })).toEqual([]);
    expect(rulesOf({ bootstrapPod, deployment: undefined, pods: [] })).toEqual([
      'no-deployment',
      'image-pull',
    ]);
  });

  describe('crash-loop', () => {
    /** Running and ready, after crashes. */
    const between = (overrides: Partial<ObservedPod>) => ({
      pods: [aPod({ restarts: 3, lastReason: 'Error', startedAt: ago(5), lastRanMs: 2_000, ...overrides })],
    });

    test('holds while it waits to restart, and after a crash', () => {
      expect(rulesOf({ pods: [waiting('CrashLoopBackOff', { restarts: 1 })] })).toEqual(['crash-loop']);
      expect(rulesOf({ pods: [aPod({ ready: false, terminated: { exitCode: 1 } })] })).toEqual([
        'crash-loop',
      ]);
    });

    test('holds while the container is ready for moments', () => {
      expect(findOnly('crash-loop', between({}))?.evidence).toContain('restarted 3 times (Error)');
      expect(rulesOf(between({ lastReason: 'OOMKilled' }))).toEqual(['oom']);
    });

    test('does not hold after one or two crashes, or if nothing shows when the container was started', () => {
      expect(rulesOf(between({ restarts: 2 }))).toEqual([]);
      expect(rulesOf(between({ startedAt: undefined }))).toEqual([]);
    });

    test('ends once the container has run for the grace', () => {
      expect(rulesOf(between({ startedAt: ago(59) }))).toEqual(['crash-loop']);
      expect(rulesOf(between({ startedAt: ago(60) }))).toEqual([]);
    });

    test('ends once it has run for twice as long as before it crashed', () => {
      expect(rulesOf(between({ lastRanMs: 90_000, startedAt: ago(179) }))).toEqual(['crash-loop']);
      expect(rulesOf(between({ lastRanMs: 90_000, startedAt: ago(180) }))).toEqual([]);
    });

    test('does not hold if it ran for 10 minutes before: its node was restarted, for example', () => {
      expect(rulesOf(between({ lastRanMs: 599_000, startedAt: ago(60) }))).toEqual(['crash-loop']);
      expect(rulesOf(between({ lastRanMs: 600_000, startedAt: ago(1) }))).toEqual([]);
    });
  });
});

describe('failed-report', () => {
  test("holds for FDD's report on what the Application requests, not on an earlier deployment", () => {
    const failed = aStatus({ result: 'FAILED', logs: ['[t|  ERROR] no such ingress class [x|y]'] });
    expect(findOnly('failed-report', { statuses: [failed] })?.evidence).toBe(
      `FDD reported FAILED: no such ingress class (deployment id ${FOREIGN_ID})`,
    );
    expect(rulesOf({ statuses: [{ ...failed, deploymentId: OUR_ID }] })).toEqual([]);
  });
});

describe('progress-deadline', () => {
  const condition = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };

  test("is the Deployment's own condition, with its time", () => {
    const deployment = aDeployment({ changedAt: ago(12), conditions: [condition] });
    expect(find({ deployment })).toEqual([
      {
        rule: 'progress-deadline',
        since: ago(12),
        evidence: 'Deployment Progressing=False: ProgressDeadlineExceeded',
      },
    ]);
  });

  test('does not hold for other conditions', () => {
    const conditions = [
      { ...condition, reason: 'FailedCreate' },
      { ...condition, status: 'True' },
    ];
    for (const each of conditions) {
      expect(rulesOf({ deployment: aDeployment({ conditions: [each] }) })).toEqual([]);
    }
  });
});

describe('drifted', () => {
  test('names the field manager that wrote another image', () => {
    const image = 'example.org/fdd:mine';
    const application = anApplication({ image, lastWriter: 'argocd' });
    expect(find({ application, deployment: aDeployment({ image }) })).toEqual([
      {
        rule: 'drifted',
        since: NOW,
        evidence: `the Application's image is ${image}, Skipper deployed ${IMAGE}`,
        by: 'argocd',
      },
    ]);
  });

  test('holds for another config, and without an Application', () => {
    expect(rulesOf({ application: anApplication({ config: { version: 3 } }) })).toEqual(['drifted']);
    expect(rulesOf({ application: undefined })).toEqual(['drifted']);
    expect(findOnly('drifted', { application: anApplication({ heldBy: ['x/y'] }) })?.evidence).toBe(
      'the Application is being deleted, held by finalizer x/y',
    );
  });

  test('does not hold if nobody knows what it should be', () => {
    const application = anApplication({ config: {} });
    expect(rulesOf({ application }, { deployed: undefined })).toEqual([]);
    expect(rulesOf({ application }, { record: undefined })).toEqual([]);
    expect(rulesOf({ application }, { record: { ...DONE, lastState: 'failed' } })).toEqual([]);
  });
});

describe('wrong-image', () => {
  test('holds at once with the same deployment id: somebody changed the Deployment', () => {
    const deployment = aDeployment({ image: OLD_IMAGE });
    expect(find({ deployment })).toEqual([
      {
        rule: 'wrong-image',
        since: NOW,
        evidence: `the Deployment has image ${OLD_IMAGE}, the Application ${IMAGE}`,
      },
    ]);
  });

  const reported = (seconds: number, result: 'SUCCESS' | 'RUNNING') => ({
    application: anApplication({ deploymentId: OUR_ID, writtenAt: ago(seconds) }),
    statuses: [aStatus({ deploymentId: OUR_ID, result })],
  });

  test('holds after the grace if FDD reported success for another deployment id', () => {
    expect(rulesOf(reported(60, 'SUCCESS'))).toEqual([]);
    expect(findOnly('wrong-image', reported(61, 'SUCCESS'))).toEqual({
      rule: 'wrong-image',
      since: ago(61),
      evidence: `the Deployment is of deployment id ${FOREIGN_ID}, the Application requests ${OUR_ID}`,
    });
  });

  test('does not hold while FDD works on it, until its deadline', () => {
    expect(rulesOf(reported(300, 'RUNNING'))).toEqual([]);
    expect(rulesOf(reported(301, 'RUNNING'))).toEqual(['wrong-image']);
  });
});

describe('unreported', () => {
  const waiting = (seconds: number) => ({
    application: anApplication({ deploymentId: OUR_ID, writtenAt: ago(seconds) }),
  });

  test('holds after the deadline, not before', () => {
    expect(rulesOf(waiting(300))).toEqual([]);
    expect(find(waiting(301))).toEqual([
      {
        rule: 'unreported',
        since: ago(301),
        evidence: `deployment id ${OUR_ID}, written at 2026-11-29 11:54:59 UTC, was never taken up by FDD`,
      },
    ]);
  });

  test('does not hold if FDD has reported, or has written the Deployment', () => {
    const statuses = [aStatus({ deploymentId: OUR_ID, result: 'FAILED' })];
    expect(rulesOf({ ...waiting(999), statuses })).not.toContain('unreported');
    expect(rulesOf({ ...waiting(999), deployment: aDeployment({ deploymentId: OUR_ID }) })).toEqual([]);
  });

  test('does not hold without a Deployment, or if the time is unknown', () => {
    expect(rulesOf({ ...waiting(999), deployment: undefined })).toEqual(['no-deployment']);
    expect(rulesOf({ application: anApplication({ deploymentId: OUR_ID }) })).toEqual([]);
  });
});

describe('unavailable', () => {
  const down = (overrides = {}) => aDeployment({ availableReplicas: undefined, ...overrides });

  test('shows the counts and the cause', () => {
    const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'no' }];
    expect(findOnly('unavailable', { deployment: down({ conditions }), pods: [] })?.evidence).toBe(
      'Deployment: 0 of 1 available, 1 updated, generation 2, observed 2; Deployment ReplicaFailure=True: FailedCreate: no',
    );
  });

  test('holds since the time of the condition, if that shows it', () => {
    const available = (status: string) => ({
      changedAt: ago(55),
      conditions: [{ type: 'Available', status }],
    });
    expect(findOnly('unavailable', { deployment: down(available('False')) })?.since).toBe(ago(55));
    expect(findOnly('unavailable', { deployment: down(available('True')) })?.since).toBe(NOW);
  });

  test('holds if only some replicas are available', () => {
    expect(rulesOf({ deployment: aDeployment({ replicas: 2 }) })).toEqual(['unavailable']);
  });
});

describe('crd-missing and rights-missing', () => {
  const refused = (lastCode: string, seconds: number) => ({
    record: { ...DONE, lastState: 'failed', lastCode, reason: 'no', finishedAt: ago(seconds) },
  });

  test('hold after a deploy that was refused, for an hour', () => {
    expect(find({}, refused('forbidden', 3_599))).toEqual([
      {
        rule: 'rights-missing',
        since: ago(3_599),
        evidence: 'the last deploy was refused: no',
        isFleetWide: true,
      },
    ]);
    expect(rulesOf({}, refused('forbidden', 3_600))).toEqual([]);
    expect(rulesOf({}, refused('quota_exceeded', 100))).toEqual([]);
  });

  test('an Application shows that its kind exists', () => {
    expect(rulesOf({}, refused('crd_missing', 100))).toEqual([]);
    expect(rulesOf({ application: undefined }, refused('crd_missing', 100))).toEqual(['crd-missing']);
  });
});

describe('deaf', () => {
  const unbegun = (seconds: number, count = 1) => ({
    unbegun: { application: 'shop', deploymentId: '42', since: ago(seconds), count },
  });

  test('holds once FDD has had its time, since the id was written', () => {
    expect(rulesOf({}, unbegun(299))).toEqual([]);
    expect(find({}, unbegun(300, 3))).toEqual([
      {
        rule: 'deaf',
        since: ago(300),
        evidence:
          'Application shop got deployment id 42 at 2026-11-29 11:55:00 UTC, no ApplicationStatus within 300 s; 2 more Applications wait, too',
      },
    ]);
  });

  test('a restarted FDD gets the time again', () => {
    const started = (seconds: number) => ({ pods: [aPod({ startedAt: ago(seconds) })] });
    expect(rulesOf(started(299), unbegun(9_999))).toEqual([]);
    expect(rulesOf(started(300), unbegun(9_999))).toEqual(['deaf']);
  });

  test('stays as it was while nobody can see what FDD has begun', () => {
    const before = [{ rule: 'deaf', since: ago(600), evidence: 'Application shop waits' }] as const;
    const unseen = { unbegun: undefined, isBegunKnown: false };

    expect(find({}, { ...unseen, before })).toEqual(before);
    expect(find({}, unseen)).toEqual([]);
    expect(find({}, { ...unseen, isBegunKnown: true, before })).toEqual([]);
  });

  test('an FDD that is not ready is not deaf, and one that is leaving does not count', () => {
    const pods = [aPod({ ready: false })];
    expect(
      rulesOf({ pods, deployment: aDeployment({ availableReplicas: undefined }) }, unbegun(999)),
    ).toEqual(['unavailable']);
    const leaving = [aPod({ deleting: true, startedAt: 0 }), aPod({ startedAt: ago(10) })];
    expect(rulesOf({ pods: leaving }, unbegun(999))).toEqual([]);
  });

  test('is not looked for with 0', () => {
    const timings = { ...TIMINGS, deafAfterMs: 0 };
    expect(rulesOf({}, { ...unbegun(999), timings })).toEqual([]);
  });
});
