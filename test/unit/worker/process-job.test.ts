import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { DelayedError, UnrecoverableError } from 'bullmq';
import type { NamespaceSnapshot } from '../../../domain/cluster/observed.ts';
import { SHORTEST_WAIT_MS } from '../../../domain/deploy/after-failure.ts';
import { SkipperError } from '../../../domain/errors.ts';
import { invalid } from '../../../domain/release/result.ts';
import type { ProcessDependencies } from '../../../worker/open-attempt.ts';
import { processJob } from '../../../worker/process-job.ts';
import { RetryError } from '../../../worker/retry-error.ts';
import {
  aDeployment,
  anApplication,
  anEvidence,
  anExpectation,
  aParking,
  aSettledSnapshot,
  aStatus,
  NAMESPACE,
  OLD_IMAGE,
  OUR_ID,
  silentLog,
} from '../../support/builders.ts';
import { aRefusedRequest, createFakeContext } from '../../support/fake-cluster.ts';
import { createFakeCluster } from '../../support/fake-core.ts';
import {
  aRun,
  createFakeJob,
  createFakeLeases,
  createFakePace,
  createFakeRuns,
  type FakeRunsOptions,
} from '../../support/fake-runs.ts';

const OUTDATED = aSettledSnapshot({ application: anApplication({ image: OLD_IMAGE }) });
const LOST = new SkipperError('superseded_worker', 'another worker has taken over');

/** A worker whose only namespace has this snapshot. */
function aWorker(
  snapshot: Partial<NamespaceSnapshot>,
  {
    parkAfterMs = 60_000,
    pace = createFakePace(),
    recheckRepair = async () => undefined,
    ...options
  }: Partial<FakeRunsOptions> &
    Partial<Pick<ProcessDependencies, 'pace' | 'recheckRepair'>> & { readonly parkAfterMs?: number } = {},
) {
  const cluster = createFakeCluster({ [NAMESPACE]: snapshot });
  const { context, client } = createFakeContext({ cluster });
  const runs = createFakeRuns({ runs: [aRun()], ...options });
  const leases = createFakeLeases();
  const stopping = new AbortController();
  const outage: { reason?: string; found?: string } = {};
  const job = createFakeJob();
  const watched: string[] = [];
  const waits: boolean[] = [];
  const process = () =>
    processJob(job.job, 'lock', {
      client,
      cluster,
      metrics: context.metrics,
      settings: { ...context.settings, progressDeadlineMs: 60_000 },
      settleTime: { forRun: () => parkAfterMs, record: (isParked) => void waits.push(isParked) },
      state: runs.state,
      leases: leases.leases,
      waker: {
        watch: async (namespace: string) => void watched.push(namespace),
        blindMs: () => 0,
        deadEndMs: () => 0,
      },
      pace,
      recheckRepair,
      stopping: stopping.signal,
      outage: { current: () => outage.reason, check: async () => outage.found },
      log: silentLog,
      maxAttempts: 3,
      backoff: { baseMs: 60_000, capMs: 60_000 },
    });
  const failures = async () => (await context.metrics.attemptsFailed.get()).values;
  return { ...runs, ...leases, ...job, client, stopping, outage, watched, waits, process, failures };
}

/** The reason why a job did not complete. */
async function failureOf(processing: Promise<unknown>): Promise<unknown> {
  return processing.then(
    (result) => {
      throw new Error(`it completed: ${JSON.stringify(result)}`);
    },
    (error: unknown) => error,
  );
}

