import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { Strategy } from '../../domain/rollout/strategy.ts';
import { isLong } from '../support/is-long.ts';
import { openRolloutWorld, RELEASES, type Step } from '../support/rollout-world.ts';
import { useClock } from '../support/use-clock.ts';
import { useRedis } from '../support/use-redis.ts';

/**
 * Any sequence of requests, commands, decisions, runs and failures. A failure prints its seed and path;
 * `ROLLOUTS_SEED=… ROLLOUTS_PATH=… npm test -- test/integration/rollouts.model.test.ts` repeats it, ROLLOUTS_RUNS makes it longer,
 * as `npm run test:long` does.
 */
const { ROLLOUTS_SEED, ROLLOUTS_PATH, ROLLOUTS_RUNS } = process.env;
const RUNS = Number(ROLLOUTS_RUNS ?? (isLong ? 2_000 : 120));
const SEED = Number(ROLLOUTS_SEED ?? Date.now() ^ (Math.random() * 0x100000000));
const NAMES = ['a', 'b', 'c', 'd', 'e'];

const clock = useClock();
const own = useRedis();

const namespace = fc.constantFrom(...NAMES);
const namespaces = fc.subarray(NAMES, { minLength: 1 });
/** The newest ones are chosen most often. */
const rollout = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat({ max: 3 }) },
);

const strategy: fc.Arbitrary<Strategy> = fc.oneof(
  fc.constant({ type: 'All' as const }),
  fc
    .record({
      type: fc.constant('Progressive' as const),
      canary: fc.constantFrom<unknown>(0, 1, 1, { names: ['b', 'c'] }),
      waves: fc.constantFrom(['100%'], ['50%', '100%'], [2, 3, 4]),
      maxConcurrency: fc.constantFrom(1, 2, 5),
      maxFailures: fc.constantFrom<unknown>(0, 1, '30%'),
      minSuccessTime: fc.constantFrom('0s', '10s'),
      progressDeadline: fc.constantFrom('60s', '300s'),
      approval: fc.oneof(
        { weight: 4, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
    })
    .map((each) => Strategy.parse(each)),
);

const command = fc.record({
  kind: fc.constantFrom('pause', 'resume', 'cancel', 'retry', 'skip', 'approve'),
  rollout,
  namespaces,
}) as fc.Arbitrary<Step>;

const request: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('request' as const),
  namespaces,
  strategy,
  isPaused: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  trigger: fc.constantFrom('api' as const, 'release' as const),
});

const run: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), namespace }),
  fc.record({ kind: fc.constant('write' as const), namespace, isNoted: fc.boolean() }),
  fc.record({
    kind: fc.constant('finish' as const),
    namespace,
    state: fc.constantFrom('completed' as const, 'completed' as const, 'failed' as const),
  }),
);

const trouble: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'park' as const,
      'backoff' as const,
      'expire' as const,
      'fall' as const,
      'recover' as const,
    ),
    namespace,
  }),
  fc.record({ kind: fc.constant('die' as const), namespace, isNoted: fc.constant(false) }),
  fc.record({ kind: fc.constant('zombie' as const), namespace }),
  fc.record({ kind: fc.constantFrom('leave' as const, 'join' as const, 'join' as const), namespace }),
  fc.record({ kind: fc.constant('retag' as const), namespace, channel: fc.nat({ max: 1 }) }),
  fc.record({ kind: fc.constantFrom('reconnect' as const, 'repair' as const) }),
);

const news: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('publish' as const),
    channel: fc.nat({ max: 1 }),
    release: fc.nat({ max: RELEASES.length - 1 }),
  }),
  fc.record({ kind: fc.constant('rollback' as const), rollout }),
  fc.record({ kind: fc.constant('tick' as const), ms: fc.constantFrom(1_000, 11_000, 61_000) }),
);

const meanwhile = fc.oneof(command, request, run, trouble);

const decision: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ kind: 'decide due' as const }),
  fc.record({
    kind: fc.constant('decide' as const),
    rollout,
    how: fc.constantFrom('once' as const, 'twice' as const, 'dies' as const),
  }),
  fc.record({ kind: fc.constant('decide while' as const), rollout, meanwhile }),
);

const step = fc.oneof(
  { weight: 2, arbitrary: request },
  { weight: 2, arbitrary: command },
  { weight: 4, arbitrary: decision },
  { weight: 8, arbitrary: run },
  { weight: 2, arbitrary: trouble },
  { weight: 2, arbitrary: news },
);

