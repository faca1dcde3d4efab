import { describe, expect, test } from '@jest/globals';
import { eventKindOf } from '../../domain/notify/event-kind.ts';
import { type HealStep, openHealingWorld } from '../support/healing-world.ts';
import { useClock } from '../support/use-clock.ts';
import { useRedis } from '../support/use-redis.ts';

const clock = useClock();
const own = useRedis();

const A = { namespace: 'a' };
const PASS: readonly HealStep[] = [
  { kind: 'pass', how: 'once' },
  { kind: 'tick', ms: 61_000 },
];

/** What people are notified about. */
async function eventsAfter(steps: readonly HealStep[]) {
  const world = openHealingWorld(own.redis, clock, ['a']);
  for (const step of steps) await world.perform(step);
  const events = (await world.audit()).flatMap((entry) => eventKindOf(entry) ?? []);
  return events.filter((event) => event.startsWith('namespace-'));
}

const deploy = (isDone: boolean): readonly HealStep[] => [
  { kind: 'request', namespaces: ['a'], isPaused: false },
  { kind: 'begin', ...A },
  { kind: 'finish', ...A, isDone },
  { kind: 'tick', ms: 15_000 },
];
const fall: HealStep = { kind: 'fall', ...A, sickness: 'failed', cure: 'deploy' };

describe('people are notified once that a namespace fails', () => {
  test('by the deploy that failed, if that is why a rule holds', async () => {
    expect(await eventsAfter([fall, ...deploy(false), ...PASS, ...PASS, ...PASS])).toEqual([
      'namespace-failing',
    ]);
  });

  test('by healing, if FDD falls sick after a deploy that was verified', async () => {
    expect(await eventsAfter([...deploy(true), fall, ...PASS, ...PASS, ...PASS])).toEqual([
      'namespace-failing',
    ]);
  });

  test('also if a repair fails, and once more that it works again', async () => {
    const repair = deploy(true).slice(1);
    const repaired = [...deploy(false), ...PASS, ...PASS, ...repair, ...PASS, ...PASS];

    expect(await eventsAfter([fall, ...repaired])).toEqual(['namespace-failing', 'namespace-recovered']);
  });
});
