import type { Telemetry as QueueTelemetry } from 'bullmq';
import type { Logger } from 'pino';
import { messageOf } from '../../domain/errors.ts';
import { pause } from '../pause.ts';

/** Tracing by OpenTelemetry, if a collector is set. */
export interface Telemetry {
  /** Carries a trace from the process that adds a job to the one that runs it; undefined while tracing is off. */
  readonly queues: QueueTelemetry | undefined;
  /** Why traces cannot be sent at the moment. */
  problems(): readonly string[];
  /** Sends the remaining spans, for at most a few seconds. */
  close(): Promise<void>;
}

const OFF: Telemetry = { queues: undefined, problems: () => [], close: async () => undefined };
/** An unreachable collector must not delay shutdown. */
const CLOSE_TIMEOUT_MS = 3_000;
/** An unreachable collector is logged at most this often. */
const COMPLAINT_INTERVAL_MS = 60_000;

/**
 * Sends traces to `<endpoint>/v1/traces`. Headers, sampling, batching and resource attributes are read from OpenTelemetry's own
 * variables (OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_BSP_*, OTEL_RESOURCE_ATTRIBUTES).
 */
export async function openTelemetry(
  endpoint: string | undefined,
  version: string,
  log: Logger,
): Promise<Telemetry> {
  if (endpoint === undefined) return OFF;
  // Imported only here, so that a process without tracing does not load the SDK.
  const [api, sdk, exporter, resources, bullmq, queues] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('bullmq-otel'),
    import('./queue-telemetry.ts'),
  ]);
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  const nothing = () => undefined;
  const complain = atMostEvery(COMPLAINT_INTERVAL_MS, (reason) =>
    log.warn({ collector: url, reason }, 'traces cannot be sent'),
  );
  api.diag.setLogger(
    { error: complain, warn: nothing, info: nothing, debug: nothing, verbose: nothing },
    api.DiagLogLevel.ERROR,
  );
  const service = resources.resourceFromAttributes({ 'service.name': 'skipper', 'service.version': version });
  const given = resources.detectResources({ detectors: [resources.envDetector] });
  let failure: string | undefined;
  const traces = new exporter.OTLPTraceExporter({ url });
  const send = traces.export.bind(traces);
  traces.export = (spans, done) =>
    send(spans, (result) => {
      failure = result.code === 0 ? undefined : messageOf(result.error ?? 'refused');
      done(result);
    });
  const provider = new sdk.NodeTracerProvider({
    resource: resources.defaultResource().merge(service).merge(given),
    spanProcessors: [new sdk.BatchSpanProcessor(traces)],
  });
  provider.register();
  return {
    queues: queues.withoutHousekeeping(new bullmq.BullMQOtel({ tracerName: 'skipper', version })),
    problems: () => (failure === undefined ? [] : [`traces cannot be sent to ${url}: ${failure}`]),
    close: () => Promise.race([provider.shutdown().catch(complain), pause(CLOSE_TIMEOUT_MS, { ref: false })]),
  };
}

function atMostEvery(intervalMs: number, complain: (reason: string) => void): (reason: unknown) => void {
  let complainedAt = Number.NEGATIVE_INFINITY;
  return (reason) => {
    if (Date.now() - complainedAt < intervalMs) return;
    complainedAt = Date.now();
    complain(reason instanceof Error ? reason.message : String(reason));
  };
}
