import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../domain/cluster/observed.ts';
import type { ClusterCache } from '../../../shared/kubernetes/cluster-cache.ts';
import { awaitVerdict } from '../../../worker/await-verdict.ts';
import type { RunContext } from '../../../worker/run-context.ts';
import {
  aBootstrapPod,
  aDeployment,
  anApplication,
  anExpectation,
  aPod,
  aStatus,
  IMAGE,
  NAMESPACE,
  OUR_ID,
} from '../../support/builders.ts';
import { createFakeContext } from '../../support/fake-cluster.ts';
import { createFakeCluster } from '../../support/fake-core.ts';

const DONE = { kind: 'verified', unconfigured: [] };
const ours = { deploymentId: OUR_ID } as const;
const VERIFIED = {
  application: anApplication(ours),
  deployment: aDeployment(ours),
  statuses: [aStatus(ours)],
};

/** A namespace that a test changes while awaitVerdict waits. */
function open(first: Partial<NamespaceSnapshot>, position = '200') {
  const now: { seen: Partial<NamespaceSnapshot>; position: string } = { seen: first, position };
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const base = createFakeCluster({});
  const cluster = {
    ...base,
    snapshot: () => createFakeCluster({ [NAMESPACE]: now.seen }).snapshot(NAMESPACE),
    deploymentsPosition: () => now.position,
    onChange: (_namespace: string, listener: () => void) => subscribe(listener),
  };
  const see = (seen: Partial<NamespaceSnapshot>) => {
    now.seen = seen;
    for (const listener of [...listeners]) listener();
  };
  return { ...createFakeContext({ cluster }), see, now };
}

