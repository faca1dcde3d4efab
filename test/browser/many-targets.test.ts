import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Rollout, RolloutTarget, TargetState } from '../../domain/rollout/rollout.ts';
import type { RolloutEvent, TargetPlan } from '../../domain/rollout/rollout-status.ts';
import { resolveStrategy, Strategy } from '../../domain/rollout/strategy.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { quickestOf } from '../support/quickest.ts';
import { useWorld } from '../support/simulated-world.ts';
import { useBrowser } from './support/browser.ts';

/** A rollout of ten thousand namespaces, as its workers would have stored it: its page stays small and quick. */
const TARGETS = 10_000;
const FAILED = 150;
const ID = '20261129-080000-0a0b0c0d';
const KEY = `{skipper}:rollout:${ID}`;

let api: SkipperProcess;
const world = useWorld({ processes: true }, async (opened) => {
  const redis = new Redis(opened.redis.url);
  await storeRollout(redis);
  await redis.quit();
  api = await opened.startApi();
});
const browser = useBrowser();

async function storeRollout(redis: Redis): Promise<void> {
  const strategy = resolveStrategy(Strategy.parse({ type: 'Progressive' }), TARGETS);
  const rollout: Rollout = {
    id: ID,
    trigger: 'release',
    requestedBy: 'release-check',
    forceBootstrap: false,
    createdAt: Date.now() - 600_000,
    releases: [{ channel: 'stable', image: 'fdd:v2', version: 'v2' }],
    strategy,
    newerRelease: 'replace',
  };
  const waves = strategy.waves.flatMap(({ size }, wave) => Array<number>(size).fill(wave));
  const targets: Record<string, string> = {};
  const plans: Record<string, string> = {};
  for (let order = 0; order < TARGETS; order += 1) {
    const namespace = `team-${String(order).padStart(5, '0')}`;
    targets[namespace] = JSON.stringify(targetAt(order));
    plans[namespace] = JSON.stringify(planAt(order, waves[order] ?? 0));
  }
  const event: RolloutEvent = {
    at: Date.now() - 600_000,
    kind: 'created',
    state: 'pending',
    by: 'release-check',
    reason: '',
  };
  await redis
    .multi()
    .set(KEY, JSON.stringify(rollout))
    .zadd('{skipper}:rollouts', rollout.createdAt, ID)
    .hset(`${KEY}:targets`, targets)
    .hset(`${KEY}:plan`, plans)
    .hset(`${KEY}:state`, { state: 'paused', reason: 'paused by jo: lunch', revision: 1, seq: 0 })
    .lpush(`${KEY}:decisions`, JSON.stringify(event))
    .exec();
}

function stateAt(order: number): TargetState {
  if (order < FAILED) return 'failed';
  return order < TARGETS / 2 ? 'completed' : 'pending';
}

function targetAt(order: number): RolloutTarget {
  const state = stateAt(order);
  if (state === 'pending') return { state, version: 'v2' };
  const startedAt = Date.now() - 500_000;
  const ended = { state, version: 'v2', startedAt, finishedAt: startedAt + 60_000 };
  return state === 'failed'
    ? { ...ended, reason: `exceeded quota: compute-${order}`, cause: 'exceeded quota' }
    : ended;
}

function planAt(order: number, wave: number): TargetPlan {
  return { wave, order, because: '', release: 'fdd:v2', version: 'v2', channel: 'stable' };
}

describe('a rollout of 10,000 targets', () => {
  test('has a page of a hundred of them, which is small and rendered within two seconds', async () => {
    const took = await quickestOf(20, 2_000, async () => {
      const began = Date.now();
      const { status, text } = await world.http(`/rollouts/${ID}?page=37`);
      expect(status).toBe(200);
      expect(text.match(/class="target-name"/g)).toHaveLength(100);
      expect(text).toContain('3,601 to 3,700 of 10,000');
      expect(text.length).toBeLessThan(200_000);
      return Date.now() - began;
    });

    expect(took).toBeLessThan(2_000);
  });

  test('is followed with small answers, and paged by links that keep the state', async () => {
    const page = await browser.open(`${api.url}/rollouts/${ID}?state=failed`);
    const answer = await page.waitForResponse(/\/api\/rollouts\/.*limit=100/);
    expect((await answer.body()).length).toBeLessThan(100_000);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('150 namespaces').waitFor();

    await page.getByRole('link', { name: 'Next' }).click();
    await page.waitForURL(/state=failed&page=2/);
    await page.getByText('101 to 150 of 150').waitFor();
    expect(await page.locator('.targets tbody tr').count()).toBe(50);
  });

  test('fits a phone', async () => {
    const page = await browser.openOnPhone(`${api.url}/rollouts/${ID}`);
    await page.getByText('Live', { exact: true }).waitFor();

    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
});
