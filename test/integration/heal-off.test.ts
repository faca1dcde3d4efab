import { expect, test } from '@jest/globals';
import { type HealStep, openHealingWorld } from '../support/healing-world.ts';
import { useClock } from '../support/use-clock.ts';
import { useRedis } from '../support/use-redis.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const clock = useClock();
const own = useRedis();

const DEPLOYED: readonly HealStep[] = [
  { kind: 'request', namespaces: NAMES, isPaused: false },
  ...NAMES.flatMap((namespace): HealStep[] => [
    { kind: 'begin', namespace },
    { kind: 'finish', namespace, isDone: true },
  ]),
  { kind: 'pass', how: 'once' },
  { kind: 'tick', ms: 15_000 },
];
const fall = (namespace: string) =>
  ({ kind: 'fall', namespace, sickness: 'deleted', cure: 'deploy' }) as const;

test('a pass of a worker with --heal off does not lift the stop of the others', async () => {
  const world = openHealingWorld(own.redis, clock, NAMES);
  for (const step of [...DEPLOYED, ...NAMES.map(fall)]) await world.perform(step);
  for (const how of ['once', 'off', 'once', 'off'] as const) {
    await world.perform({ kind: 'pass', how });
    await world.perform({ kind: 'tick', ms: 61_000 });
  }
  for (let passes = 0; passes < 10; passes += 1) {
    await world.perform({ kind: 'pass', how: 'once' });
    await world.perform({ kind: 'tick', ms: 15_000 });
  }

  expect(world.repaired()).toEqual([]);
  expect((await world.healingOf('a'))?.state).toBe('stopped');
});
