import { describe, expect, test } from '@jest/globals';
import { createMetrics } from '../../../shared/metrics.ts';

describe('createMetrics', () => {
  test("acceptance 20: keeps upstream's names", async () => {
    const metrics = createMetrics();
    metrics.webRequestLatency.startTimer({ page: 'status' })();

    const text = await metrics.registry.metrics();

    for (const name of [
      'deployments_triggered_total',
      'bootstraps_triggered_total',
      'web_request_started_total',
      'web_request_finished_total',
      'web_request_exception_total',
      'last_triggered_deployment',
      'fiaas_enabled_namespaces',
      'web_request_latency_bucket{le="0.1",page="status"}',
    ]) {
      expect(text).toContain(name);
    }
  });

  test('makes a registry of its own each time', () => {
    expect(createMetrics().registry).not.toBe(createMetrics().registry);
  });
});
