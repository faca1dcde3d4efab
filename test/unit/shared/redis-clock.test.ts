import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { RedisConnection } from '../../../shared/redis.ts';
import { openRedisClock, type RedisClock } from '../../../shared/redis-clock.ts';
import { silentLog } from '../../support/builders.ts';

describe('openRedisClock', () => {
  let clock: RedisClock | undefined;
  afterEach(() => clock?.stop());

  /** A clock beside a Redis whose time differs by this much. */
  async function open(aheadMs: number, answer?: () => Promise<never>): Promise<number> {
    const time = async () => {
      const at = Date.now() + aheadMs;
      return [Math.floor(at / 1000), (at % 1000) * 1000];
    };
    const redis = Object.assign(new EventEmitter(), { status: 'ready', time: answer ?? time });
    clock = openRedisClock(redis as unknown as RedisConnection, silentLog);
    await clock.measure().catch(() => undefined);
    return clock.now() - Date.now();
  }

  test.each([
    ['behind', 90_000],
    ['ahead of', -90_000],
  ])('shows the time of Redis on a machine that is %s it', async (_what, aheadMs) => {
    expect(Math.abs((await open(aheadMs)) - aheadMs)).toBeLessThan(1_000);
  });

  test('leaves clocks alone that are synchronised', async () => {
    expect(Math.abs(await open(40))).toBeLessThan(20);
  });

  test('shows the time of the machine as long as Redis does not answer', async () => {
    const down = () => Promise.reject(new Error('down'));

    expect(Math.abs(await open(90_000, down))).toBeLessThan(20);
  });
});
