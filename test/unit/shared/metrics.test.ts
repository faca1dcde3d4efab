import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createMetrics } from '../../../shared/metrics.ts';

const DOCUMENT = new URL('../../../docs/metrics.md', import.meta.url);
/** Names that dashboards for upstream's Skipper query. */
const UPSTREAM = [
  'deployments_triggered_total',
  'bootstraps_triggered_total',
  'last_triggered_deployment',
  'fiaas_enabled_namespaces',
  'web_request_started_total',
  'web_request_finished_total',
  'web_request_exception_total',
  'web_request_latency',
];

interface Described {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** Skipper's own metrics, in the order in which they are created. */
function described(): readonly Described[] {
  return createMetrics()
    .registry.getMetricsAsArray()
    .map((metric) => metric as unknown as Described)
    .filter(({ name }) => !/^(process|nodejs)_/.test(name));
}

describe('createMetrics', () => {
  test("acceptance 20: keeps upstream's names", async () => {
    const metrics = createMetrics();
    metrics.webRequestLatency.startTimer({ page: 'status' })();

    const text = await metrics.registry.metrics();

    for (const name of UPSTREAM) expect(text).toContain(`# TYPE ${name} `);
    expect(text).toContain('web_request_latency_bucket{le="0.1",page="status"}');
  });

  test('creates a new registry each time', () => {
    expect(createMetrics().registry).not.toBe(createMetrics().registry);
  });

  test("names the other metrics by Prometheus' conventions, with the prefix of the project", () => {
    const own = described().filter(({ name }) => !UPSTREAM.includes(name));

    for (const { name, type } of own) {
      expect(name).toMatch(/^skipper_[a-z_]+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    }
  });

  test('metrics that only an API sets have no value at first', async () => {
    const text = await createMetrics().registry.metrics();

    for (const name of ['workers', 'event_listeners', 'oldest_unfinished_seconds']) {
      expect(text).not.toMatch(new RegExp(`^skipper_${name} `, 'm'));
    }
  });
});

describe('docs/metrics.md', () => {
  const lines = readFileSync(DOCUMENT, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));

  test('lists all metrics, with their labels and meanings', () => {
    const wanted = described().map(({ name, type, labelNames, help }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${labels} | ${help} |`;
    });

    expect(lines).toEqual(wanted);
  });

  test("lists upstream's metrics first", () => {
    expect(lines.slice(0, UPSTREAM.length).map((line) => line.split('`')[1])).toEqual(UPSTREAM);
  });
});
