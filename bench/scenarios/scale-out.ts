import { benchNames } from '../bench-names.ts';
import { secondsToVerify } from '../rollouts.ts';
import type { ScenarioOptions } from '../scenarios.ts';
import { showSpread, spreadOf } from '../spread.ts';
import { type BenchWorld, openWorld, THIRD_VERSION, VERSIONS } from '../world.ts';

const WORKERS = [1, 2, 4] as const;
const RELEASES = [...VERSIONS, THIRD_VERSION] as const;
/** Namespaces per worker. */
const WARM_UP = 40;
const FDD_MS = 2_000;
/** So few that the slots are the limit, and not the processors that everything here shares. */
const FLAGS = { concurrency: 2, 'kube-api-qps': 0 };

/** How much more several workers verify than one, if each FDD takes two seconds. */
export async function measureScaleOut({ rounds, namespaces = 400 }: ScenarioOptions): Promise<void> {
  const world = await openWorld({ namespaces });
  const measure = createMeasurement(world, namespaces);
  await world.slowDown(FDD_MS);
  const rates = WORKERS.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, workers] of WORKERS.entries()) {
      const seconds = await measure(workers);
      rates[index]?.push(namespaces / seconds);
      console.log(`round ${round + 1}: ${workers} worker(s) took ${seconds.toFixed(1)} s`);
    }
  }
  await world.close();
  for (const [index, workers] of WORKERS.entries()) {
    const own = rates[index] ?? [];
    const ratios = own.map((rate, round) => rate / (rates[0]?.[round] ?? Number.NaN));
    const wanted = workers === 4 ? ' (wanted: >= 3.5)' : '';
    console.log(
      `${workers} worker(s): ${showSpread(spreadOf(own), 1)} namespaces verified/s, ${showSpread(spreadOf(ratios))} times as many${wanted}`,
    );
  }
}

/** Each worker learns first how long its FDDs take: in production it has run for long. */
function createMeasurement(world: BenchWorld, namespaces: number) {
  const names = benchNames(namespaces);
  let release = 0;
  // Three in turn, so that each changes all, also those that have warmed up with the one between.
  const next = () => world.channels.publish('stable', RELEASES[release++ % 3] ?? THIRD_VERSION);
  return async (workers: number) => {
    const product = await world.startProduct({ workers, flags: FLAGS });
    next();
    await product.deployAll({ namespaces: names.slice(0, WARM_UP * workers) });
    next();
    const { seconds } = await secondsToVerify(product, namespaces);
    await product.stop();
    return seconds;
  };
}
