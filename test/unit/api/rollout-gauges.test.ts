import { describe, expect, test } from '@jest/globals';
import { refreshRolloutGauges } from '../../../api/rollout-gauges.ts';
import type { Core } from '../../../shared/core.ts';
import { createMetrics } from '../../../shared/metrics.ts';
import { silentLog } from '../../support/builders.ts';

type Open = Awaited<ReturnType<Core['state']['openStates']>>;

async function exported(read: () => Promise<Open>, metrics = createMetrics()): Promise<string[]> {
  const state = { openStates: read } as Core['state'];
  await refreshRolloutGauges({ state, metrics, log: silentLog });
  const lines = (await metrics.registry.metrics()).split('\n');
  return lines.filter((line) => /^skipper_rollout(s\{|_paused)/.test(line));
}

describe('refreshRolloutGauges', () => {
  test('counts the open rollouts, and how long the first has been paused', async () => {
    const now = Date.now();
    const lines = await exported(async () => [
      { state: 'running', changedAt: now },
      { state: 'paused', changedAt: now - 90_000 },
      { state: 'paused', changedAt: now - 10_000 },
    ]);

    expect(lines.slice(0, 3)).toEqual([
      'skipper_rollouts{state="pending"} 0',
      'skipper_rollouts{state="running"} 1',
      'skipper_rollouts{state="paused"} 2',
    ]);
    expect(lines[3]).toMatch(/^skipper_rollout_paused_seconds 90/);
  });

  test('is 0 if none is paused', async () => {
    expect((await exported(async () => [])).at(-1)).toBe('skipper_rollout_paused_seconds 0');
  });

  test('has no values while Redis is unreachable', async () => {
    const metrics = createMetrics();
    await exported(async () => [{ state: 'paused', changedAt: 0 }], metrics);

    expect(await exported(() => Promise.reject(new Error('down')), metrics)).toEqual([]);
  });
});
