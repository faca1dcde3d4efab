import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { createMetrics } from '../../shared/metrics.ts';
import { type AlertRule, chartFile, pick, render } from './support/helm.ts';

const { spec } = pick(
  render({ monitoring: { prometheusRule: { enabled: true } } }),
  'PrometheusRule',
  'fiaas-skipper',
);
const rules: readonly AlertRule[] = spec.groups[0].rules;
/** The first comes from Prometheus, the second from kube-state-metrics. */
const FROM_ELSEWHERE = ['up', 'kube_pod_status_ready'];

describe('alerts and dashboard', () => {
  test.each(rules)('$alert uses only metrics that exist', async ({ expr }) => {
    expect(await unknownMetricsIn(expr)).toEqual([]);
  });

  test('the panels use only metrics that exist', async () => {
    const { panels } = JSON.parse(readFileSync(chartFile('dashboards/skipper.json'), 'utf8')) as {
      panels: readonly { title: string; targets: readonly { expr: string }[] }[];
    };

    for (const { title, targets } of panels) {
      for (const { expr } of targets) expect([title, await unknownMetricsIn(expr)]).toEqual([title, []]);
    }
  });
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

describe('promtool', () => {
  if (!hasPromtool) {
    test.skip('is skipped: promtool is not installed (Debian package prometheus)', () => undefined);
    return;
  }

  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'skipper-chart-rules-'));
    writeFileSync(join(folder, 'rules.yaml'), stringify(spec));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('accepts the rules', () => {
    const { stdout, stderr, status } = promtool(['check', 'rules', 'rules.yaml']);

    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`${rules.length} rules found`);
  });

  const HEALTHY: Readonly<Record<string, string>> = {
    'up{namespace="fiaas-skipper",job="fiaas-skipper-worker",pod="a"}': '1x180',
    'up{namespace="fiaas-skipper",job="fiaas-skipper",pod="b"}': '1x180',
    'kube_pod_status_ready{namespace="fiaas-skipper",pod="fiaas-skipper-api-x",condition="true"}': '1x180',
    'skipper_redis_up{namespace="fiaas-skipper",job="fiaas-skipper-worker",pod="a"}': '1x180',
    'skipper_redis_up{namespace="fiaas-skipper",job="fiaas-skipper",pod="b"}': '1x180',
    'skipper_oldest_unfinished_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '0x180',
    'skipper_namespaces_outdated{namespace="fiaas-skipper",job="fiaas-skipper",channel="stable"}': '0x180',
    'skipper_namespaces_outdated{namespace="fiaas-skipper",job="fiaas-skipper",channel="latest"}': '0x180',
    'skipper_channel_readable{namespace="fiaas-skipper",job="fiaas-skipper",channel="stable"}': '1x180',
    'skipper_channel_readable{namespace="fiaas-skipper",job="fiaas-skipper",channel="latest"}': '1x180',
    'skipper_release_check_age_seconds{namespace="fiaas-skipper",job="fiaas-skipper",pod="b"}': '30x180',
    'skipper_release_check_interval_seconds{namespace="fiaas-skipper",job="fiaas-skipper",pod="b"}': '60x180',
    'skipper_rollout_paused_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '0x180',
    'skipper_heal_stopped{namespace="fiaas-skipper",job="fiaas-skipper"}': '0x180',
    'skipper_heal_namespaces{namespace="fiaas-skipper",job="fiaas-skipper",state="quarantined"}': '0x180',
    'skipper_heal_last_pass_timestamp_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '0+60x180',
    'skipper_heal_interval_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '15x180',
    'skipper_oldest_notification_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '0x180',
    'skipper_notifications_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",receiver="ops",result="dropped"}':
      '0x180',
    'skipper_rollouts_ended_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",state="failed"}':
      '0x180',
    'skipper_adoption_lag_seconds_bucket{namespace="fiaas-skipper",job="fiaas-skipper-worker",le="3600"}':
      '0+99x180',
    'skipper_adoption_lag_seconds_bucket{namespace="fiaas-skipper",job="fiaas-skipper-worker",le="+Inf"}':
      '0+100x180',
    'skipper_runs_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",outcome="verified"}': '0+1x180',
    'skipper_runs_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",outcome="failed"}': '0x180',
    'skipper_namespaces{namespace="fiaas-skipper",job="fiaas-skipper",status="OK"}': '9x180',
    'skipper_namespaces{namespace="fiaas-skipper",job="fiaas-skipper",status="HELM_MANAGED"}': '1x180',
  };

  test('no alert fires when all is healthy, or when there is nothing to do', () => {
    expect(firing({})).toEqual([]);
    expect(
      firing({
        'skipper_runs_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",outcome="verified"}':
          '5x180',
      }),
    ).toEqual([]);
  });

  test('a rollout that takes hours but makes progress is not stuck', () => {
    const series = {
      'skipper_oldest_unfinished_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '60+60x180',
    };

    expect(firing(series)).toEqual([]);
  });

  test('the alert on a channel names it', () => {
    const { annotations } = rules.find(({ alert }) => alert === 'SkipperReleaseChannelUnreadable') ?? {};

    expect(annotations?.summary).toContain('{{ $labels.channel }}');
  });

  test.each<[string, Readonly<Record<string, string | undefined>>]>([
    ['SkipperWorkersDown', { 'up{namespace="fiaas-skipper",job="fiaas-skipper-worker",pod="a"}': '0x180' }],
    ['SkipperApiDown', { 'up{namespace="fiaas-skipper",job="fiaas-skipper",pod="b"}': '1x20 _x160' }],
    [
      'SkipperNotReady',
      {
        'kube_pod_status_ready{namespace="fiaas-skipper",pod="fiaas-skipper-api-x",condition="true"}':
          '0x180',
      },
    ],
    [
      'SkipperRolloutStuck',
      {
        'skipper_oldest_unfinished_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '60+60x180',
        'skipper_runs_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",outcome="verified"}':
          '5x180',
      },
    ],
    [
      'SkipperRolloutStuck',
      {
        'skipper_oldest_unfinished_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '60+60x180',
        'skipper_runs_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",outcome="verified"}':
          undefined,
        'skipper_runs_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",outcome="failed"}':
          undefined,
      },
    ],
    [
      'SkipperRunsFail',
      {
        'skipper_runs_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",outcome="failed"}':
          '0+3x180',
      },
    ],
    [
      'SkipperRolloutPaused',
      { 'skipper_rollout_paused_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '0x110 0+60x70' },
    ],
    [
      'SkipperRolloutFailed',
      {
        'skipper_rollouts_ended_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",state="failed"}':
          '0x140 1x40',
      },
    ],
    [
      'SkipperHealingStopped',
      { 'skipper_heal_stopped{namespace="fiaas-skipper",job="fiaas-skipper"}': '0x20 1x160' },
    ],
    [
      'SkipperNamespacesQuarantined',
      {
        'skipper_heal_namespaces{namespace="fiaas-skipper",job="fiaas-skipper",state="quarantined"}': '2x180',
      },
    ],
    [
      'SkipperHealingOverdue',
      { 'skipper_heal_last_pass_timestamp_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '0x180' },
    ],
    [
      'SkipperNotificationsFailing',
      {
        'skipper_notifications_total{namespace="fiaas-skipper",job="fiaas-skipper-worker",receiver="ops",result="dropped"}':
          '0x140 1x40',
      },
    ],
    [
      'SkipperNotificationsFailing',
      { 'skipper_oldest_notification_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '0+60x180' },
    ],
    [
      'SkipperAdoptionSlow',
      {
        'skipper_adoption_lag_seconds_bucket{namespace="fiaas-skipper",job="fiaas-skipper-worker",le="3600"}':
          '0+60x180',
      },
    ],
    [
      'SkipperRedisAway',
      {
        'skipper_redis_up{namespace="fiaas-skipper",job="fiaas-skipper-worker",pod="a"}': '1x20 0x160',
        // Metrics that need Redis have no value then.
        'skipper_oldest_unfinished_seconds{namespace="fiaas-skipper",job="fiaas-skipper"}': '60x20 _x160',
      },
    ],
    [
      'SkipperNamespacesOutdated',
      {
        'skipper_namespaces_outdated{namespace="fiaas-skipper",job="fiaas-skipper",channel="latest"}':
          '2x180',
      },
    ],
    [
      'SkipperNamespacesNotOk',
      {
        'skipper_namespaces_by_health{namespace="fiaas-skipper",job="fiaas-skipper",health="degraded"}':
          '2x180',
      },
    ],
    [
      'SkipperNamespacesNotOk',
      {
        'skipper_namespaces_by_health{namespace="fiaas-skipper",job="fiaas-skipper",health="unknown"}':
          '2x180',
      },
    ],
    [
      'SkipperReleaseCheckOverdue',
      {
        'skipper_release_check_age_seconds{namespace="fiaas-skipper",job="fiaas-skipper",pod="b"}':
          '30+60x180',
      },
    ],
    [
      'SkipperReleaseChannelUnreadable',
      {
        'skipper_channel_readable{namespace="fiaas-skipper",job="fiaas-skipper",channel="latest"}':
          '1x20 0x160',
      },
    ],
  ])('only %s fires when it should', (alert, series) => {
    expect(firing(series)).toEqual([alert]);
  });

  /** Alerts that fire after two and a half hours with these series instead of the healthy ones; undefined removes one. */
  function firing(series: Readonly<Record<string, string | undefined>>): string[] {
    const given = Object.entries({ ...HEALTHY, ...series }).filter(([, values]) => values !== undefined);
    const input_series = given.map(([name, values]) => ({ series: name, values }));
    // No alert is expected, so promtool reports each one that fires.
    const alert_rule_test = rules.map(({ alert }) => ({
      eval_time: '150m',
      alertname: alert,
      exp_alerts: [],
    }));
    const tests = [{ interval: '1m', input_series, alert_rule_test }];
    writeFileSync(
      join(folder, 'test.yaml'),
      stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests }),
    );
    const { stdout, stderr, status } = promtool(['test', 'rules', 'test.yaml']);
    const fired = [...(stdout + stderr).matchAll(/alertname: ?(\w+)/g)].map(([, alert = '']) => alert);
    expect(fired.length === 0).toBe(status === 0);
    return fired;
  }

  function promtool(args: readonly string[]) {
    return spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });
  }
});

/** Names in an expression that no process exports. */
async function unknownMetricsIn(expr: string): Promise<string[]> {
  const known = new Set((await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name));
  const names = [...expr.matchAll(/([a-z_]+)\{/g)].map(([, name = '']) => name.replace(/_bucket$/, ''));
  expect(names).not.toEqual([]);
  return names.filter((name) => !known.has(name) && !FROM_ELSEWHERE.includes(name));
}
