import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { BullMQOtel } from 'bullmq-otel';
import { SkipperError } from '../../../../domain/errors.ts';
import { withoutHousekeeping } from '../../../../shared/telemetry/queue-telemetry.ts';
import {
  inAttemptSpan,
  inSpan,
  recordOutcome,
  startServerSpan,
  traceFields,
} from '../../../../shared/telemetry/spans.ts';

const ATTEMPT = { namespace: 'team-a', rollout: 'r1', attempt: 2 };

describe('while tracing is off', () => {
  test('everything runs, and log lines have no trace id', async () => {
    const fields = await inSpan('step', {}, async (span) => {
      recordOutcome('updated');
      return [span.isRecording(), traceFields()];
    });
    const failing = inSpan('step', {}, async () => Promise.reject(new Error('the reason')));
    let ran = false;
    startServerSpan('GET /', {}, { traceparent: 'nonsense' }).run(() => {
      ran = true;
    });

    expect(fields).toEqual([false, {}]);
    await expect(failing).rejects.toThrow('the reason');
    expect(ran).toBe(true);
  });
});

describe('while tracing is on', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  beforeAll(() => provider.register());
  afterEach(() => exporter.reset());
  afterAll(() => provider.shutdown());

  function finished() {
    return exporter.getFinishedSpans();
  }

  test('a span records an error with its code, and rethrows it', async () => {
    const error = new SkipperError('quota_exceeded', 'no room');

    await expect(inSpan('apply', {}, () => Promise.reject(error))).rejects.toBe(error);

    expect(finished()).toMatchObject([
      {
        name: 'apply',
        status: { code: SpanStatusCode.ERROR, message: 'no room' },
        attributes: { 'error.type': 'quota_exceeded' },
      },
    ]);
  });

  test('an attempt records its own outcome, and errors that only control the queue do not count as failures', async () => {
    const queueControl = new Error('bullmq:movedToDelayed');

    const ended = inAttemptSpan(ATTEMPT, async () => {
      await inSpan('plan', {}, async () => undefined);
      recordOutcome('retrying', { code: 'conflict', reason: 'somebody else wrote' });
      throw queueControl;
    });

    await expect(ended).rejects.toBe(queueControl);
    const [plan, attempt] = finished();
    expect(plan?.parentSpanContext?.spanId).toBe(attempt?.spanContext().spanId);
    expect(attempt).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'somebody else wrote' },
      attributes: {
        'k8s.namespace.name': 'team-a',
        'skipper.rollout': 'r1',
        'skipper.attempt': 2,
        'skipper.outcome': 'retrying',
        'error.type': 'conflict',
      },
    });
  });

  test("a request continues its caller's trace, and log lines have its id", () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { span, run } = startServerSpan('GET /', {}, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
    let fields = {};
    run(() => {
      fields = traceFields();
    });
    span.end();

    expect(fields).toEqual({ trace_id: traceId, span_id: span.spanContext().spanId });
    expect(finished()).toMatchObject([{ kind: SpanKind.SERVER }]);
  });

  test.each([
    ['no value', {}],
    ['an invalid value', { traceparent: '00-zz-zz-01' }],
    ['zeros', { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }],
    ['a list', { traceparent: ['a', 'b'] }],
  ])('a request with %s as traceparent starts a new trace', (_what, headers) => {
    startServerSpan('GET /', {}, headers).span.end();

    expect(finished()[0]?.parentSpanContext).toBeUndefined();
  });

  test('internal work of a queue creates no spans, work within a caller’s span does', async () => {
    const { tracer } = withoutHousekeeping(new BullMQOtel({ tracerName: 'skipper' }));
    const options = (kind: SpanKind) => ({ kind }) as Parameters<typeof tracer.startSpan>[1];

    tracer.startSpan('extendLocks', options(SpanKind.INTERNAL)).end();
    tracer.startSpan('add', options(SpanKind.PRODUCER)).end();
    await inSpan('run', {}, async () => tracer.startSpan('complete', options(SpanKind.INTERNAL)).end());

    expect(finished().map(({ name }) => name)).toEqual(['add', 'complete', 'run']);
  });
});
