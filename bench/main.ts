/** `npm run bench`: compares Skipper with a floor, on a real control plane, in one run. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { Command, Option } from 'commander';
import { parseImage } from '../domain/release/image.ts';
import { makeRelease } from '../domain/release/release.ts';
import { controlPlaneMissing } from '../test/support/control-plane.ts';
import { auditPosition, countRequests, type RequestCounts } from './audit.ts';
import { benchNames } from './bench-names.ts';
import { runFloor } from './floor.ts';
import { runScenario, SCENARIOS, type Scenario } from './scenarios.ts';
import { showSpread, spreadOf } from './spread.ts';
import { openWorld, VERSIONS } from './world.ts';

interface Options {
  readonly namespaces: string;
  readonly pairs: string;
  readonly workers: string;
  readonly concurrency: string;
  readonly bare: string;
  readonly large: string;
  readonly json?: string;
  readonly scenario?: Scenario;
}

const options = new Command('bench')
  .description('Measures Skipper against a bare concurrent client; needs KUBEBUILDER_ASSETS')
  .option('--namespaces <n>', 'namespaces of the throughput runs', '500')
  .option('--pairs <n>', 'runs of floor and Skipper, in turn', '5')
  .option('--workers <n>', 'worker processes beside the API', '1')
  .option('--concurrency <n>', "each worker's --concurrency", '200')
  .option('--bare <n>', 'namespaces without FDD, for the cost of a bootstrap', '20')
  .option('--large <n>', 'namespaces of the memory run; 0 skips it', '10000')
  .option('--json <file>', 'write the raw results to this file')
  .addOption(new Option('--scenario <name>', 'measure only this, in --pairs rounds').choices(SCENARIOS))
  .parse()
  .opts<Options>();

const missing = controlPlaneMissing();
if (missing !== undefined) {
  console.log(`bench skipped: ${missing}; it needs etcd and kube-apiserver (envtest's binaries)`);
  process.exit(0);
}

if (options.scenario !== undefined) {
  await runScenario(options.scenario, Number(options.pairs));
  process.exit(0);
}

const throughput = await measureThroughput();
const memory = Number(options.large) > 0 ? await measureMemory(Number(options.large)) : undefined;
if (options.json) await writeFile(options.json, `${JSON.stringify({ throughput, memory }, null, 2)}\n`);
process.exit(0);

async function measureThroughput() {
  const namespaces = Number(options.namespaces);
  const bare = Number(options.bare);
  const world = await openWorld(namespaces + bare, bare);
  const { auditLogPath, kubeconfigPath } = world.controlPlane;
  const names = benchNames(namespaces, bare);
  const workers = Number(options.workers);
  console.log(
    `${namespaces} namespaces, ${cpus().length} cores, 1 API and ${workers} worker(s), --concurrency ${options.concurrency}`,
  );
  const rounds: {
    floor: number;
    skipper: number;
    ratio: number;
    /** Of API and workers, per namespace. */
    cpuMs: number;
    /** For the first deploy after a start. */
    coldRatio: number;
    perChanged: number;
    mostPerChanged: number;
  }[] = [];
  for (let pair = -1; pair < Number(options.pairs); pair += 1) {
    // Each writes a new release, so each changes every namespace.
    const floorSeconds = await runFloor(kubeconfigPath, names, releaseOf(pair, 'floor'));
    world.channels.publish('stable', VERSIONS[0]);
    // Started for each pair, so that its watches do not slow down the floor; then warmed up, like the floor's process.
    const product = await world.startProduct(workers, Number(options.concurrency));
    const cold = await product.deployAll({ namespaces: names });
    world.channels.publish('stable', VERSIONS[1]);
    const since = await auditPosition(auditLogPath);
    const cpuBefore = await product.cpuMs();
    const { seconds, failures } = await product.deployAll({ namespaces: names });
    const cpuMs = (await product.cpuMs()) - cpuBefore;
    const counts = await countRequests(auditLogPath, since, 'fiaas-skipper');
    await product.stop();
    const unverified = [...cold.failures, ...failures];
    if (unverified.length > 0) throw new Error(`not verified: ${unverified.slice(0, 3).join('; ')}`);
    const round = {
      floor: namespaces / floorSeconds,
      skipper: namespaces / seconds,
      ratio: floorSeconds / seconds,
      cpuMs: cpuMs / namespaces,
      coldRatio: floorSeconds / cold.seconds,
      perChanged: total(counts) / namespaces,
      mostPerChanged: Math.max(...counts.byNamespace.values()),
    };
    // The first pair warms up caches and does not count.
    if (pair >= 0) rounds.push(round);
    console.log(
      `${pair < 0 ? 'warm-up' : `pair ${pair + 1}`}: floor ${round.floor.toFixed(0)}/s, Skipper ${round.skipper.toFixed(0)}/s, ratio ${round.ratio.toFixed(2)}, ${round.perChanged.toFixed(2)} requests and ${round.cpuMs.toFixed(1)} ms CPU per namespace`,
    );
  }
  const product = await world.startProduct(workers, Number(options.concurrency));
  const unchanged = await countWhile(auditLogPath, () => product.deployAll({ namespaces: names }));
  const before = Object.fromEntries(world.channels.requests);
  const bootstrapped = await countWhile(auditLogPath, () => product.deployAll());
  const after = Object.fromEntries(world.channels.requests);
  await product.stop();
  await world.close();
  const bootstraps = [...bootstrapped.byNamespace].filter(([name]) => !names.includes(name));
  const channelRequests = differences(before, after);
  const result = {
    namespaces,
    rounds,
    ratio: spreadOf(rounds.map((round) => round.ratio)),
    unchangedRequests: total(unchanged),
    bootstraps: bootstraps.length,
    perBootstrap: spreadOf(bootstraps.map(([, count]) => count)),
    channelRequests,
  };
  console.log(`floor:   ${showSpread(spreadOf(rounds.map((round) => round.floor)), 0)} namespaces/s`);
  console.log(
    `Skipper: ${showSpread(spreadOf(rounds.map((round) => round.skipper)), 0)} namespaces verified/s`,
  );
  console.log(`ratio:   ${showSpread(result.ratio)} (wanted: >= 0.7)`);
  console.log(
    `ratio of the first deploy after a start: ${showSpread(spreadOf(rounds.map((round) => round.coldRatio)))}`,
  );
  console.log(
    `CPU of API and worker per namespace: ${showSpread(spreadOf(rounds.map((r) => r.cpuMs)), 1)} ms`,
  );
  console.log(
    `requests per changed namespace: ${showSpread(spreadOf(rounds.map((r) => r.perChanged)))} (wanted: <= 3)`,
  );
  console.log(`most for one changed namespace: ${Math.max(...rounds.map((r) => r.mostPerChanged))}`);
  console.log(`requests for ${namespaces} unchanged namespaces: ${result.unchangedRequests} (wanted: 0)`);
  console.log(
    `requests per bootstrap (${bootstraps.length}): ${showSpread(result.perBootstrap)} (wanted: <= 6)`,
  );
  console.log(`release server, one deploy of everything: ${JSON.stringify(channelRequests)}`);
  return result;
}

