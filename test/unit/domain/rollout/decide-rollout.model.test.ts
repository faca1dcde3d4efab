import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Closure } from '../../../../domain/rollout/closure.ts';
import { type Decision, decideRollout } from '../../../../domain/rollout/decide-rollout.ts';
import { planWaves } from '../../../../domain/rollout/plan-waves.ts';
import type { ResolvedStrategy } from '../../../../domain/rollout/resolved-strategy.ts';
import { isOpen, type TargetState } from '../../../../domain/rollout/rollout.ts';
import type { DecidedTarget, Situation } from '../../../../domain/rollout/situation.ts';
import { Strategy } from '../../../../domain/rollout/strategy.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type Target = Writable<DecidedTarget> & {
  admissions: number;
  tries: number;
  hasFallenBack: boolean;
  /** Its window opens then. */
  opensAt: number;
};

/** A small reference of what stores rollouts: it carries out a decision only if nobody changed the rollout in between. */
interface World {
  readonly strategy: ResolvedStrategy;
  readonly targets: Target[];
  state: TargetState;
  approvedWave: number;
  revision: number;
  now: number;
  /** The windows of the policy open then. */
  opensAt: number;
  /** What a slow worker has read. */
  view: { readonly situation: Situation; readonly revision: number };
}

function aWorld(strategy: Strategy, total: number): World {
  const plan = planWaves(
    Array.from({ length: total }, (_each, index) => ({ namespace: `ns-${index}` })),
    strategy,
  );
  const targets = plan.targets.map(
    ({ namespace, wave, order }): Target => ({
      namespace,
      wave,
      order,
      state: 'pending',
      isHealthyNow: false,
      admissions: 0,
      tries: 1,
      hasFallenBack: false,
      opensAt: 0,
    }),
  );
  const rest = { state: 'pending' as const, approvedWave: 0, revision: 0, now: 1_000_000, opensAt: 0 };
  const world = { strategy: plan.strategy, targets, ...rest };
  return { ...world, view: read(world) };
}

function read(world: Omit<World, 'view'>): World['view'] {
  const { state, approvedWave, strategy, now, revision } = world;
  const targets = world.targets.map((target) => ({ ...target, closure: closureOf(target, now) }));
  const closure = closureOf(world, now);
  return {
    situation: { rollout: { id: 'R1', state, approvedWave }, targets, strategy, now, closure },
    revision,
  };
}

function closureOf({ opensAt }: { readonly opensAt: number }, now: number): Closure | undefined {
  return opensAt > now ? { kind: 'window', reason: 'waits for the window', until: opensAt } : undefined;
}

const isAdmitted = ({ admittedAt }: DecidedTarget) => admittedAt !== undefined;
const inProgress = ({ targets }: World) =>
  targets.filter((target) => isAdmitted(target) && isOpen(target.state));
const counted = ({ targets }: World) =>
  targets.filter((target) => target.state === 'failed' && isAdmitted(target) && !target.isExcused);

function carryOut(world: World, decision: Decision, revision: number): void {
  if (revision !== world.revision) return;
  const { admit, fail, change } = decision;
  if (admit.length + fail.length > 0 || change) world.revision += 1;
  for (const { namespace, code } of fail) failTarget(world, namespace, code);
  if (admit.length > 0) checkAdmission(world, admit);
  for (const target of world.targets) {
    if (!admit.includes(target.namespace)) continue;
    target.admittedAt = world.now;
    target.admissions += 1;
  }
  if (change) world.state = change.state;
}

/** The run may have ended since the decision was made. */
function failTarget(world: World, namespace: string, code: string): void {
  const target = world.targets.find((each) => each.namespace === namespace);
  if (!target || (code === 'fell_back' ? target.state !== 'completed' : !isOpen(target.state))) return;
  Object.assign(target, { state: 'failed', finishedAt: world.now, hasFallenBack: code === 'fell_back' });
}

