import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import pMap from 'p-map';
import { APPLICATION_STATUSES, APPLICATIONS } from '../../shared/kubernetes/resources.ts';
import { statusName } from '../../simulator/fdd/status-name.ts';
import { benchNames } from '../bench-names.ts';
import type { ScenarioOptions } from '../scenarios.ts';
import { showSpread, spreadOf } from '../spread.ts';
import type { WatchCost } from '../watch-process.ts';
import { type BenchWorld, openWorld } from '../world.ts';

const APPLICATIONS_EACH = 10;
/** FDD keeps up to ten of each Application. */
const STATUSES_EACH = 2;
/** The limits that `bin/skipper` sets, and a collection on request. */
const NODE_FLAGS = ['--max-semi-space-size=8', '--max-old-space-size=160', '--expose-gc'];

/** What the watches of all Applications and their statuses add to those of FDD's own, in a process that does nothing else. */
export async function measureListening({ rounds, namespaces = 10_000 }: ScenarioOptions): Promise<void> {
  console.log(`${namespaces} namespaces: filling the cluster`);
  const world = await openWorld({ namespaces });
  await addApplications(world, benchNames(namespaces));
  const without: WatchCost[] = [];
  const listening: WatchCost[] = [];
  for (let round = 0; round < rounds; round += 1) {
    without.push(await costOf(world, false));
    listening.push(await costOf(world, true));
  }
  await world.close();
  const count = namespaces * APPLICATIONS_EACH;
  console.log(`${count} Applications, ${count * STATUSES_EACH} ApplicationStatuses`);
  console.log('                         without              with');
  for (const [what, pick] of SHOWN) {
    const [a, b] = [without, listening].map((costs) => showSpread(spreadOf(costs.map(pick))));
    console.log(`${what.padEnd(24)} ${a?.padEnd(20)} ${b}`);
  }
  const more = listening.map((cost, index) => cost.largestMiB - (without[index]?.largestMiB ?? 0));
  console.log(`largest resident size: ${showSpread(spreadOf(more))} MiB more (wanted: <= 32 MiB)`);
}

const SHOWN: readonly (readonly [string, (cost: WatchCost) => number])[] = [
  ['largest resident (MiB)', ({ largestMiB }) => largestMiB],
  ['resident at rest (MiB)', ({ residentMiB }) => residentMiB],
  ['heap at rest (MiB)', ({ heapMiB }) => heapMiB],
  ['until synced (s)', ({ seconds }) => seconds],
  ['processor time (s)', ({ cpuSeconds }) => cpuSeconds],
];

async function addApplications({ client }: BenchWorld, names: readonly string[]): Promise<void> {
  const all = names.flatMap((namespace) =>
    Array.from({ length: APPLICATIONS_EACH }, (_, index) => ({ namespace, name: `application-${index}` })),
  );
  const add = async ({ namespace, name }: { namespace: string; name: string }) => {
    const id = randomUUID();
    const labels = { app: name, 'fiaas/deployment_id': id };
    await client.create(APPLICATIONS, namespace, {
      apiVersion: APPLICATIONS.apiVersion,
      kind: APPLICATIONS.kind,
      metadata: { name, labels },
      spec: { application: name, image: 'example.org/application:1', config: { version: 3 } },
    });
    // The instant FDD reports on the id; the others are of earlier deployments.
    for (let earlier = 1; earlier < STATUSES_EACH; earlier += 1) {
      const old = randomUUID();
      await client.create(APPLICATION_STATUSES, namespace, {
        apiVersion: APPLICATION_STATUSES.apiVersion,
        kind: APPLICATION_STATUSES.kind,
        metadata: { name: statusName(name, old), labels: { app: name, 'fiaas/deployment_id': old } },
        result: 'SUCCESS',
        logs: [],
      });
    }
  };
  await pMap(all, add, { concurrency: 48 });
}

function costOf({ controlPlane }: BenchWorld, listens: boolean): Promise<WatchCost> {
  const flags = [controlPlane.kubeconfigPath, listens ? 'listens' : 'alone'];
  const child = fork(new URL('../watch-process.js', import.meta.url), flags, { execArgv: NODE_FLAGS });
  process.once('exit', () => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the watching process ended with ${code}`)));
    child.once('message', (cost) => {
      resolve(cost as WatchCost);
      child.kill('SIGKILL');
    });
  });
}
