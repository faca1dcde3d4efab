import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Core } from '../../../shared/core.ts';
import { keepSchedules } from '../../../worker/keep-schedules.ts';
import { createFakeCore } from '../../support/fake-core.ts';
import { until } from '../../support/until.ts';

/** A queue whose schedules a test can delete. */
function aForgetfulQueue() {
  const redis = Object.assign(new EventEmitter(), { status: 'ready' });
  const schedules = new Map<string, number>();
  const queue = {
    upsertJobScheduler: async (id: string, { every }: { every: number }) => void schedules.set(id, every),
    getJobScheduler: async (id: string) =>
      schedules.has(id)
        ? { every: schedules.get(id), next: 1, template: { data: { autoUpdate: true } } }
        : undefined,
    setGlobalConcurrency: async (limit: number) => void schedules.set('concurrency', limit),
  };
  const { core } = createFakeCore({ flags: { releaseCheckInterval: 60 } });
  return {
    redis,
    schedules,
    core: { ...core, redis, releaseCheckQueue: queue, healQueue: queue } as unknown as Core,
  };
}

const ALL = { 'release-check': 60_000, repair: 15_000, heal: 15_000, concurrency: 1 };

describe('keepSchedules', () => {
  test('schedules immediately, and again on each connection', async () => {
    const { redis, schedules, core } = aForgetfulQueue();
    const kept = await keepSchedules(core, { everyMs: 1_000_000 });
    const atFirst = new Map(schedules);
    schedules.clear();

    redis.emit('ready');
    await until(() => schedules.size === atFirst.size, 'all are scheduled');
    kept.stop();

    expect(Object.fromEntries(atFirst)).toEqual(ALL);
    expect(Object.fromEntries(schedules)).toEqual(ALL);
  });

  test('schedules periodically, in case Redis loses data but no connection', async () => {
    const { schedules, core } = aForgetfulQueue();
    const kept = await keepSchedules(core, { everyMs: 20 });
    schedules.clear();

    await until(() => schedules.size === Object.keys(ALL).length, 'all are scheduled');
    kept.stop();

    expect(Object.fromEntries(schedules)).toEqual(ALL);
  });

  test('renews also what is scheduled after a rebuild: its next job can be lost', async () => {
    const { schedules, core } = aForgetfulQueue();
    const kept = await keepSchedules(core, { everyMs: 1_000_000 });
    for (const id of schedules.keys()) schedules.set(id, 0);

    kept.renew();
    await until(() => [...schedules.values()].every((value) => value > 0), 'all are scheduled');
    kept.stop();

    expect(Object.fromEntries(schedules)).toEqual(ALL);
  });

  test('schedules nothing while Redis is unreachable, or after the stop', async () => {
    const { redis, schedules, core } = aForgetfulQueue();
    const kept = await keepSchedules(core, { everyMs: 10 });
    schedules.clear();
    redis.status = 'reconnecting';
    await pause(30);
    const whileUnreachable = schedules.size;

    kept.stop();
    redis.status = 'ready';
    redis.emit('ready');
    await pause(30);

    expect([whileUnreachable, schedules.size]).toEqual([0, 0]);
  });
});