async function measureMemory(namespaces: number) {
  console.log(`\n${namespaces} namespaces: filling the cluster`);
  const world = await openWorld(namespaces, 0);
  world.channels.publish('stable', VERSIONS[1]);
  const product = await world.startProduct(Number(options.workers), Number(options.concurrency));
  const idle = await product.residentMiB();
  const { seconds, counts, failures } = await product.deployAll();
  const busy = await product.residentMiB();
  await product.stop();
  await world.close();
  if (failures.length > 0) console.log(`not verified: ${failures.length}, e.g. ${failures[0]}`);
  console.log(
    `${counts.completed ?? 0} verified in ${seconds.toFixed(1)} s (${(namespaces / seconds).toFixed(0)}/s)`,
  );
  console.log(`resident after reading the cluster: ${showSizes(idle)}`);
  console.log(`largest resident size: ${showSizes(busy)} (wanted: <= 256 MiB)`);
  return { namespaces, seconds, counts, idle, busy };
}

async function countWhile(auditLogPath: string, work: () => Promise<unknown>): Promise<RequestCounts> {
  const since = await auditPosition(auditLogPath);
  await work();
  return countRequests(auditLogPath, since, 'fiaas-skipper');
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

function total(counts: RequestCounts): number {
  return [...counts.byNamespace.values()].reduce((sum, count) => sum + count, 0);
}

function differences(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after)
      .map(([path, count]): [string, number] => [path, count - (before[path] ?? 0)])
      .filter(([, count]) => count > 0),
  );
}

function showSizes(sizes: Record<string, number>): string {
  return Object.entries(sizes)
    .map(([name, size]) => `${name} ${size.toFixed(0)} MiB`)
    .join(', ');
}
