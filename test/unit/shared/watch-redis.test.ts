import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { RedisConnection } from '../../../shared/redis.ts';
import { watchRedis } from '../../../shared/watch-redis.ts';
import { silentLog } from '../../support/builders.ts';
import { until } from '../../support/until.ts';

/** A Redis that refuses some commands, with a message. */
function aRedis(refusals: Readonly<Record<string, string>> = {}, log = silentLog) {
  const facts = { status: 'ready', write: '', checks: 0 };
  const redis = {
    get status() {
      return facts.status;
    },
    set: async () => {
      facts.checks += 1;
      await pause(1);
      if (facts.write !== '') throw new Error(facts.write);
    },
    call: async (command: string) => {
      const refusal = refusals[command];
      if (refusal !== undefined) throw new Error(refusal);
      return command === 'INFO' ? 'maxmemory_policy:noeviction' : 'OK';
    },
  } as unknown as RedisConnection;
  const health = watchRedis({ redis, prefix: '{skipper}', log, checkEveryMs: 5 });
  const changes: string[] = [];
  health.onChange((problems) => void changes.push(problems.map(({ text }) => text).join()));
  return { facts, health, changes };
}

describe('watchRedis', () => {
  test('reports no problems for a healthy Redis', async () => {
    const { health, changes } = aRedis({ XADD: 'WRONGTYPE the key holds another kind of value' });

    expect(await health.check()).toEqual([]);
    health.stop();
    expect(changes).toEqual([]);
  });

  test('names each missing permission once', async () => {
    const noChannels = 'NOPERM this user has no permissions to access one of the channels used as arguments';
    const { health } = aRedis({
      INFO: "NOPERM this user has no permissions to run the 'info' command",
      PUBLISH: noChannels,
      EVAL: noChannels,
    });

    const problems = await health.check();
    health.stop();

    expect(problems.map(({ text }) => text)).toEqual([
      expect.stringContaining('+info'),
      expect.stringContaining('&{skipper}:*'),
    ]);
  });

  test('reports when Redis is full, and when it has recovered', async () => {
    const { facts, health, changes } = aRedis();
    facts.write = 'OOM command not allowed';
    await until(() => changes.length === 1, 'it is reported');
    facts.write = '';
    await until(() => changes.length === 2, 'its end is reported');
    health.stop();

    expect(changes).toEqual([expect.stringMatching(/^Redis is full/), '']);
  });

  test.each([
    ['reconnecting', []],
    ['ready', ['Redis is healthy again']],
  ])('logs that Redis is healthy again only if it is connected: %s', async (status, logged) => {
    const infos: string[] = [];
    const log = { ...silentLog, warn: () => undefined, info: (text: string) => void infos.push(text) };
    const { facts, health, changes } = aRedis({}, log as unknown as typeof silentLog);
    facts.write = 'OOM command not allowed';
    await until(() => changes.length === 1, 'it is reported');
    Object.assign(facts, { status, write: '' });
    await pause(40);
    await until(() => infos.length >= logged.length, 'it is logged');
    health.stop();

    expect(infos).toEqual(logged);
  });

  test('runs one check at a time, and none while Redis is disconnected', async () => {
    const { facts, health } = aRedis();
    await Promise.all([health.check(), health.check(), health.check()]);
    const checks = facts.checks;
    facts.status = 'reconnecting';
    await pause(10);
    const before = facts.checks;
    await pause(30);
    health.stop();

    expect(checks).toBe(1);
    expect(facts.checks).toBe(before);
  });
});
