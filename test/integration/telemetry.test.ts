import { beforeAll, describe, expect, test } from '@jest/globals';
import { type CollectedSpan, type FakeCollector, startFakeCollector } from '../support/fake-collector.ts';
import { freePort } from '../support/free-port.ts';
import { NEW, OLD } from '../support/published.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
/** So long that spans are only sent when a process ends. */
const ONLY_AT_THE_END = { OTEL_BSP_SCHEDULE_DELAY: '600000', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2048' };
/** An export that waits for much longer than a test. */
const PATIENT = {
  OTEL_BSP_SCHEDULE_DELAY: '100',
  OTEL_BSP_EXPORT_TIMEOUT: '600000',
  OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
};

let collector: FakeCollector;

const world = useWorld({ processes: true }, async (opened) => {
  collector = await startFakeCollector();
  opened.onClose(collector.close);
});

function named(name: string, spans: readonly CollectedSpan[]): CollectedSpan {
  const found = spans.find((span) => span.name === name);
  if (!found) throw new Error(`no span "${name}" in ${spans.map((span) => span.name).join(', ')}`);
  return found;
}

function jsonLines(lines: readonly string[]): Raw[] {
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

describe('traces', () => {
  let spans: readonly CollectedSpan[] = [];
  let workerLines: readonly Raw[] = [];
  let rolloutId = '';
  let jobId: string | undefined;

  beforeAll(async () => {
    const flags = { 'otel-exporter-otlp-endpoint': collector.url, 'release-check-interval': 1 };
    const api = await world.startApi({ flags, env: ONLY_AT_THE_END });
    const worker = await world.startWorker({ flags, env: ONLY_AT_THE_END });
    await world.addNamespace('traced', { fdd: OLD });
    const { id, targets } = await world.deploy(
      { namespaces: ['traced'] },
      { traceparent: `00-${TRACE}-${CALLER}-01` },
    );
    const probes = ['/healthz', '/readyz', '/_/metrics', '/assets/logo.svg', '/status', '/queues/api/queues'];
    for (const path of probes) await world.http(path);
    await world.rolloutFinished(id);
    await world.http('/api/namespaces/traced?secret=1');
    expect(collector.spans()).toEqual([]);
    await api.stop();
    await worker.stop();
    spans = collector.spans();
    workerLines = jsonLines(worker.lines());
    rolloutId = id;
    jobId = targets[0]?.jobId;
  });

  test('connect the request with the job, the write and its verification, and are sent at SIGTERM', () => {
    const trace = spans.filter(({ traceId }) => traceId === TRACE);
    const request = named('POST /api/deploy', trace);
    const add = named('addBulk deploy', trace);
    // A run that waits for long is parked, and another job continues it.
    const jobs = trace.filter(({ name }) => name === 'process deploy');
    const attempts = trace.filter(({ name }) => name === 'deploy namespace');
    const [first] = attempts;
    const write = named('apply-application', trace);
    const patch = named('kubernetes PATCH', trace);

    expect(request).toMatchObject({
      parentSpanId: CALLER,
      kind: 2,
      service: 'skipper',
      attributes: { 'http.route': '/api/deploy', 'http.response.status_code': 202 },
    });
    expect(add).toMatchObject({ parentSpanId: request.spanId, kind: 4 });
    expect(attempts.length).toBeGreaterThan(0);
    expect(jobs).toMatchObject(attempts.map(() => ({ parentSpanId: add.spanId, kind: 5 })));
    expect(attempts).toMatchObject(
      jobs.map(({ spanId }, index) => ({
        parentSpanId: spanId,
        attributes: {
          'k8s.namespace.name': 'traced',
          'skipper.rollout': rolloutId,
          'skipper.attempt': 1,
          'skipper.outcome': index === jobs.length - 1 ? 'updated' : 'parked',
        },
      })),
    );
    for (const step of ['plan', 'apply-application', 'verify']) {
      expect(named(step, trace)).toMatchObject({ parentSpanId: first?.spanId, isError: false });
    }
    expect(patch).toMatchObject({
      parentSpanId: write.spanId,
      kind: 3,
      attributes: { 'http.response.status_code': 200, 'url.path': expect.stringContaining('/applications/') },
    });
  });

  test('appear in the log lines of a run, beside rollout, namespace and job', () => {
    expect(workerLines.find(({ message }) => message === 'deploy verified')).toMatchObject({
      rollout: rolloutId,
      namespace: 'traced',
      job: jobId,
      attempt: 1,
      trace_id: TRACE,
    });
  });

  test('are named by route and contain no query', () => {
    expect(named('GET /api/namespaces/:namespace', spans).attributes).toMatchObject({
      'url.path': '/api/namespaces/traced',
    });
    expect(JSON.stringify(spans)).not.toContain('secret');
  });

  test('include a release check, but no probes, pages, polling or queue housekeeping', () => {
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name);
    // What the test itself reads, and what a process reads at its start.
    const own = ['GET /api/namespaces/:namespace', 'GET /api/rollouts/:id', 'GET /api/status'];
    const expected = [...own, 'release check'];

    expect(roots).toContain('release check');
    expect(
      [...new Set(roots)].filter((name) => !expected.includes(name) && !/^kubernetes /.test(name)),
    ).toEqual([]);
  });
});

describe('a collector that is down', () => {
  test.each([
    ['is unreachable', async () => `http://127.0.0.1:${await freePort()}`],
    [
      'never answers',
      async () => {
        collector.hang();
        return collector.url;
      },
    ],
  ])('and %s affects neither a deploy nor the end of a process', async (what, endpoint) => {
    const name = what.replaceAll(' ', '-');
    const flags = { 'otel-exporter-otlp-endpoint': await endpoint() };
    const skipper = await world.startStandalone({ flags, env: PATIENT });
    await world.addNamespace(name, { fdd: OLD });

    const target = await world.deployed(name);
    await skipper.stop();

    expect(target).toMatchObject({ state: 'completed', version: NEW });
    expect(await skipper.exited).toEqual({ code: 0, signal: null });
  });

  test('is reported once', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const skipper = await world.startStandalone({
      flags: { 'otel-exporter-otlp-endpoint': endpoint },
      env: { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_EXPORTER_OTLP_TIMEOUT: '100' },
    });
    for (let request = 0; request < 5; request += 1) await world.http('/api/status');
    await skipper.stop();

    const reported = jsonLines(skipper.lines()).filter(({ message }) => message === 'traces cannot be sent');
    expect(reported).toHaveLength(1);
    expect(reported[0]).toMatchObject({
      level: 'WARN',
      collector: `${endpoint}/v1/traces`,
      reason: expect.any(String),
    });
  });
});
