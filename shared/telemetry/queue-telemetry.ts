import { SpanKind, trace } from '@opentelemetry/api';
import type { Telemetry as QueueTelemetry } from 'bullmq';
import { BullMQOTelSpan } from 'bullmq-otel';

/** A span that is not recorded. */
const NOTHING = trace.wrapSpanContext({
  traceId: '0'.repeat(32),
  spanId: '0'.repeat(16),
  traceFlags: 0,
});

/**
 * Leaves out a queue's own housekeeping (fetching jobs, renewing locks, checking for stalled jobs): each operation would
 * be a trace of its own, many per minute even in an idle fleet.
 */
export function withoutHousekeeping({ tracer, contextManager }: QueueTelemetry): QueueTelemetry {
  return {
    contextManager,
    tracer: {
      startSpan: (name, options, parent) => {
        const isHousekeeping =
          (options?.kind as number | undefined) === SpanKind.INTERNAL &&
          parent === undefined &&
          trace.getActiveSpan() === undefined;
        return isHousekeeping ? new BullMQOTelSpan(NOTHING) : tracer.startSpan(name, options, parent);
      },
    },
  };
}
