import type { Telemetry as QueueTelemetry } from 'bullmq';

/** Tracing by OpenTelemetry, where a collector is named. */
export interface Telemetry {
  /** Carries the trace of whoever adds a job to whoever works on it; undefined while tracing is off. */
  readonly queues: QueueTelemetry | undefined;
  /** Sends what is still here. */
  close(): Promise<void>;
}

const OFF: Telemetry = { queues: undefined, close: async () => undefined };

/**
 * Sends traces to `<endpoint>/v1/traces`. Headers, sampling, batching and resource attributes are read from OpenTelemetry's own
 * variables (OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_BSP_*, OTEL_RESOURCE_ATTRIBUTES).
 */
export async function openTelemetry(endpoint: string | undefined, version: string): Promise<Telemetry> {
  if (endpoint === undefined) return OFF;
  // Only here: a process that does not trace need not carry the SDK.
  const [sdk, exporter, resources, bullmq] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('bullmq-otel'),
  ]);
  const service = resources.resourceFromAttributes({ 'service.name': 'skipper', 'service.version': version });
  const given = resources.detectResources({ detectors: [resources.envDetector] });
  const provider = new sdk.NodeTracerProvider({
    resource: resources.defaultResource().merge(service).merge(given),
    spanProcessors: [
      new sdk.BatchSpanProcessor(
        new exporter.OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` }),
      ),
    ],
  });
  provider.register();
  return {
    queues: new bullmq.BullMQOtel({ tracerName: 'skipper', version }),
    close: () => provider.shutdown(),
  };
}
