import { pause } from '../../shared/pause.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { auditPosition, readWrites } from '../audit.ts';
import { benchNames } from '../bench-names.ts';
import { percentilesOf, showPercentiles } from '../percentiles.ts';
import { ended } from '../rollouts.ts';
import { openRunStates, type RunStates } from '../run-states.ts';
import type { ScenarioOptions } from '../scenarios.ts';
import { until } from '../until.ts';
import { type BenchWorld, openWorld, VERSIONS } from '../world.ts';

const POLL_MS = 50;
/** Kills before, during and after the writes; all of them before a run is parked. */
const KILL_AFTER_MS = [0, 200, 400, 800] as const;
const FLAGS = { concurrency: 100, 'kube-api-qps': 0 };

interface Round {
  /** Of each namespace that the worker held, from its kill until another run of it began. */
  readonly millis: readonly number[];
  readonly parked: number;
  /** By the killed worker. */
  readonly written: number;
  /** Its successor wrote again what it had written. */
  readonly writtenTwice: readonly string[];
}

/** A worker that holds all namespaces is killed; how long until another one continues each of them. */
export async function measureRecovery({ rounds, namespaces = 100 }: ScenarioOptions): Promise<void> {
  const world = await openWorld({ namespaces });
  const names = benchNames(namespaces);
  const runs = openRunStates(world.redisUrl);
  const all: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    world.channels.publish('stable', VERSIONS[(round + 1) % 2] ?? VERSIONS[0]);
    const measured = await killOnce(world, names, runs, KILL_AFTER_MS[round % KILL_AFTER_MS.length] ?? 0);
    all.push(measured);
    const { millis, parked, written, writtenTwice } = measured;
    console.log(
      `round ${round + 1}: ${millis.length} held, ${parked} parked and ${written} written before the kill, ${showPercentiles(percentilesOf(millis), 'ms')}, written twice: ${writtenTwice.length}`,
    );
  }
  runs.close();
  await world.close();
  const everything = percentilesOf(all.flatMap(({ millis }) => millis));
  console.log(
    `from the kill until a run continues: ${showPercentiles(everything, 'ms')} (wanted: p99 <= 10 s)`,
  );
  console.log(`written twice: ${all.flatMap(({ writtenTwice }) => writtenTwice).length} (wanted: 0)`);
}

async function killOnce(
  world: BenchWorld,
  names: readonly string[],
  runs: RunStates,
  afterMs: number,
): Promise<Round> {
  const { auditLogPath } = world.controlPlane;
  await world.hang(names);
  const product = await world.startProduct({ workers: 1, flags: FLAGS });
  const [victim] = product.workers;
  if (victim === undefined) throw new Error('no worker has started');
  const successor = await product.addWorker();
  successor.signal('SIGSTOP');
  const since = await auditPosition(auditLogPath);
  const id = await product.request();
  await until(
    async () => (await runs.read(names)).every(({ startedAt }) => startedAt !== undefined),
    POLL_MS,
  );
  await pause(afterMs);
  const killedAt = await kill(victim);
  const before = await runs.read(names);
  successor.signal('SIGCONT');
  const held = names.filter((_, index) => !before[index]?.isParked);
  const millis = await untilContinued(held, killedAt, runs);
  await world.hang([]);
  await ended(product, id);
  const writes = await readWrites(auditLogPath, since);
  await product.stop();
  const written = [...writes.values()].flat().filter((at) => at <= killedAt).length;
  const writtenTwice = names.filter((name) => (writes.get(name) ?? []).length > 1);
  return { millis, parked: names.length - held.length, written, writtenTwice };
}

/** By its own process id; the time of the kill. */
async function kill(victim: SkipperProcess): Promise<number> {
  victim.signal('SIGKILL');
  const killedAt = Date.now();
  await victim.exited;
  return killedAt;
}

async function untilContinued(
  held: readonly string[],
  killedAt: number,
  runs: RunStates,
): Promise<readonly number[]> {
  const millis = new Map<string, number>();
  await until(async () => {
    const states = await runs.read(held);
    for (const [index, name] of held.entries()) {
      const startedAt = states[index]?.startedAt ?? 0;
      if (startedAt > killedAt && !millis.has(name)) millis.set(name, startedAt - killedAt);
    }
    return millis.size === held.length;
  }, POLL_MS);
  return [...millis.values()];
}
