import {
  type Attributes,
  context,
  isSpanContextValid,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { SkipperError, toError } from '../../domain/errors.ts';

const TRACER = 'skipper';

/** Runs a function in a span of its own; costs next to nothing while tracing is off. An error is recorded with its code. */
export function inSpan<T>(
  name: string,
  attributes: Attributes,
  run: (span: Span) => Promise<T>,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> {
  return inOpenSpan(name, attributes, kind, async (span) => {
    try {
      return await run(span);
    } catch (error) {
      recordFailure(span, error);
      throw error;
    }
  });
}

/** The span of an attempt. `recordOutcome` records how it ended: errors that the attempt throws only control the queue. */
export function inAttemptSpan<T>(
  attempt: { readonly namespace: string; readonly rollout: string; readonly attempt: number },
  run: () => Promise<T>,
): Promise<T> {
  const attributes = {
    'k8s.namespace.name': attempt.namespace,
    'skipper.rollout': attempt.rollout,
    'skipper.attempt': attempt.attempt,
  };
  return inOpenSpan('deploy namespace', attributes, SpanKind.INTERNAL, run);
}

/** Records the outcome of the attempt whose span is active. */
export function recordOutcome(
  outcome: string,
  failure?: { readonly code: string; readonly reason: string },
): void {
  const span = trace.getActiveSpan();
  if (span === undefined) return;
  span.setAttribute('skipper.outcome', outcome);
  if (failure === undefined) return;
  span.setAttribute('error.type', failure.code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: failure.reason });
}

/** The span of a received request: continues the caller's trace if `headers` contain one. */
export function startServerSpan(
  name: string,
  attributes: Attributes,
  headers: Readonly<Record<string, unknown>>,
): { readonly span: Span; readonly run: (next: () => void) => void } {
  const parent = propagation.extract(context.active(), headers);
  const span = trace.getTracer(TRACER).startSpan(name, { attributes, kind: SpanKind.SERVER }, parent);
  return { span, run: (next) => context.with(trace.setSpan(parent, span), next) };
}

/** The trace of a log line; empty outside of a span. */
export function traceFields(): { trace_id?: string; span_id?: string } {
  const active = trace.getActiveSpan()?.spanContext();
  return active === undefined || !isSpanContextValid(active)
    ? {}
    : { trace_id: active.traceId, span_id: active.spanId };
}

function inOpenSpan<T>(
  name: string,
  attributes: Attributes,
  kind: SpanKind,
  run: (span: Span) => Promise<T>,
): Promise<T> {
  return trace
    .getTracer(TRACER)
    .startActiveSpan(name, { attributes, kind }, (span) => run(span).finally(() => span.end()));
}

function recordFailure(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: toError(error).message });
  span.setAttribute('error.type', error instanceof SkipperError ? error.code : 'unexpected');
}
