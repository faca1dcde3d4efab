import { pause } from '../../shared/pause.ts';
import { benchNames } from '../bench-names.ts';
import { allBegan, ended, lastBegan } from '../rollouts.ts';
import type { ScenarioOptions } from '../scenarios.ts';
import { showSpread, spreadOf } from '../spread.ts';
import { until } from '../until.ts';
import { openWorld, VERSIONS } from '../world.ts';

/** All hang; the time until a newer release has begun in the last of them. */
export async function measureRepair({ rounds, namespaces = 200 }: ScenarioOptions): Promise<void> {
  const world = await openWorld({ namespaces });
  const names = benchNames(namespaces);
  const product = await world.startProduct({ workers: 1 });
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
    const taken = (lastBegan(await product.rollout(repair)) - began) / 1000;
    seconds.push(taken);
    console.log(`round ${round + 1}: the last of ${namespaces} began after ${taken.toFixed(2)} s`);
    await world.hang([]);
    await ended(product, repair);
  }
  await product.stop();
  await world.close();
  console.log(
    `a newer release began in all ${namespaces} after ${showSpread(spreadOf(seconds))} s (wanted: <= 5)`,
  );
}
