import { expect, test } from '@jest/globals';
import { type HealStep, openHealingWorld } from '../support/healing-world.ts';
import { useClock } from '../support/use-clock.ts';
import { useRedis } from '../support/use-redis.ts';

const clock = useClock();
const own = useRedis();

const pass = (how: Extract<HealStep, { kind: 'pass' }>['how']): HealStep => ({ kind: 'pass', how });
const tick: HealStep = { kind: 'tick', ms: 31_000 };

/** The entries about causes in the whole fleet, after these steps. */
async function kindsAfter(steps: readonly HealStep[]): Promise<string[]> {
  const world = openHealingWorld(own.redis, clock, ['a', 'b']);
  for (const step of steps) await world.perform(step);
  return (await world.audit()).flatMap(({ kind }) => (kind.endsWith('blocked') ? [kind] : []));
}

test.each([
  ['passes at the same time', [pass('twice')]],
  ['a pass that another one overtakes', [{ kind: 'pass while', meanwhile: pass('once') }]],
  ['a worker with --heal off', [pass('off'), pass('once'), pass('off')]],
  ['a worker with --heal report', [pass('report'), pass('once')]],
  ['a stop by a person', [pass('once'), { kind: 'stop' }, { kind: 'resume' }]],
] as const)(
  'a missing permission has one entry when it begins and one when it ends: %s',
  async (_, passes) => {
    const steps = [...passes, tick, ...passes, tick];

    const begun: readonly HealStep[] = [pass('once'), tick, { kind: 'refuse' }, ...steps];
    expect(await kindsAfter(begun)).toEqual(['heal.blocked']);

    const ended = await kindsAfter([...begun, { kind: 'grant' }, ...steps, ...steps, pass('once')]);
    expect(ended).toEqual(['heal.blocked', 'heal.unblocked']);
  },
);