describe('processJob', () => {
  test('completes a run and releases its lease', async () => {
    const worker = aWorker({});

    expect(await worker.process()).toMatchObject({ outcome: 'unchanged' });
    expect(worker.ends).toMatchObject([{ target: { state: 'completed' }, attempt: { end: 'completed' } }]);
    expect(worker.held).toEqual([]);
  });

  test('starts another run if a new request has arrived', async () => {
    const worker = aWorker({}, { runs: [aRun(), aRun({ generation: 2 })], isMoved: true });

    expect(await worker.process()).toEqual({ outcome: 'nothing new' });
    expect(worker.ends).toHaveLength(2);
  });

  describe('of a worker that has lost its namespace', () => {
    test('changes, releases and reports nothing', async () => {
      const worker = aWorker(OUTDATED);
      worker.lose(LOST);

      expect(await failureOf(worker.process())).toBe(LOST);
      expect(worker.client.requests).toEqual([]);
      expect([worker.reports, worker.ends, worker.released, worker.delayedTo]).toEqual([[], [], [], []]);
      expect(await worker.failures()).toEqual([]);
      expect(worker.held).toEqual([]);
    });

    test('leaves the end to the other worker if Redis rejects its own', async () => {
      const worker = aWorker({}, { refusal: LOST });

      expect(await failureOf(worker.process())).toBe(LOST);
      expect(worker.ends).toHaveLength(1);
      expect([worker.reports, worker.released, worker.delayedTo]).toEqual([[], [], []]);
    });
  });

  test('hands the namespace over when the worker stops, without using an attempt', async () => {
    const worker = aWorker(OUTDATED, { runs: [aRun({ attempt: 2 })] });

    const processing = failureOf(worker.process());
    setTimeout(() => worker.stopping.abort(new Error('the grace period is over')), 20);

    expect(await processing).toBeInstanceOf(DelayedError);
    expect(worker.reports.at(-1)).toMatchObject({
      fields: { phase: 'queued', attempt: 1 },
      target: undefined,
      attempt: { end: 'handed over', attempt: 2, code: 'shutting_down' },
    });
    expect(worker.ends).toEqual([]);
    expect(worker.released).toEqual(['token']);
    expect(worker.delayedTo[0]).toBeLessThanOrEqual(Date.now());
    expect(await worker.failures()).toEqual([]);
  });

  test('of a run that waits for the API budget ends it when a newer request comes, before it has written', async () => {
    const worker = aWorker(OUTDATED, { pace: createFakePace({ isOpen: false }), isMoved: true });
    setTimeout(worker.interrupt, 20);

    expect(await worker.process()).toEqual({ outcome: 'nothing new' });
    expect(worker.client.requests).toEqual([]);
    expect(worker.reports.at(-1)).toMatchObject({
      fields: { phase: 'queued' },
      attempt: { end: 'superseded', reason: 'a newer request came before the deployment was written' },
    });
    expect(worker.released).toEqual(['token']);
    expect(await worker.failures()).toEqual([]);
  });

  test('of a run that waits for the API budget hands it over when the worker stops', async () => {
    const worker = aWorker(OUTDATED, { pace: createFakePace({ isOpen: false }) });
    setTimeout(() => worker.stopping.abort(), 20);

    expect(await failureOf(worker.process())).toBeInstanceOf(DelayedError);
    expect(worker.client.requests).toEqual([]);
    expect(worker.reports.at(-1)).toMatchObject({ attempt: { end: 'handed over' } });
  });

  describe('of a run that waits for FDD', () => {
    const waiting = { parkAfterMs: 20, runs: [aRun({ attempt: 2 })] };

    test('parks it: the job is delayed until the deadline, and the waker watches', async () => {
      const worker = aWorker(OUTDATED, waiting);

      expect(await failureOf(worker.process())).toBeInstanceOf(DelayedError);
      const [parking] = worker.parkings;
      expect(parking).toMatchObject({ generation: 1, stage: 'verdict', outcome: 'updated', podEnded: false });
      expect(worker.delayedTo).toEqual([(parking?.until ?? 0) + 1]);
      expect(parking?.until).toBeGreaterThan(Date.now() + 50_000);
      expect(worker.watched).toEqual([NAMESPACE]);
      expect(worker.waits).toEqual([true]);
      expect([worker.reports.filter(({ attempt }) => attempt), worker.ends, worker.held]).toEqual([
        [],
        [],
        [],
      ]);
      expect(await worker.failures()).toEqual([]);
    });

    test('begins again instead if there is a newer request', async () => {
      const worker = aWorker(OUTDATED, { ...waiting, isMoved: true });

      expect(await worker.process()).toEqual({ outcome: 'nothing new' });
      expect([worker.parkings, worker.delayedTo, worker.watched]).toEqual([[], [], []]);
    });

    test('stops waiting at once when a newer request interrupts it', async () => {
      const worker = aWorker(OUTDATED, { ...waiting, parkAfterMs: 60_000, isMoved: true });
      setTimeout(worker.interrupt, 20);

      expect(await worker.process()).toEqual({ outcome: 'nothing new' });
    });

    test('writes nothing again when it resumes, and ends as what it began as', async () => {
      const parking = aParking({ ...anExpectation(), written: anApplication({ deploymentId: OUR_ID }) });
      const resumed = { parking, startedAt: Date.now() - 5_000, steps: [] };
      const worker = aWorker(anEvidence().snapshot, { runs: [aRun({ resumed })] });

      expect(await worker.process()).toMatchObject({ outcome: 'updated', deploymentId: OUR_ID });
      expect(worker.client.requests).toEqual([]);
      expect(worker.waits).toEqual([]);
      expect(worker.ends).toMatchObject([{ attempt: { end: 'completed', startedAt: resumed.startedAt } }]);
    });
  });

  test('checks a step of healing after its wait for the budget of the API server', async () => {
    const order: string[] = [];
    const pace = { ...createFakePace(), enter: async () => void order.push('let through') };
    const worker = aWorker(OUTDATED, {
      pace,
      recheckRepair: async () => {
        order.push('checked');
        throw new SkipperError('repair_outdated', 'held');
      },
    });

    await worker.process();

    expect(order.slice(-2)).toEqual(['let through', 'checked']);
    expect(worker.client.requests.filter(({ verb }) => verb !== 'get')).toEqual([]);
  });

  test('ends a step of healing that is outdated as cancelled, and writes nothing', async () => {
    const outdated = new SkipperError('repair_outdated', 'this step of healing waited too long: it is held');
    const worker = aWorker(OUTDATED, { recheckRepair: () => Promise.reject(outdated) });

    expect(await worker.process()).toMatchObject({ outcome: 'skipped' });
    expect(worker.client.requests).toEqual([]);
    expect(worker.ends).toMatchObject([
      {
        target: {
          state: 'cancelled',
          code: 'repair_outdated',
          reason: 'skipped: this step of healing waited too long: it is held',
        },
        attempt: { end: 'skipped' },
      },
    ]);
  });

  describe('of an attempt that failed and is retried', () => {
    async function retry(options: Partial<FakeRunsOptions> = {}) {
      const worker = aWorker(OUTDATED, options);
      worker.client.answer('apply applications', aRefusedRequest(500, 'cluster_unavailable'));
      const error = await failureOf(worker.process());
      const { fields = {}, target, attempt } = worker.reports.at(-1) ?? {};
      const delayMs = Number(fields.retryAt) - Number(fields.changedAt);
      return { ...worker, error, fields, target, attempt, delayMs };
    }

    test('records the unchanged message, and everything else as data', async () => {
      const { fields, target, attempt, delayMs, log, released, ends } = await retry();

      expect(fields).toMatchObject({ phase: 'backoff', reason: 'refused with 500' });
      expect(target).toMatchObject({
        state: 'running',
        attempt: 1,
        code: 'cluster_unavailable',
        reason: 'refused with 500',
        retryAt: fields.retryAt,
      });
      expect(attempt).toMatchObject({ end: 'retrying', reason: 'refused with 500', retryDelayMs: delayMs });
      expect(log.at(-1)).toMatch(/attempt 1 failed \(cluster_unavailable\): refused with 500; next in \d/);
      expect(released).toEqual(['token']);
      expect(ends).toEqual([]);
    });

    test('is delayed for the announced time', async () => {
      const { error, delayMs } = await retry();

      expect(error).toBeInstanceOf(RetryError);
      expect(error).toMatchObject({ delayMs });
    });

    test('shortens the wait if a new request has arrived', async () => {
      const { error, fields } = await retry({ isMoved: true });

      expect(error).toMatchObject({ delayMs: SHORTEST_WAIT_MS });
      expect(fields.phase).toBe('backoff');
    });

    test('fails in the last attempt', async () => {
      const { error, ends, reports } = await retry({ runs: [aRun({ attempt: 3 })] });

      expect(error).toBeInstanceOf(UnrecoverableError);
      expect(ends).toMatchObject([{ target: { state: 'failed', code: 'cluster_unavailable', attempt: 3 } }]);
      expect(reports.filter(({ attempt }) => attempt)).toEqual([]);
    });
  });

  test('delays a job that the API server throttles, without using an attempt', async () => {
    const worker = aWorker(OUTDATED, { runs: [aRun({ attempt: 3, throttled: 7 })] });
    worker.client.answer('apply applications', aRefusedRequest(429, 'rate_limited'));

    expect(await failureOf(worker.process())).toBeInstanceOf(DelayedError);
    const { fields } = worker.reports.at(-1) ?? {};
    expect(fields).toMatchObject({ phase: 'backoff', attempt: 2, throttled: 8 });
    expect(worker.delayedTo).toHaveLength(1);
  });

  describe('while the API server is unreachable', () => {
    const UNREACHABLE = 'the Kubernetes API server did not answer';

    test('undoes the attempt and delays the job, even the last one', async () => {
      const worker = aWorker(OUTDATED, { runs: [aRun({ attempt: 3 })] });
      worker.outage.found = UNREACHABLE;
      worker.client.answer('apply applications', aRefusedRequest(500, 'cluster_unavailable'));

      expect(await failureOf(worker.process())).toBeInstanceOf(DelayedError);
      const { fields, target, attempt } = worker.reports.at(-1) ?? {};
      expect(fields).toMatchObject({ phase: 'backoff', attempt: 2, appliedAt: '' });
      expect(target).toMatchObject({ state: 'running', code: 'cluster_unavailable' });
      expect(attempt).toMatchObject({ end: 'retrying', code: 'cluster_unavailable' });
      expect(worker.ends).toEqual([]);
      expect(worker.released).toEqual(['token']);
      expect(await worker.failures()).toEqual([]);
      expect(worker.delayedTo[0]).toBeGreaterThan(Date.now() + 1_000);
    });

    test('keeps that something was written, and does not count the outage for the deadline', async () => {
      const worker = aWorker(OUTDATED, { runs: [aRun({ appliedAt: 42 })] });
      worker.outage.found = UNREACHABLE;
      worker.client.answer('apply applications', aRefusedRequest(500, 'cluster_unavailable'));

      expect(await failureOf(worker.process())).toBeInstanceOf(DelayedError);
      const { fields = {} } = worker.reports.at(-1) ?? {};
      expect(fields.appliedAt).toBe(fields.retryAt);
    });

    test('a failure unrelated to the outage fails the job', async () => {
      const worker = aWorker({ config: { ...invalid('data.tag is wrong'), key: 'data.tag' } });
      worker.outage.found = UNREACHABLE;

      expect(await failureOf(worker.process())).toBeInstanceOf(UnrecoverableError);
    });

    test('does not start a job that was just fetched', async () => {
      const worker = aWorker(OUTDATED);
      worker.outage.reason = UNREACHABLE;

      expect(await failureOf(worker.process())).toBeInstanceOf(DelayedError);
      expect([worker.held, worker.client.requests, worker.reports]).toEqual([[], [], []]);
      expect(worker.delayedTo).toHaveLength(1);
    });
  });

  describe('of a permanent failure', () => {
    const broken = { config: { ...invalid('data.tag is wrong'), key: 'data.tag' } } as const;

    test('ends the job as unrecoverable in its first attempt', async () => {
      const worker = aWorker(broken);

      const error = await failureOf(worker.process());

      expect(error).toBeInstanceOf(UnrecoverableError);
      expect(error).toMatchObject({ message: 'data.tag is wrong' });
      expect(worker.ends).toMatchObject([
        {
          target: { state: 'failed', code: 'config_error', reason: 'data.tag is wrong' },
          attempt: { end: 'failed', code: 'config_error', attempt: 1 },
        },
      ]);
      expect([worker.reports, worker.delayedTo]).toEqual([[], []]);
      expect(await worker.failures()).toMatchObject([{ labels: { code: 'config_error' }, value: 1 }]);
    });

    test('gives up the deployment id that it has waited for', async () => {
      const results = ['RUNNING', 'RUNNING', 'FAILED'] as const;
      let reads = 0;
      const worker = aWorker({
        application: anApplication({ deploymentId: OUR_ID }),
        deployment: aDeployment({ availableReplicas: undefined }),
        get statuses() {
          reads += 1;
          return [aStatus({ deploymentId: OUR_ID, result: results[reads - 1] ?? 'FAILED' })];
        },
      });

      await failureOf(worker.process());

      expect(worker.reports.at(-1)?.fields).toEqual({ abandonedId: OUR_ID });
      expect(worker.ends).toMatchObject([{ target: { state: 'failed', code: 'fdd_failed' } }]);
    });

    test('does not end the job if a new request has arrived', async () => {
      const worker = aWorker(broken, { isMoved: true });

      expect(await worker.process()).toEqual({ outcome: 'nothing new' });
      expect(worker.ends).toHaveLength(1);
    });
  });

  test('records a refusal of the API server as data', async () => {
    const worker = aWorker(OUTDATED);
    const refusal = { by: 'quota', quota: 'few-pods' } as const;
    const symptoms = [{ kind: 'refusal', refusal } as const];
    const refused = new SkipperError('pod_rejected', 'exceeded quota: few-pods', { symptoms });
    worker.client.answer('apply applications', refused);

    await failureOf(worker.process());

    expect(worker.ends).toMatchObject([{ attempt: { end: 'failed', symptoms } }]);
  });

  test('completes a job whose namespace is gone as skipped', async () => {
    const worker = aWorker({ config: undefined });
    worker.client.answer('GET configmaps', { items: [] });
    worker.client.answer('GET configmaps', { items: [] });

    const result = await worker.process();

    expect(result).toMatchObject({ outcome: 'skipped', reason: expect.stringMatching(/^skipped: .*gone$/) });
    expect(worker.ends).toMatchObject([
      {
        target: { state: 'cancelled', outcome: 'skipped', code: 'namespace_gone' },
        attempt: { end: 'skipped', code: 'namespace_gone' },
      },
    ]);
    expect(worker.delayedTo).toEqual([]);
  });
});

describe('the span of an attempt', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  beforeAll(() => provider.register());
  afterEach(() => exporter.reset());
  afterAll(() => provider.shutdown());

  const outcomes = () =>
    exporter.getFinishedSpans().flatMap(({ attributes }) => attributes['skipper.outcome'] ?? []);

  test.each([
    ['parked', 'it waits for FDD', false],
    ['superseded', 'there is a newer request', true],
  ])('says %s, if %s', async (outcome, _when, isMoved) => {
    await aWorker(OUTDATED, { parkAfterMs: 20, isMoved })
      .process()
      .catch(() => undefined);

    expect(outcomes()).toEqual([outcome]);
  });
});