const PROGRESSIVE = Strategy.parse({ type: 'Progressive', canary: 1, waves: ['100%'], minSuccessTime: '0s' });
const APPROVED = Strategy.parse({ ...PROGRESSIVE, approval: true });

function requestOf(names: readonly string[], { of = { type: 'All' } as Strategy } = {}): Step {
  return { kind: 'request', namespaces: names, strategy: of, isPaused: false, trigger: 'api' };
}

function commandOf(
  kind: 'pause' | 'cancel' | 'retry' | 'skip',
  index = 0,
  names: readonly string[] = ['a'],
): Step {
  return { kind, rollout: index, namespaces: names };
}

const at = { namespace: 'a' } as const;
const decide: Step = { kind: 'decide', rollout: 0, how: 'once' };

/** What was found before. */
const FOUND: [Step, Step[]][] = [
  // The canary is superseded: the second wave waits for its approval.
  [requestOf(['d', 'e'], { of: APPROVED }), [requestOf(['d'])]],
  // A worker was lost in an earlier rollout: the cancelled one must not begin.
  [
    requestOf(['a']),
    [{ kind: 'begin', ...at }, { kind: 'die', ...at, isNoted: false }, requestOf(['a']), commandOf('cancel')],
  ],
  // An earlier rollout waits for its next attempt, and the one that replaces it is cancelled.
  [
    requestOf(['a']),
    [{ kind: 'begin', ...at }, { kind: 'backoff', ...at }, requestOf(['a']), commandOf('cancel')],
  ],
  // A worker was lost before it wrote, then the rollout is paused: the next worker must not write.
  [
    requestOf(['a', 'b'], { of: PROGRESSIVE }),
    [
      decide,
      { kind: 'begin', namespace: 'b' },
      { kind: 'begin', ...at },
      { kind: 'die', ...at, isNoted: false },
      { kind: 'die', namespace: 'b', isNoted: false },
      commandOf('pause'),
      { kind: 'expire', ...at },
      { kind: 'expire', namespace: 'b' },
      { kind: 'begin', ...at },
      { kind: 'begin', namespace: 'b' },
    ],
  ],
  // A run stopped for a pause, then the rollout is cancelled: nothing is written.
  [
    requestOf(['a'], { of: PROGRESSIVE }),
    [
      decide,
      { kind: 'begin', ...at },
      commandOf('pause'),
      { kind: 'write', ...at, isNoted: true },
      commandOf('cancel'),
      { kind: 'tick', ms: 61_000 },
      { kind: 'begin', ...at },
    ],
  ],
  // A retry must not undo a newer request.
  [
    requestOf(['a'], { of: PROGRESSIVE }),
    [
      decide,
      { kind: 'begin', ...at },
      { kind: 'finish', ...at, state: 'failed' },
      requestOf(['a']),
      commandOf('retry', 1),
      { kind: 'decide', rollout: 1, how: 'once' },
    ],
  ],
  // A newer rollout skips the namespace: the older one can be retried.
  [
    requestOf(['b']),
    [
      requestOf(['b', 'c'], { of: Strategy.parse({ ...PROGRESSIVE, canary: 0, maxConcurrency: 1 }) }),
      commandOf('skip', 0, ['b']),
      { kind: 'begin', namespace: 'b' },
      { kind: 'finish', namespace: 'b', state: 'failed' },
      commandOf('retry', 1, ['b']),
      { kind: 'decide', rollout: 1, how: 'once' },
    ],
  ],
  // The deadline has ended a target, its run has not ended, and the target is retried.
  [
    requestOf(['a'], { of: Strategy.parse({ ...PROGRESSIVE, progressDeadline: '60s' }) }),
    [
      decide,
      { kind: 'begin', ...at },
      { kind: 'tick', ms: 61_000 },
      decide,
      commandOf('retry'),
      decide,
      { kind: 'finish', ...at, state: 'failed' },
    ],
  ],
];

describe('any sequence of rollouts, commands, decisions and crashes', () => {
  test(`keeps what is promised, and ends (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(request, fc.array(step, { maxLength: 70, size: 'max' }), async (first, steps) => {
        const world = openRolloutWorld(own.redis, clock, NAMES);
        for (const each of [first, ...steps]) await world.perform(each);
        await world.drain();
      }),
      {
        seed: SEED,
        numRuns: RUNS,
        examples: FOUND,
        ...(ROLLOUTS_PATH === undefined ? {} : { path: ROLLOUTS_PATH }),
      },
    );
  }, 600_000);
});
