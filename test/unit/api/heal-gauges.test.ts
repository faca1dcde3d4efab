import { describe, expect, test } from '@jest/globals';
import { refreshHealGauges } from '../../../api/heal-gauges.ts';
import type { HealingStatus } from '../../../domain/heal/healing.ts';
import { RULES } from '../../../domain/heal/rule.ts';
import type { Core } from '../../../shared/core.ts';
import { createMetrics } from '../../../shared/metrics.ts';
import { silentLog } from '../../support/builders.ts';
import { aFinding, aStatus } from '../../support/healing-builders.ts';

async function exported(
  read: () => Promise<HealingStatus | undefined>,
  metrics = createMetrics(),
): Promise<string[]> {
  const state = { healingStatus: read } as Core['state'];
  await refreshHealGauges({ state, metrics, log: silentLog });
  const lines = (await metrics.registry.metrics()).split('\n');
  return lines.filter((line) => line.startsWith('skipper_heal_') && !line.startsWith('skipper_heal_steps'));
}

const fresh = (fields: Partial<HealingStatus> = {}) => aStatus({ checkedAt: Date.now(), ...fields });

describe('refreshHealGauges', () => {
  test('exports what the latest pass has found', async () => {
    const status = fresh({ states: { quarantined: 2 }, stopped: { at: 1, reason: 'x' } });
    const lines = await exported(async () => status);

    expect(lines.filter((line) => line.startsWith('skipper_heal_rule_'))).toHaveLength(RULES.length);
    expect(lines).toEqual(
      expect.arrayContaining([
        'skipper_heal_rule_namespaces{rule="crash-loop"} 1',
        'skipper_heal_rule_namespaces{rule="deaf"} 0',
        'skipper_heal_namespaces{state="quarantined"} 2',
        'skipper_heal_namespaces{state="waiting"} 0',
        'skipper_heal_stopped 1',
        'skipper_heal_cap_used 3',
        'skipper_heal_cap_limit 20',
        'skipper_heal_interval_seconds 15',
        `skipper_heal_last_pass_timestamp_seconds ${status.checkedAt / 1000}`,
      ]),
    );
  });

  test('says nothing about deaf while its watches are not in order', async () => {
    const lines = await exported(async () => fresh({ isDeafKnown: false }));

    expect(lines.join('\n')).not.toContain('deaf');
    expect(lines).toContain('skipper_heal_stopped 0');
  });

  test('says nothing about rules that were not judged', async () => {
    const fleetWide = [aFinding('crd-missing', { isFleetWide: true })];
    const lines = await exported(async () => fresh({ fleetWide, rules: { 'crd-missing': 200 } }));

    expect(lines.filter((line) => line.startsWith('skipper_heal_rule_'))).toEqual([
      'skipper_heal_rule_namespaces{rule="crd-missing"} 200',
    ]);
  });

  test('of an old pass, only exports when it was', async () => {
    const metrics = createMetrics();
    await exported(async () => fresh(), metrics);
    const lines = await exported(async () => fresh({ checkedAt: Date.now() - 120_000 }), metrics);

    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'skipper_heal_last_pass_timestamp_seconds',
      'skipper_heal_interval_seconds',
    ]);
  });

  test.each([
    ['healing is off', async () => fresh({ mode: 'off' })],
    ['no pass is known', async () => undefined],
    ['Redis is unreachable', () => Promise.reject(new Error('down'))],
  ])('has no values while %s', async (_what, read) => {
    const metrics = createMetrics();
    await exported(async () => fresh(), metrics);

    expect(await exported(read, metrics)).toEqual([]);
  });
});
