import { cpus } from 'node:os';
import { parseImage } from '../domain/release/image.ts';
import { makeRelease } from '../domain/release/release.ts';
import { auditPosition, countRequests, countWhile, totalOf } from './audit.ts';
import { runBareQueue } from './bare-queue.ts';
import { benchNames } from './bench-names.ts';
import { runFloor } from './floor.ts';
import { type CommandCounts, countCommands, perUnit } from './redis-commands.ts';
import { showSpread, spreadOf } from './spread.ts';
import { type BenchWorld, openWorld, type ProductOptions, VERSIONS } from './world.ts';

export interface ThroughputOptions {
  readonly namespaces: number;
  readonly bare: number;
  readonly pairs: number;
  readonly workers: number;
  readonly concurrency: number;
}

interface Round {
  readonly floor: number;
  readonly skipper: number;
  readonly ratio: number;
  /** Of API and workers, per namespace. */
  readonly cpuMs: number;
  /** For the first deploy after a start. */
  readonly coldRatio: number;
  readonly perChanged: number;
  readonly mostPerChanged: number;
}

export async function measureThroughput(options: ThroughputOptions) {
  const { namespaces, bare, pairs, workers, concurrency } = options;
  const world = await openWorld({ namespaces: namespaces + bare, bare });
  const names = benchNames(namespaces, bare);
  const product = { workers, flags: { concurrency, 'kube-api-qps': 0 } };
  console.log(
    `${namespaces} namespaces, ${cpus().length} cores, 1 API and ${workers} worker(s), --concurrency ${concurrency} --kube-api-qps 0`,
  );
  const rounds: Round[] = [];
  for (let pair = -1; pair < pairs; pair += 1) {
    const round = await measurePair(world, names, product, pair);
    // The first pair warms up caches and does not count.
    if (pair >= 0) rounds.push(round);
    showRound(pair, round);
  }
  const counts = await measureCounts(world, names, product);
  const redis = await measureCommands(world, names, product);
  await world.close();
  const result = { namespaces, rounds, ratio: spreadOf(rounds.map(({ ratio }) => ratio)), ...counts, redis };
  showResult(result);
  return result;
}

async function measurePair(
  world: BenchWorld,
  names: readonly string[],
  options: ProductOptions,
  pair: number,
): Promise<Round> {
  const { auditLogPath, kubeconfigPath } = world.controlPlane;
  const namespaces = names.length;
  // Each writes a new release, so each changes every namespace.
  const floorSeconds = await runFloor(kubeconfigPath, names, releaseOf(pair, 'floor'));
  world.channels.publish('stable', VERSIONS[0]);
  // Started for each pair, so that its watches do not slow down the floor; then warmed up, like the floor's process.
  const product = await world.startProduct(options);
  const cold = await product.deployAll({ namespaces: names });
  world.channels.publish('stable', VERSIONS[1]);
  const since = await auditPosition(auditLogPath);
  const cpuBefore = await product.cpuMs();
  const { seconds, failures } = await product.deployAll({ namespaces: names });
  const cpuMs = (await product.cpuMs()) - cpuBefore;
  const counts = await countRequests(auditLogPath, since);
  await product.stop();
  const unverified = [...cold.failures, ...failures];
  if (unverified.length > 0) throw new Error(`not verified: ${unverified.slice(0, 3).join('; ')}`);
  return {
    floor: namespaces / floorSeconds,
    skipper: namespaces / seconds,
    ratio: floorSeconds / seconds,
    cpuMs: cpuMs / namespaces,
    coldRatio: floorSeconds / cold.seconds,
    perChanged: totalOf(counts) / namespaces,
    mostPerChanged: Math.max(...counts.byNamespace.values()),
  };
}

