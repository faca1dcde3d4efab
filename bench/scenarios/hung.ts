import { benchNames, spaced } from '../bench-names.ts';
import { ended, secondsToVerify } from '../rollouts.ts';
import type { ScenarioOptions } from '../scenarios.ts';
import { showSpread, spreadOf } from '../spread.ts';
import { openWorld, VERSIONS } from '../world.ts';

const SHARES = [0, 0.05, 0.25] as const;

/** How much longer the others take if some namespaces never react; one worker at default settings. */
export async function measureHung({ rounds, namespaces = 400 }: ScenarioOptions): Promise<void> {
  const world = await openWorld({ namespaces });
  const names = benchNames(namespaces);
  const product = await world.startProduct({ workers: 1 });
  const seconds = SHARES.map((): number[] => []);
  let release = 0;
  const next = () => world.channels.publish('stable', VERSIONS[release++ % 2] ?? VERSIONS[0]);
  next();
  await product.deployAll();
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, share] of SHARES.entries()) {
      const hung = spaced(names, share);
      await world.hang(hung);
      next();
      const taken = await secondsToVerify(product, namespaces - hung.length);
      seconds[index]?.push(taken.seconds);
      await world.hang([]);
      await ended(product, taken.id);
      console.log(`round ${round + 1}: ${hung.length} hung: the others took ${taken.seconds.toFixed(1)} s`);
    }
  }
  await product.stop();
  await world.close();
  for (const [index, share] of SHARES.entries()) {
    const ratios = (seconds[index] ?? []).map((taken, round) => taken / (seconds[0]?.[round] ?? Number.NaN));
    console.log(
      `${share * 100} % hung: ${showSpread(spreadOf(seconds[index] ?? []), 1)} s, ${showSpread(spreadOf(ratios))} times as long (wanted: <= 1.05)`,
    );
  }
}
