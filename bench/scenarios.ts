import { pause } from '../shared/pause.ts';
import { controlPlaneMissing } from '../test/support/control-plane.ts';
import { benchNames } from './bench-names.ts';
import { showSpread, spreadOf } from './spread.ts';
import { openWorld, type Product, type RolloutAnswer, VERSIONS } from './world.ts';

export const SCENARIOS = ['hung', 'repair'] as const;
export type Scenario = (typeof SCENARIOS)[number];

const POLL_MS = 250;
const HUNG_NAMESPACES = 400;
const HUNG_SHARES = [0, 0.05, 0.25] as const;
const REPAIRED_NAMESPACES = 200;

export function runScenario(scenario: Scenario, rounds: number): Promise<void> {
  const missing = controlPlaneMissing();
  if (missing !== undefined) throw new Error(missing);
  return scenario === 'hung' ? measureHung(rounds) : measureRepair(rounds);
}

/** How much longer the others take if some namespaces never react; one worker at default settings. */
async function measureHung(rounds: number): Promise<void> {
  const world = await openWorld(HUNG_NAMESPACES, 0);
  const names = benchNames(HUNG_NAMESPACES);
  const product = await world.startProduct(1);
  const seconds = HUNG_SHARES.map((): number[] => []);
  let release = 0;
  const next = () => world.channels.publish('stable', VERSIONS[release++ % 2] ?? VERSIONS[0]);
  next();
  await product.deployAll();
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, share] of HUNG_SHARES.entries()) {
      const hung = spaced(names, share);
      await world.hang(hung);
      next();
      const taken = await secondsToVerify(product, HUNG_NAMESPACES - hung.length);
      seconds[index]?.push(taken.seconds);
      await world.hang([]);
      await ended(product, taken.id);
      console.log(`round ${round + 1}: ${hung.length} hung: the others took ${taken.seconds.toFixed(1)} s`);
    }
  }
  await product.stop();
  await world.close();
  for (const [index, share] of HUNG_SHARES.entries()) {
    const ratios = (seconds[index] ?? []).map((taken, round) => taken / (seconds[0]?.[round] ?? Number.NaN));
    console.log(
      `${share * 100} % hung: ${showSpread(spreadOf(seconds[index] ?? []), 1)} s, ${showSpread(spreadOf(ratios))} times as long (wanted: <= 1.05)`,
    );
  }
}

/** All hang; the time until a newer release has begun in the last of them. */
async function measureRepair(rounds: number): Promise<void> {
  const world = await openWorld(REPAIRED_NAMESPACES, 0);
  const names = benchNames(REPAIRED_NAMESPACES);
  const product = await world.startProduct(1);
  world.channels.publish('stable', VERSIONS[0]);
  await product.deployAll();
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await world.hang(names);
    world.channels.publish('stable', VERSIONS[1]);
    const bad = await product.request();
    await until(async () => allBegan(await product.rollout(bad)));
    // All of them are parked by then.
    await pause(4_000);
    world.channels.publish('stable', VERSIONS[0]);
    const began = Date.now();
    const repair = await product.request();
    await until(async () => allBegan(await product.rollout(repair)));
    const { targets } = await product.rollout(repair);
    const taken = (Math.max(...targets.map(({ startedAt }) => startedAt ?? Number.NaN)) - began) / 1000;
    seconds.push(taken);
    console.log(`round ${round + 1}: the last of ${REPAIRED_NAMESPACES} began after ${taken.toFixed(2)} s`);
    await world.hang([]);
    await ended(product, repair);
  }
  await product.stop();
  await world.close();
  console.log(
    `a newer release began in all ${REPAIRED_NAMESPACES} after ${showSpread(spreadOf(seconds))} s (wanted: <= 5)`,
  );
}

/** A share of the names, spread evenly over them. */
function spaced(names: readonly string[], share: number): string[] {
  return share === 0 ? [] : names.filter((_, index) => index % Math.round(1 / share) === 0);
}

async function secondsToVerify(product: Product, expected: number): Promise<{ seconds: number; id: string }> {
  const began = Date.now();
  const id = await product.request();
  await until(async () => ((await product.rollout(id)).counts.completed ?? 0) >= expected);
  const { targets } = await product.rollout(id);
  const ends = targets.flatMap(({ state, finishedAt }) => (state === 'completed' ? (finishedAt ?? []) : []));
  return { seconds: (Math.max(...ends) - began) / 1000, id };
}

function allBegan({ targets }: RolloutAnswer): boolean {
  return targets.every(({ startedAt }) => startedAt !== undefined);
}

function ended(product: Product, id: string): Promise<void> {
  return until(async () => !['pending', 'running'].includes((await product.rollout(id)).state));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(POLL_MS);
}
