import { pause } from '../../shared/pause.ts';
import { auditPosition, readWrites, type Write } from '../audit.ts';
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
const ZOMBIE_AFTER_MS = 200;
/** Enough for writes that it had queued. */
const ZOMBIE_MS = 3_000;
const FLAGS = { concurrency: 100, 'kube-api-qps': 0 };

interface Round {
  /** Of each namespace that the worker held, from its end until another run of it began. */
  readonly millis: readonly number[];
  readonly parked: number;
  /** By the worker that was ended. */
  readonly written: number;
  /** Writes that the API server gave up when the connection was gone, or refused: how many, by status. */
  readonly undone: Readonly<Record<string, number>>;
  /** Its successor wrote again what it had written: where, and when after its end. */
  readonly writtenTwice: readonly string[];
}

/** A worker that holds all namespaces is killed; how long until another one continues each of them. */
export async function measureRecovery({ rounds, namespaces = 100 }: ScenarioOptions): Promise<void> {
  const world = await openWorld({ namespaces });
  const names = benchNames(namespaces);
  const runs = openRunStates(world.redisUrl);
  const all: Round[] = [];
  // The last worker is only suspended: it wakes up as a zombie.
  for (let round = 0; round <= rounds; round += 1) {
    const isZombie = round === rounds;
    world.channels.publish('stable', VERSIONS[(round + 1) % 2] ?? VERSIONS[0]);
    const afterMs = isZombie ? ZOMBIE_AFTER_MS : (KILL_AFTER_MS[round % KILL_AFTER_MS.length] ?? 0);
    const measured = await endOnce(world, names, runs, { isZombie, afterMs });
    all.push(measured);
    const { millis, parked, written, undone, writtenTwice } = measured;
    console.log(
      `${isZombie ? 'zombie' : `kill ${round + 1}`}: ${millis.length} held, ${parked} parked and ${written} written before that, not written: ${JSON.stringify(undone)}, ${showPercentiles(percentilesOf(millis), 'ms')}, written twice: ${writtenTwice.join(', ') || 'nothing'}`,
    );
  }
  runs.close();
  await world.close();
  const everything = percentilesOf(all.slice(0, rounds).flatMap(({ millis }) => millis));
  console.log(
    `from the kill until a run continues: ${showPercentiles(everything, 'ms')} (wanted: p99 <= 10 s)`,
  );
  console.log(`written twice: ${all.flatMap(({ writtenTwice }) => writtenTwice).length} (wanted: 0)`);
}

interface End {
  readonly isZombie: boolean;
  /** After it has begun the last run. */
  readonly afterMs: number;
}

async function endOnce(
  world: BenchWorld,
  names: readonly string[],
  runs: RunStates,
  { isZombie, afterMs }: End,
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
  victim.signal(isZombie ? 'SIGSTOP' : 'SIGKILL');
  const endedAt = Date.now();
  const before = await runs.read(names);
  successor.signal('SIGCONT');
  const held = names.filter((_, index) => !before[index]?.isParked);
  const millis = await untilContinued(held, endedAt, runs);
  if (isZombie) victim.signal('SIGCONT');
  await pause(isZombie ? ZOMBIE_MS : 0);
  await world.hang([]);
  await ended(product, id);
  const writes = await readWrites(auditLogPath, since);
  await product.stop();
  return { millis, parked: names.length - held.length, ...judgeWrites(writes, endedAt) };
}

function judgeWrites(writes: ReadonlyMap<string, readonly Write[]>, endedAt: number) {
  const all = [...writes.values()].flat();
  const writtenTwice = [...writes].flatMap(([name, own]) => {
    const times = own.filter(isDone).map(({ at }) => `${at - endedAt} ms`);
    return times.length > 1 ? [`${name} at ${times.join(' and ')}`] : [];
  });
  return {
    written: all.filter((write) => isDone(write) && write.at <= endedAt).length,
    undone: countBy(
      all
        .filter((write) => !isDone(write))
        .map(({ code, at }) => `${code} ${at <= endedAt ? 'before' : 'after'} that`),
    ),
    writtenTwice,
  };
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function isDone({ code = 0 }: Write): boolean {
  return code >= 200 && code < 300;
}

async function untilContinued(
  held: readonly string[],
  endedAt: number,
  runs: RunStates,
): Promise<readonly number[]> {
  const millis = new Map<string, number>();
  await until(async () => {
    const states = await runs.read(held);
    for (const [index, name] of held.entries()) {
      const startedAt = states[index]?.startedAt ?? 0;
      if (startedAt > endedAt && !millis.has(name)) millis.set(name, startedAt - endedAt);
    }
    return millis.size === held.length;
  }, POLL_MS);
  return [...millis.values()];
}