/** The response of an API server for FDD's Deployment. */
function aRawDeployment(resourceVersion: string, observedGeneration: number) {
  return {
    metadata: {
      name: 'fiaas-deploy-daemon',
      resourceVersion,
      generation: 2,
      labels: { 'fiaas/deployment_id': OUR_ID },
    },
    spec: { replicas: 1, template: { spec: { containers: [{ image: IMAGE }] } } },
    status: { observedGeneration, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  };
}

/** A deadline that is not what ends the wait. */
const LONG_MS = 60_000;

describe('awaitVerdict', () => {
  test('acceptance 11: ends immediately if FDD is already verified', async () => {
    const { context, client } = open(VERIFIED);

    expect(await awaitVerdict(anExpectation(), Date.now() + LONG_MS, context)).toEqual(DONE);
    expect(client.requests).toEqual([]);
  });

  test('acceptance 11: ends with the event that completes the verification', async () => {
    const { context, see } = open({ ...VERIFIED, statuses: [] });

    const verdict = awaitVerdict(anExpectation(), Date.now() + LONG_MS, context);
    see({ ...VERIFIED, statuses: [aStatus({ ...ours, result: 'RUNNING' })] });
    see(VERIFIED);

    expect(await verdict).toEqual(DONE);
  });

  test('acceptance 11: fails with FDD’s log lines if FDD reported FAILED', async () => {
    const { context } = open({
      ...VERIFIED,
      statuses: [aStatus({ ...ours, result: 'FAILED', logs: ['403'] })],
    });

    await expect(awaitVerdict(anExpectation(), Date.now() + LONG_MS, context)).rejects.toMatchObject({
      code: 'fdd_failed',
      details: expect.arrayContaining(['403']),
    });
  });

  test('acceptance 11: fails at the deadline, with the reasons', async () => {
    const { context } = open({
      ...VERIFIED,
      deployment: aDeployment({ ...ours, availableReplicas: undefined }),
    });

    await expect(awaitVerdict(anExpectation(), Date.now() + 20, context)).rejects.toMatchObject({
      code: 'progress_deadline',
      details: expect.arrayContaining([expect.stringContaining('0 of 1 available')]),
      symptoms: [{ kind: 'replicas', available: 0 }],
    });
  });

  test('ends as skipped if the namespace is deleted', async () => {
    const { context, see } = open({ ...VERIFIED, statuses: [] });
    setTimeout(() => see({ config: undefined, application: undefined }), 20);

    await expect(awaitVerdict(anExpectation(), Date.now() + LONG_MS, context)).rejects.toMatchObject({
      code: 'namespace_gone',
      errorClass: 'skipped',
    });
  });

  test('reads the Deployment if its watch stays behind SUCCESS', async () => {
    const { context, client } = open(VERIFIED, '100');
    client.answer('get deployments', aRawDeployment('130', 2));

    expect(await awaitVerdict(anExpectation(), Date.now() + LONG_MS, context)).toEqual(DONE);
    expect(client.requests).toHaveLength(1);
  });

  describe('while the watch of Deployments advances, but is behind SUCCESS', () => {
    afterEach(() => {
      jest.useRealTimers();
    });

    /** Events of other namespaces, every 100 ms: the first at version 50, SUCCESS is at 110. */
    async function advanceByOtherEvents(now: { position: string }, events: number) {
      for (let event = 0; event < events; event += 1) {
        now.position = String(50 + event);
        await jest.advanceTimersByTimeAsync(100);
      }
    }

    test('sends no request while the watch is about to pass SUCCESS', async () => {
      jest.useFakeTimers();
      const { context, client, now } = open(VERIFIED, '49');

      const verdict = awaitVerdict(anExpectation(), Date.now() + 10_000, context);
      await advanceByOtherEvents(now, 15);
      now.position = '110';
      await jest.advanceTimersByTimeAsync(400);

      expect(await verdict).toEqual(DONE);
      expect(client.requests).toEqual([]);
    });

    test('reads the Deployment after two seconds', async () => {
      jest.useFakeTimers();
      const { context, client, now } = open(VERIFIED, '49');
      client.answer('get deployments', aRawDeployment('130', 2));

      const verdict = awaitVerdict(anExpectation(), Date.now() + 10_000, context);
      await advanceByOtherEvents(now, 20);
      await jest.advanceTimersByTimeAsync(400);

      expect(await verdict).toEqual(DONE);
      expect(client.requests).toHaveLength(1);
    });
  });

  describe('while an old FDD terminates', () => {
    afterEach(() => {
      jest.useRealTimers();
    });

    const leaving = { ...VERIFIED, pods: [aPod(), aPod({ name: 'old', deleting: true })] };

    test('ends after some seconds without changes, even past the deadline', async () => {
      jest.useFakeTimers();
      const { context } = open(leaving);
      const began = Date.now();

      const verdict = awaitVerdict(anExpectation(), began + 1_000, context).then(() => Date.now() - began);
      await jest.advanceTimersByTimeAsync(5_000);

      expect(await verdict).toBeGreaterThanOrEqual(2_500);
      expect(await verdict).toBeLessThan(3_600);
    });

    test('a change of the Deployment restarts the wait', async () => {
      jest.useFakeTimers();
      const { context, see } = open(leaving);
      const began = Date.now();

      const verdict = awaitVerdict(anExpectation(), began + 10_000, context).then(() => Date.now() - began);
      await jest.advanceTimersByTimeAsync(2_000);
      see({ ...leaving, deployment: aDeployment({ ...ours, generation: 3, observedGeneration: 3 }) });
      await jest.advanceTimersByTimeAsync(6_000);

      expect(await verdict).toBeGreaterThanOrEqual(4_500);
    });

    test('ends when the old FDD is gone', async () => {
      const { context, see } = open(leaving);

      const verdict = awaitVerdict(anExpectation(), Date.now() + 10_000, context);
      see({ ...VERIFIED, pods: [aPod()] });

      expect(await verdict).toEqual(DONE);
    });
  });

  describe('when no FDD is left that could run', () => {
    afterEach(() => {
      jest.useRealTimers();
    });

    const crashing = { waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, ready: false } as const;
    const dead = {
      ...VERIFIED,
      statuses: [],
      deployment: aDeployment({ ...ours, availableReplicas: undefined }),
      pods: [aPod({ ...ours, ...crashing })],
    };

    function waitFrom(began: number, context: RunContext) {
      return awaitVerdict(anExpectation(), began + 300_000, context).catch((error: unknown) => ({
        error,
        afterMs: Date.now() - began,
      }));
    }

    test('fails as soon as that is certain, not at the deadline', async () => {
      jest.useFakeTimers();
      const { context } = open(dead);

      const failure = waitFrom(Date.now(), context);
      await jest.advanceTimersByTimeAsync(4_000);

      expect(await failure).toMatchObject({ error: { code: 'fdd_cannot_run' }, afterMs: 2_000 });
    });

    test('is not certain while the API server does not answer', async () => {
      jest.useFakeTimers();
      const { context } = open(dead);
      const blind = { name: 'pods', problem: 'no answer', refused: false };
      const cluster = { ...context.cluster, watches: () => [blind] } as unknown as ClusterCache;
      const stopping = new AbortController();
      const began = Date.now();

      const failure = waitFrom(began, { ...context, cluster, signal: stopping.signal });
      await jest.advanceTimersByTimeAsync(10_000);
      stopping.abort(new Error('still waiting'));

      expect(await failure).toMatchObject({ error: { message: 'still waiting' } });
    });

    test('names a watch that has lost its permission, and fails at the deadline because of that', async () => {
      jest.useFakeTimers();
      const { context } = open({});
      const problem =
        'pods is forbidden: User "w" cannot watch resource "pods" in API group "" at the cluster scope';
      const refused = { name: 'pods', problem, refused: true };
      const cluster = { ...context.cluster, watches: () => [refused] } as unknown as ClusterCache;
      const details: string[] = [];
      const progress = (_phase: string, detail = '') => void details.push(detail);

      const failure = awaitVerdict(anExpectation(), Date.now() + 1_000, {
        ...context,
        cluster,
        progress,
      }).catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(2_000);

      const message = `Skipper cannot watch pods any more: ${problem}`;
      expect(details[0]).toBe(message);
      expect(await failure).toMatchObject({
        code: 'forbidden',
        message,
        symptoms: [{ kind: 'refusal', refusal: { by: 'rbac', verb: 'watch', resource: 'pods' } }],
      });
    });

    test('counts from the last moment at which one still lived', async () => {
      jest.useFakeTimers();
      const { context, see } = open(dead);
      const failure = waitFrom(Date.now(), context);

      await jest.advanceTimersByTimeAsync(1_500);
      see({ ...dead, pods: [...dead.pods, aPod({ ready: false, deleting: true })] });
      await jest.advanceTimersByTimeAsync(5_000);
      see(dead);
      await jest.advanceTimersByTimeAsync(4_000);

      expect(await failure).toMatchObject({ error: { code: 'fdd_cannot_run' }, afterMs: 8_500 });
    });
  });

  test('reads the Deployment again if versions cannot be compared and it was not rolled out yet', async () => {
    const { context, client } = open(VERIFIED, 'opaque-1');
    client.answer('get deployments', aRawDeployment('opaque-2', 1));
    client.answer('get deployments', aRawDeployment('opaque-3', 2));

    expect(await awaitVerdict(anExpectation(), Date.now() + LONG_MS, context)).toEqual(DONE);
  });

  test('ends with the reason given by the caller that stops it', async () => {
    const stopping = new AbortController();
    const { context } = open({ ...VERIFIED, statuses: [] });

    const verdict = awaitVerdict(anExpectation(), Date.now() + LONG_MS, {
      ...context,
      signal: stopping.signal,
    });
    stopping.abort(new Error('the worker stops'));

    await expect(verdict).rejects.toThrow('the worker stops');
  });
});

describe('a wait that lasts', () => {
  const soon = {
    progressDeadlineMs: 60_000,
    bootstrapDeadlineMs: 60_000,
    manageRbac: false,
    maxInFlight: '0',
  };
  const PENDING = { ...VERIFIED, statuses: [aStatus({ ...ours, result: 'RUNNING' })] };

  test('is parked, with what another activation needs', async () => {
    const { context } = open(PENDING);
    const deadline = Date.now() + LONG_MS;

    expect(
      await awaitVerdict(anExpectation(), deadline, { ...context, settings: soon, parkAfterMs: 20 }),
    ).toEqual({
      kind: 'parked',
      stage: 'verdict',
      until: deadline,
      hadDeployment: true,
      wasSeen: true,
      hadLivePod: false,
      podEnded: false,
      phase: 'waiting for FDD',
      detail: 'FDD reported RUNNING',
    });
  });

  test.each([
    [false, expect.objectContaining({ kind: 'parked', wasSeen: false })],
    [true, expect.objectContaining({ code: 'namespace_gone' })],
  ])('that resumes where the watches show nothing: seen before: %s', async (wasSeen, expected) => {
    const { context } = open({ config: undefined, application: undefined, deployment: undefined });
    const resumed = { ...anExpectation(), hadDeployment: false, wasSeen };
    const waiting = awaitVerdict(resumed, Date.now() + LONG_MS, {
      ...context,
      settings: soon,
      parkAfterMs: 20,
    });

    expect(await waiting.catch((error: unknown) => error)).toEqual(expected);
  });

  test('is not parked before a failed bootstrap pod is judged: no event would follow', async () => {
    const bootstrapPod = aBootstrapPod({ phase: 'Failed', terminated: { exitCode: 1 } });
    const { context } = open({ ...PENDING, statuses: [], bootstrapPod });
    const waiting = awaitVerdict(anExpectation({ bootstrap: true }), Date.now() + LONG_MS, {
      ...context,
      settings: soon,
      parkAfterMs: 20,
    });

    await expect(waiting).rejects.toMatchObject({ code: 'bootstrap_failed' });
  });

  test('is parked at once if a newer request interrupts it', async () => {
    const { context } = open(PENDING);
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), 20);

    // Otherwise it would fail at the deadline.
    const waited = await awaitVerdict(anExpectation(), Date.now() + LONG_MS, {
      ...context,
      parkAfterMs: 10 * LONG_MS,
      interrupted: interrupt.signal,
    });

    expect(waited.kind).toBe('parked');
  });
});
