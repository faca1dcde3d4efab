import { randomUUID } from 'node:crypto';
import { createApiClient } from '../../client/api-client.ts';
import { followFleet } from '../../client/follow-fleet.ts';
import { FDD } from '../../domain/cluster/names.ts';
import { APPLICATIONS, DEPLOYMENTS, pathOf } from '../../shared/kubernetes/resources.ts';
import { pause } from '../../shared/pause.ts';
import { auditPosition, firstWrite } from '../audit.ts';
import { benchNames } from '../bench-names.ts';
import { percentilesOf, showPercentiles } from '../percentiles.ts';
import { readFor } from '../readers.ts';
import { ended } from '../rollouts.ts';
import type { ScenarioOptions } from '../scenarios.ts';
import { until } from '../until.ts';
import { type BenchWorld, openWorld, type Product, VERSIONS } from '../world.ts';

const SAMPLES = 20;
/** Of each path. */
const READERS = 25;
const READ_SECONDS = 15;
const PATHS = ['/api/status', '/api/fleet'] as const;

/** How long things take that people wait for, at default settings. Each figure has a simpler one beside it. */
export async function measureLatency({ rounds, namespaces = 10_000 }: ScenarioOptions): Promise<void> {
  const world = await openWorld({ namespaces });
  await deployEverything(world, VERSIONS[0]);
  const product = await world.startProduct({ workers: 1, flags: { 'disable-autoupdate': false } });
  const names = benchNames(namespaces);
  await measureWrites(world, product, names.slice(0, SAMPLES));
  await measureEvents(world, product, names.slice(-SAMPLES));
  await measureReads(product, 1, 'idle, 1 reader each');
  for (let round = 0; round < rounds; round += 1) {
    await measureReleaseCheck(world, product);
    await measureRollout(world, product);
  }
  await product.stop();
  await world.close();
}

/** So that nothing is left to do when the measurement begins. */
async function deployEverything(world: BenchWorld, version: string): Promise<void> {
  world.channels.publish('stable', version);
  const product = await world.startProduct({
    workers: 1,
    flags: { concurrency: 200, 'kube-api-qps': 0, 'max-in-flight': 0 },
  });
  const { failures } = await product.deployAll();
  await product.stop();
  if (failures.length > 0) throw new Error(`not verified: ${failures.slice(0, 3).join('; ')}`);
}

/** From the request for one namespace to the first write, as the API server saw it; and the same for a bare client. */
async function measureWrites(world: BenchWorld, product: Product, names: readonly string[]): Promise<void> {
  const { auditLogPath } = world.controlPlane;
  world.channels.publish('stable', VERSIONS[1]);
  const written: number[] = [];
  const bare: number[] = [];
  for (const name of names) {
    bare.push(await timeOf(() => world.client.get(APPLICATIONS, { namespace: name, name: FDD })));
    const since = await auditPosition(auditLogPath);
    const began = Date.now();
    const id = await product.request({ namespaces: [name] });
    written.push((await firstWrite(auditLogPath, since)) - began);
    await ended(product, id);
  }
  console.log(`POST for 1 namespace to the first write: ${showPercentiles(percentilesOf(written), 'ms')}`);
  console.log(`  one request of a bare client: ${showPercentiles(percentilesOf(bare), 'ms')}`);
}

/** From an admin's change of a Deployment to its event; and how long the change itself took. */
async function measureEvents(world: BenchWorld, product: Product, names: readonly string[]): Promise<void> {
  const ending = new AbortController();
  const seen = new Map<string, number>();
  const following = recordRows(product.api.url, ending.signal, seen);
  // The stream is open by then, and the rows of the last deploys have been sent.
  await pause(3_000);
  const changed = new Map<string, number>();
  const own: number[] = [];
  for (const name of names) {
    seen.delete(name);
    changed.set(name, Date.now());
    own.push(await timeOf(() => changeDeployment(world, name)));
    while (!seen.has(name)) await pause(5);
  }
  ending.abort();
  await following;
  const millis = names.map((name) => (seen.get(name) ?? Number.NaN) - (changed.get(name) ?? Number.NaN));
  console.log(`change of a Deployment to its event: ${showPercentiles(percentilesOf(millis), 'ms')}`);
  console.log(`  the change itself: ${showPercentiles(percentilesOf(own), 'ms')}`);
}

/** When each namespace was last named by the event stream. */
async function recordRows(server: string, signal: AbortSignal, seen: Map<string, number>): Promise<void> {
  for await (const news of followFleet(createApiClient({ server }), { signal })) {
    if (news.kind !== 'rows') continue;
    for (const { namespace } of news.event.rows) seen.set(namespace, Date.now());
  }
}

/** Anybody with kubectl could do this: another image. */
async function changeDeployment(world: BenchWorld, namespace: string): Promise<void> {
  const value = `fiaas/fiaas-deploy-daemon:${randomUUID()}`;
  await world.client.request({
    method: 'PATCH',
    patchType: 'json',
    path: pathOf(DEPLOYMENTS, { namespace, name: FDD }),
    body: [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value }],
  });
}

/** A release check that finds a new release, and the rollout after it. */
async function measureReleaseCheck(world: BenchWorld, product: Product): Promise<void> {
  const { auditLogPath } = world.controlPlane;
  world.channels.publish('stable', VERSIONS[1]);
  const since = await auditPosition(auditLogPath);
  const began = Date.now();
  await createApiClient({ server: product.api.url }).checkReleases();
  const millis = (await firstWrite(auditLogPath, since)) - began;
  console.log(`request of a release check to the first write: ${millis.toFixed(0)} ms`);
  await untilQuiet(product);
}

/** The answer to a deploy of everything, and the answers to readers while it is under way. */
async function measureRollout(world: BenchWorld, product: Product): Promise<void> {
  world.channels.publish('stable', VERSIONS[0]);
  const began = performance.now();
  const id = await product.request();
  console.log(`POST for everything answered after ${(performance.now() - began).toFixed(0)} ms`);
  await measureReads(product, READERS, `during a rollout, ${READERS} readers each`);
  const { state, counts } = await product.rollout(id);
  console.log(`  the rollout after that: ${state}, ${JSON.stringify(counts)}`);
  await ended(product, id);
}

async function measureReads({ api }: Product, readers: number, when: string): Promise<void> {
  const millis = await Promise.all(
    PATHS.map((path) => readFor({ url: api.url, path, readers, seconds: READ_SECONDS })),
  );
  for (const [index, path] of PATHS.entries()) {
    console.log(`${path}, ${when}: ${showPercentiles(percentilesOf(millis[index] ?? []), 'ms')}`);
  }
}

/** The rollout of a release check is not known by its id. */
async function untilQuiet(product: Product): Promise<void> {
  const client = createApiClient({ server: product.api.url });
  await until(async () => (await client.fleet()).rows.every(({ activity }) => activity === 'idle'), 2_000);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