function checkAdmission(world: World, admit: readonly string[]): void {
  must(world.state === 'pending' || world.state === 'running', `nothing is admitted while ${world.state}`);
  const waves = new Set(
    world.targets.filter(({ namespace }) => admit.includes(namespace)).map(({ wave }) => wave),
  );
  must(waves.size === 1, 'one wave is admitted at a time');
  must(world.opensAt <= world.now, 'nothing is admitted outside the windows');
  const isShut = ({ namespace, opensAt }: Target) => admit.includes(namespace) && opensAt > world.now;
  must(!world.targets.some(isShut), 'no namespace is admitted outside its window');
  const wave = Math.max(...waves);
  must(!world.strategy.approval || wave <= world.approvedWave, 'a wave waits for its approval');
  for (const before of world.targets.filter((target) => target.wave < wave)) {
    must(!isOpen(before.state), 'waves do not overlap');
    const soakedAt = (before.finishedAt ?? 0) + world.strategy.minSuccessMs;
    must(before.state !== 'completed' || soakedAt <= world.now, 'a wave soaks before the next one begins');
    const isBadCanary = world.strategy.waves[before.wave]?.isCanary && before.state === 'failed';
    must(!isBadCanary || before.isExcused === true, 'a failed canary stops the rollout');
  }
}

function checkWorld(world: World): void {
  const { maxConcurrency, maxFailures } = world.strategy;
  const unended = inProgress(world).length;
  must(unended <= maxConcurrency, 'maxConcurrency is kept');
  const failedRuns = counted(world).filter(({ hasFallenBack }) => !hasFallenBack).length;
  must(failedRuns + unended <= maxFailures + maxConcurrency, 'the budget is kept');
  for (const { admissions, tries } of world.targets)
    must(admissions <= tries, 'each target is admitted once');
}

/** `expect` would take most of the time of these tests. */
function must(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`broken: ${what}`);
}

type Act = (world: World, pick: number) => void;

/** What happens to a rollout; `pick` chooses a target. */
const ACTS = {
  decide: (world) => {
    const { situation, revision } = read(world);
    const decision = decideRollout(situation);
    must(
      isDeepStrictEqual(decideRollout(situation), decision),
      'the same situation leads to the same decision',
    );
    carryOut(world, decision, revision);
    carryOut(world, decision, revision);
  },
  readSlowly: (world) => {
    world.view = read(world);
  },
  decideOnOldData: (world) => carryOut(world, decideRollout(world.view.situation), world.view.revision),
  start: (world, pick) => {
    const target = among(inProgress(world), pick);
    if (target?.state === 'pending') Object.assign(target, { state: 'running', startedAt: world.now });
  },
  succeed: (world, pick) => endRun(world, pick, 'completed'),
  fail: (world, pick) => endRun(world, pick, 'failed'),
  fallBack: (world, pick) => setHealth(world, pick, false),
  recover: (world, pick) => setHealth(world, pick, true),
  wait: (world, pick) => {
    world.now += (pick % 90) * 1_000;
  },
  close: (world, pick) => {
    world.opensAt = world.now + (pick % 300) * 1_000;
    world.revision += 1;
  },
  closeOne: (world, pick) => {
    const target = among(world.targets, pick);
    if (target) target.opensAt = world.now + (pick % 300) * 1_000;
    world.revision += 1;
  },
  pause: (world) => command(world, ['pending', 'running'], 'paused'),
  resume: (world) => {
    if (world.state === 'paused') excuse(world);
    command(world, ['paused'], 'running');
  },
  cancel: (world, pick) => {
    if (pick % 10 === 0) command(world, ['pending', 'running', 'paused'], 'cancelled');
  },
  retry: (world) => {
    if (world.state !== 'paused' && world.state !== 'failed') return;
    for (const target of world.targets.filter(({ state }) => state === 'failed')) {
      Object.assign(target, {
        state: 'pending',
        admittedAt: undefined,
        startedAt: undefined,
        hasFallenBack: false,
      });
      target.tries += 1;
    }
    excuse(world);
    command(world, ['paused', 'failed'], 'running');
  },
  skip: (world, pick) => {
    const target = among(
      world.targets.filter((each) => isOpen(each.state) && !isAdmitted(each)),
      pick,
    );
    if (target) Object.assign(target, { state: 'cancelled', finishedAt: world.now });
    world.revision += 1;
  },
  approve: (world) => {
    world.approvedWave += 1;
    world.revision += 1;
  },
} satisfies Record<string, Act>;

function perform(world: World, act: keyof typeof ACTS, pick = 0): void {
  const one: Act = ACTS[act];
  one(world, pick);
}

function among<T>(some: readonly T[], pick: number): T | undefined {
  return some[pick % Math.max(1, some.length)];
}

function endRun(world: World, pick: number, state: 'completed' | 'failed'): void {
  const target = among(inProgress(world), pick);
  if (!target) return;
  const startedAt = target.startedAt ?? world.now;
  Object.assign(target, { state, startedAt, finishedAt: world.now, isHealthyNow: state === 'completed' });
}

