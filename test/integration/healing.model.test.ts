import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { type HealStep, openHealingWorld } from '../support/healing-world.ts';
import { isLong } from '../support/is-long.ts';
import { useClock } from '../support/use-clock.ts';
import { useRedis } from '../support/use-redis.ts';

/**
 * Any sequence of sicknesses, rivals, requests, runs, passes, deaths and commands. A failure prints its seed and path;
 * `HEALING_SEED=… HEALING_PATH=… npm test -- test/integration/healing.model.test.ts` repeats it, HEALING_RUNS makes it longer, as
 * `npm run test:long` does.
 */
const { HEALING_SEED, HEALING_PATH, HEALING_RUNS } = process.env;
const RUNS = Number(HEALING_RUNS ?? (isLong ? 1_000 : 40));
const SEED = Number(HEALING_SEED ?? Date.now() ^ (Math.random() * 0x100000000));
const NAMES = ['a', 'b', 'c', 'd', 'e'];

const clock = useClock();
const own = useRedis();

const namespace = fc.constantFrom(...NAMES);

const sickness: fc.Arbitrary<HealStep> = fc.record({
  kind: fc.constant('fall' as const),
  namespace,
  sickness: fc.constantFrom('deleted', 'crashing', 'unavailable', 'drifted', 'failed'),
  cure: fc.constantFrom('restart', 'deploy', 'bootstrap', 'nothing', 'nothing'),
});

const others: fc.Arbitrary<HealStep> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'recover' as const,
      'edit' as const,
      'hold' as const,
      'free' as const,
      'release' as const,
    ),
    namespace,
  }),
  fc.record({
    kind: fc.constant('request' as const),
    namespaces: fc.subarray(NAMES, { minLength: 1 }),
    isPaused: fc.oneof(
      { weight: 4, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
  }),
  fc.record({ kind: fc.constant('publish' as const), version: fc.nat({ max: 2 }) }),
  fc.record({ kind: fc.constantFrom('stop' as const, 'resume' as const, 'resume' as const) }),
  fc.record({ kind: fc.constantFrom('refuse' as const, 'grant' as const, 'grant' as const) }),
);

const run: fc.Arbitrary<HealStep> = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), namespace }),
  fc.record({ kind: fc.constant('finish' as const), namespace, isDone: fc.boolean() }),
);

const pass: fc.Arbitrary<HealStep> = fc.oneof(
  fc.record({
    kind: fc.constant('pass' as const),
    how: fc.constantFrom('once', 'once', 'twice', 'dies', 'dies late', 'report', 'off'),
  }),
  fc.record({ kind: fc.constant('pass while' as const), meanwhile: fc.oneof(sickness, others, run) }),
  fc.record({
    kind: fc.constant('late pass' as const),
    meanwhile: fc.array(
      fc.oneof(
        others,
        run,
        fc.record({ kind: fc.constant('pass' as const), how: fc.constantFrom('once', 'report') }),
      ),
      { maxLength: 3 },
    ),
  }),
);

const tick: fc.Arbitrary<HealStep> = fc.record({
  kind: fc.constant('tick' as const),
  ms: fc.constantFrom(15_000, 61_000, 121_000, 600_000),
});

const step = fc.oneof(
  { weight: 3, arbitrary: sickness },
  { weight: 2, arbitrary: others },
  { weight: 5, arbitrary: run },
  { weight: 8, arbitrary: pass },
  { weight: 5, arbitrary: tick },
);

const DEPLOYED: readonly HealStep[] = [
  { kind: 'request', namespaces: NAMES, isPaused: false },
  ...NAMES.flatMap((name): HealStep[] => [
    { kind: 'begin', namespace: name },
    { kind: 'finish', namespace: name, isDone: true },
  ]),
  { kind: 'pass', how: 'once' },
  { kind: 'tick', ms: 15_000 },
];

describe('healing', () => {
  test('any history: never two means at once, the cap holds, and it comes to an end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
        clock.now = 1_800_000_000_000;
        const world = openHealingWorld(own.redis, clock, NAMES);
        for (const each of [...DEPLOYED, ...steps]) await world.perform(each);
        await world.drain();
        await world.expectBlocksEnd();
      }),
      { numRuns: RUNS, seed: SEED, ...(HEALING_PATH && { path: HEALING_PATH }), endOnFailure: true },
    );
  }, 600_000);
});
