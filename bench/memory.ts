import { pause } from '../shared/pause.ts';
import { benchNames } from './bench-names.ts';
import { ended } from './rollouts.ts';
import { openRunStates } from './run-states.ts';
import { until } from './until.ts';
import { type BenchWorld, openWorld, type Product, VERSIONS } from './world.ts';

export interface MemoryOptions {
  readonly namespaces: number;
  readonly workers: number;
  readonly concurrency: number;
}

/** Parked runs are read and judged every five seconds. */
const PARKED_MS = 20_000;

/** The largest resident size of each process: after reading the cluster, after a deploy, and with half of it parked. */
export async function measureMemory({ namespaces, workers, concurrency }: MemoryOptions) {
  console.log(`\n${namespaces} namespaces: filling the cluster`);
  const world = await openWorld({ namespaces });
  world.channels.publish('stable', VERSIONS[1]);
  const product = await world.startProduct({
    workers,
    // Half of the fleet is in flight, longer than the default deadline.
    flags: { concurrency, 'max-in-flight': 0, 'kube-api-qps': 0, 'progress-deadline': 3_600 },
  });
  const idle = await product.residentMiB();
  const { seconds, counts, failures } = await product.deployAll();
  const busy = await product.residentMiB();
  if (failures.length > 0) console.log(`not verified: ${failures.length}, e.g. ${failures[0]}`);
  console.log(
    `${counts.completed ?? 0} verified in ${seconds.toFixed(1)} s (${(namespaces / seconds).toFixed(0)}/s)`,
  );
  console.log(`resident after reading the cluster: ${showSizes(idle)}`);
  console.log(`largest resident size: ${showSizes(busy)} (wanted: <= 256 MiB)`);
  const parked = await parkHalf(world, product, namespaces);
  console.log(`with ${parked.count} parked: ${showSizes(parked.sizes)} (wanted: <= 256 MiB)`);
  await product.stop();
  await world.close();
  return { namespaces, seconds, counts, idle, busy, parked };
}

async function parkHalf(world: BenchWorld, product: Product, namespaces: number) {
  const hung = benchNames(Math.floor(namespaces / 2));
  const runs = openRunStates(world.redisUrl);
  await world.hang(hung);
  world.channels.publish('stable', VERSIONS[0]);
  const id = await product.request();
  await until(async () => {
    const { counts } = await product.rollout(id);
    return (counts.completed ?? 0) >= namespaces - hung.length && (await runs.parked()) >= hung.length;
  }, 2_000);
  await pause(PARKED_MS);
  const count = await runs.parked();
  const sizes = await product.residentMiB();
  runs.close();
  await world.hang([]);
  await ended(product, id);
  return { count, sizes };
}

function showSizes(sizes: Record<string, number>): string {
  return Object.entries(sizes)
    .map(([name, size]) => `${name} ${size.toFixed(0)} MiB`)
    .join(', ');
}