function setHealth(world: World, pick: number, isHealthyNow: boolean): void {
  const target = among(
    world.targets.filter(({ state }) => state === 'completed'),
    pick,
  );
  if (target) target.isHealthyNow = isHealthyNow;
}

function command(world: World, from: readonly TargetState[], to: TargetState): void {
  if (!from.includes(world.state)) return;
  world.state = to;
  world.revision += 1;
}

function excuse({ targets }: World): void {
  for (const target of targets) {
    if (!isOpen(target.state) && target.state !== 'completed') target.isExcused = true;
  }
}

/** Everything goes well from now on: time passes only until the rollout wants to be woken. */
function bringToEnd(world: World): void {
  world.approvedWave = world.strategy.waves.length;
  for (let round = 0; isOpen(world.state); round += 1) {
    must(round < 20 + 10 * world.targets.length, 'a rollout ends');
    for (const target of world.targets) if (target.state === 'completed') target.isHealthyNow = true;
    ACTS.resume(world);
    const before = world.revision;
    const { situation, revision } = read(world);
    const decision = decideRollout(situation);
    carryOut(world, decision, revision);
    checkWorld(world);
    if (inProgress(world).length > 0) ACTS.succeed(world, round);
    else if (world.revision === before) {
      must((decision.wakeAt ?? 0) > world.now, 'a rollout that waits for nothing else wants to be woken');
      world.now = decision.wakeAt ?? world.now;
    }
  }
}

const strategies = fc
  .record({
    canary: fc.nat(3),
    waves: fc.constantFrom(['5%', '25%', '100%'], ['50%'], [2, 5], ['100%']),
    maxConcurrency: fc.constantFrom(1, 2, 5, '50%'),
    maxFailures: fc.constantFrom(0, 1, 3, '10%'),
    minSuccessTime: fc.constantFrom('0s', '60s'),
    progressDeadline: fc.constantFrom('60s', '5m'),
    approval: fc.boolean(),
  })
  .map((fields) => Strategy.parse({ type: 'Progressive', ...fields }));
const anyStrategy = fc.oneof({ weight: 5, arbitrary: strategies }, fc.constant<Strategy>({ type: 'All' }));
const step = fc.record({
  act: fc.constantFrom(...(Object.keys(ACTS) as (keyof typeof ACTS)[])),
  pick: fc.nat(),
});

describe('a rollout', () => {
  test('keeps its promises, whatever happens to it', () => {
    fc.assert(
      fc.property(
        anyStrategy,
        fc.integer({ min: 0, max: 25 }),
        fc.array(step, { maxLength: 120 }),
        (strategy, total, steps) => {
          const world = aWorld(strategy, total);

          for (const { act, pick } of steps) {
            ACTS[act](world, pick);
            checkWorld(world);
          }

          bringToEnd(world);
          if (world.state !== 'cancelled') {
            expect(world.targets.filter(({ state }) => isOpen(state))).toEqual([]);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('whose targets all succeed completes, and reaches each of them once', () => {
    fc.assert(
      fc.property(anyStrategy, fc.nat(60), (strategy, total) => {
        const world = aWorld(strategy, total);

        bringToEnd(world);

        expect(world.state).toBe('completed');
        expect(world.targets.every(({ admissions }) => admissions === 1)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('of a release that always fails touches its canary only', () => {
    const workers = fc.array(
      fc.record({
        act: fc.constantFrom('decide', 'readSlowly', 'decideOnOldData', 'start', 'wait', 'fail'),
        pick: fc.nat(),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(strategies, fc.integer({ min: 5, max: 30 }), workers, (strategy, total, steps) => {
        const world = aWorld({ ...strategy, ...(strategy.type === 'Progressive' && { canary: 1 }) }, total);

        for (const { act, pick } of steps) perform(world, act, pick);
        for (const act of ['decide', 'fail', 'decide'] as const) perform(world, act);

        expect(world.targets.filter(({ admissions }) => admissions > 0).map(({ wave }) => wave)).toEqual([0]);
        expect(world.state).toBe('paused');
      }),
      { numRuns: 300 },
    );
  });

  test('of a release that crash-loops after it was verified touches its canary only', () => {
    const world = aWorld(Strategy.parse({ type: 'Progressive' }), 200);
    for (const act of ['decide', 'start', 'succeed', 'decide', 'fallBack', 'decide'] as const)
      ACTS[act](world, 0);

    expect(world.state).toBe('paused');
    expect(world.targets.filter(({ admissions }) => admissions > 0)).toHaveLength(1);
  });
});
