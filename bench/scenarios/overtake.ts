import { benchNames } from '../bench-names.ts';
import { allBegan, lastBegan } from '../rollouts.ts';
import type { ScenarioOptions } from '../scenarios.ts';
import { showSpread, spreadOf } from '../spread.ts';
import { until } from '../until.ts';
import { openWorld, type Product, THIRD_VERSION, VERSIONS } from '../world.ts';

/** As many as an urgent request can have. */
const REQUESTED = 10;

interface Samples {
  /** Seconds from a request until the last of its namespaces has begun. */
  readonly ten: readonly number[];
  readonly one: readonly number[];
}

/** How soon an operator's requests begin while a rollout of everything is under way, at default settings. */
export async function measureOvertake({ rounds, namespaces = 5_000 }: ScenarioOptions): Promise<void> {
  const world = await openWorld({ namespaces: namespaces + rounds });
  const queued = benchNames(namespaces);
  const outside = benchNames(rounds, namespaces);
  const product = await world.startProduct({ workers: 1 });
  world.channels.publish('stable', VERSIONS[1]);
  const idle = await sample(product, queued, outside);
  world.channels.publish('stable', THIRD_VERSION);
  const rollout = await product.request({ namespaces: queued });
  await until(async () => ((await product.rollout(rollout)).counts.completed ?? 0) > 0);
  const busy = await sample(product, queued, outside);
  const { counts } = await product.rollout(rollout);
  await product.stop();
  await world.close();
  console.log(`the rollout at the end: ${JSON.stringify(counts)}`);
  show('idle', idle);
  show(`while ${namespaces} are rolled out (wanted: <= 2 s)`, busy);
}

/** One round per namespace outside of the rollout. Those inside are taken from the end of its queue. */
async function sample(
  product: Product,
  queued: readonly string[],
  outside: readonly string[],
): Promise<Samples> {
  const ten: number[] = [];
  const one: number[] = [];
  for (const [round, name] of outside.entries()) {
    const last = queued.length - round * REQUESTED;
    ten.push(await secondsToBegin(product, queued.slice(last - REQUESTED, last)));
    one.push(await secondsToBegin(product, [name]));
  }
  return { ten, one };
}

async function secondsToBegin(product: Product, namespaces: readonly string[]): Promise<number> {
  const requestedAt = Date.now();
  const id = await product.request({ namespaces });
  await until(async () => allBegan(await product.rollout(id)));
  return (lastBegan(await product.rollout(id)) - requestedAt) / 1000;
}

function show(when: string, { ten, one }: Samples): void {
  console.log(`${when}: ${REQUESTED} that are queued begin after ${showSpread(spreadOf(ten))} s`);
  console.log(`${when}: 1 that is not begins after ${showSpread(spreadOf(one))} s`);
}
