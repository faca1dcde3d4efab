import { describe, expect, test } from '@jest/globals';
import { type HealStep, openHealingWorld } from '../support/healing-world.ts';
import { useClock } from '../support/use-clock.ts';
import { useRedis } from '../support/use-redis.ts';

const clock = useClock();
const own = useRedis();

const A = { namespace: 'a' };

/** FDD crashes, and the next pass is to restart it. */
const SICK: readonly HealStep[] = [
  { kind: 'request', namespaces: ['a'], isPaused: false },
  { kind: 'begin', ...A },
  { kind: 'finish', ...A, isDone: true },
  { kind: 'tick', ms: 15_000 },
  { kind: 'fall', ...A, sickness: 'crashing', cure: 'restart' },
  { kind: 'pass', how: 'once' },
  { kind: 'tick', ms: 121_000 },
];
/** The worker of that pass dies after it has stored the step. */
const LOST: readonly HealStep[] = [...SICK, { kind: 'pass', how: 'dies' }, { kind: 'tick', ms: 15_000 }];

async function worldAfter(...steps: readonly HealStep[]) {
  const world = openHealingWorld(own.redis, clock, ['a']);
  for (const step of [...LOST, ...steps, { kind: 'pass', how: 'once' } as const]) await world.perform(step);
  return world;
}

describe('a step that a dying worker has stored, and not requested', () => {
  test('is requested by the next pass', async () => {
    const world = await worldAfter();

    expect(world.repaired()).toEqual(['a']);
    expect((await world.healingOf('a'))?.steps).toMatchObject([{ rolloutId: expect.any(String) }]);
  });

  test.each<[string, HealStep]>([
    ['its namespace is held', { kind: 'hold', ...A }],
    ['FDD has recovered', { kind: 'recover', ...A }],
    ['a person has requested a deploy', { kind: 'request', namespaces: ['a'], isPaused: false }],
    ['a person has stopped healing', { kind: 'stop' }],
    ['healing only reports now', { kind: 'pass', how: 'report' }],
  ])('is not requested if %s', async (_why, meanwhile) => {
    const world = await worldAfter(meanwhile);

    expect(world.repaired()).toEqual([]);
    expect((await world.healingOf('a'))?.steps).toMatchObject([
      { end: 'cancelled', result: expect.stringContaining('not carried out') },
    ]);
  });

  test('is not requested by its worker either, if that was only suspended while another pass gave it up', async () => {
    const world = openHealingWorld(own.redis, clock, ['a']);
    for (const step of SICK) await world.perform(step);
    await world.perform({ kind: 'late pass', meanwhile: [{ kind: 'stop' }, { kind: 'pass', how: 'once' }] });

    expect(world.repaired()).toEqual([]);
    expect((await world.healingOf('a'))?.steps).toMatchObject([
      { end: 'cancelled', result: 'not carried out: a test' },
    ]);
  });
});