/** Requests for namespaces that need nothing, and for those that have no FDD yet. */
async function measureCounts(world: BenchWorld, names: readonly string[], options: ProductOptions) {
  const { auditLogPath } = world.controlPlane;
  const product = await world.startProduct(options);
  const unchanged = await countWhile(auditLogPath, () => product.deployAll({ namespaces: names }));
  const before = Object.fromEntries(world.channels.requests);
  const bootstrapped = await countWhile(auditLogPath, async () => {
    const { failures } = await product.deployAll();
    if (failures.length > 0) throw new Error(`not bootstrapped: ${failures[0]}`);
  });
  const after = Object.fromEntries(world.channels.requests);
  await product.stop();
  const bootstraps = [...bootstrapped.byNamespace].filter(([name]) => !names.includes(name));
  return {
    unchangedRequests: totalOf(unchanged),
    bootstraps: bootstraps.length,
    perBootstrap: spreadOf(bootstraps.map(([, count]) => count)),
    channelRequests: differences(before, after),
  };
}

/** Redis commands per changed namespace, and of a bare queue as the floor. Apart from the pairs: counting slows Redis down. */
async function measureCommands(world: BenchWorld, names: readonly string[], options: ProductOptions) {
  const product = await world.startProduct(options);
  world.channels.publish('stable', VERSIONS[0]);
  const skipper = await countCommands(world.redisUrl, () => product.deployAll({ namespaces: names }));
  await product.stop();
  const { concurrency } = options.flags ?? {};
  const queue = await countCommands(world.redisUrl, () =>
    runBareQueue(world.redisUrl, names, Number(concurrency)),
  );
  return { skipper: perUnit(skipper, names.length), queue: perUnit(queue, names.length) };
}

function showRound(pair: number, { floor, skipper, ratio, perChanged, cpuMs }: Round): void {
  console.log(
    `${pair < 0 ? 'warm-up' : `pair ${pair + 1}`}: floor ${floor.toFixed(0)}/s, Skipper ${skipper.toFixed(0)}/s, ratio ${ratio.toFixed(2)}, ${perChanged.toFixed(2)} requests and ${cpuMs.toFixed(1)} ms CPU per namespace`,
  );
}

function showResult(result: Awaited<ReturnType<typeof measureThroughput>>): void {
  const { namespaces, rounds } = result;
  const spread = (of: (round: Round) => number, digits?: number) =>
    showSpread(spreadOf(rounds.map(of)), digits);
  const lines = [
    `floor:   ${spread(({ floor }) => floor, 0)} namespaces/s`,
    `Skipper: ${spread(({ skipper }) => skipper, 0)} namespaces verified/s`,
    `ratio:   ${showSpread(result.ratio)} (wanted: >= 0.8)`,
    `ratio of the first deploy after a start: ${spread(({ coldRatio }) => coldRatio)}`,
    `CPU of API and worker per namespace: ${spread(({ cpuMs }) => cpuMs, 1)} ms (wanted: <= 4)`,
    `requests per changed namespace: ${spread(({ perChanged }) => perChanged)} (wanted: <= 3)`,
    `most for one changed namespace: ${Math.max(...rounds.map(({ mostPerChanged }) => mostPerChanged))}`,
    `requests for ${namespaces} unchanged namespaces: ${result.unchangedRequests} (wanted: 0)`,
    `requests per bootstrap (${result.bootstraps}): ${showSpread(result.perBootstrap)} (wanted: <= 6)`,
    `release server, one deploy of everything: ${JSON.stringify(result.channelRequests)}`,
    `Redis commands per changed namespace: ${showCommands(result.redis.skipper)} (wanted: <= 50 sent)`,
    `Redis commands per job of a bare queue: ${showCommands(result.redis.queue)}`,
  ];
  for (const line of lines) console.log(line);
}

function showCommands({ sent, executed }: CommandCounts): string {
  return `${sent.toFixed(1)} sent, ${executed.toFixed(1)} with those inside scripts`;
}

function releaseOf(pair: number, who: string) {
  const image = parseImage(`fiaas/fiaas-deploy-daemon:${who}-${pair + 1}`);
  if (!image.ok) throw new Error(image.reason);
  return makeRelease(
    image.value,
    { version: 3, admin_access: true, replicas: { maximum: 1, minimum: 1 } },
    {},
  );
}

function differences(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after)
      .map(([path, count]): [string, number] => [path, count - (before[path] ?? 0)])
      .filter(([, count]) => count > 0),
  );
}
