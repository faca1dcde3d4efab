import { SpanKind, trace } from '@opentelemetry/api';
import type { Telemetry as QueueTelemetry } from 'bullmq';
import { BullMQOTelSpan } from 'bullmq-otel';

/** A span that nobody records. */
const NOTHING = trace.wrapSpanContext({
  traceId: '0'.repeat(32),
  spanId: '0'.repeat(16),
  traceFlags: 0,
});

/**
 * Leaves out what a queue does for itself (asking for jobs, prolonging locks, looking for stalled jobs): each would be a
 * trace of its own, many a minute, also in a fleet where nothing happens.
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
