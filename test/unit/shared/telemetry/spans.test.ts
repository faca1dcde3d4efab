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
  test('everything runs, and log lines name no trace', async () => {
    const fields = await inSpan('step', {}, async (span) => {
      recordOutcome('updated');
      return [span.isRecording(), traceFields()];
    });
    const failing = inSpan('step', {}, async () => Promise.reject(new Error('why')));
    let ran = false;
    startServerSpan('GET /', {}, { traceparent: 'nonsense' }).run(() => {
      ran = true;
    });

    expect(fields).toEqual([false, {}]);
    await expect(failing).rejects.toThrow('why');
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

  test('a span holds what fails in it, with its code, and lets it fly', async () => {
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

  test('an attempt tells its end itself, and what steers the queue is no failure of it', async () => {
    const steering = new Error('bullmq:movedToDelayed');

    const ended = inAttemptSpan(ATTEMPT, async () => {
      await inSpan('plan', {}, async () => undefined);
      recordOutcome('retrying', { code: 'conflict', reason: 'somebody else wrote' });
      throw steering;
    });

    await expect(ended).rejects.toBe(steering);
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

  test("a request goes on with its caller's trace, and log lines name it", () => {
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
    ['nothing', {}],
    ['nonsense', { traceparent: '00-zz-zz-01' }],
    ['zeros', { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }],
    ['a list', { traceparent: ['a', 'b'] }],
  ])('a request with %s as traceparent begins a trace of its own', (_what, headers) => {
    startServerSpan('GET /', {}, headers).span.end();

    expect(finished()[0]?.parentSpanContext).toBeUndefined();
  });

  test('what a queue does for itself is left out, what it does for somebody is not', async () => {
    const { tracer } = withoutHousekeeping(new BullMQOtel({ tracerName: 'skipper' }));
    const options = (kind: SpanKind) => ({ kind }) as Parameters<typeof tracer.startSpan>[1];

    tracer.startSpan('extendLocks', options(SpanKind.INTERNAL)).end();
    tracer.startSpan('add', options(SpanKind.PRODUCER)).end();
    await inSpan('run', {}, async () => tracer.startSpan('complete', options(SpanKind.INTERNAL)).end());

    expect(finished().map(({ name }) => name)).toEqual(['add', 'complete', 'run']);
  });
});
