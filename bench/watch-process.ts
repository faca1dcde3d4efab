/** The watches of a worker in a separate process, with the limits of `bin/skipper`: with or without those of all Applications. */
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { createKubernetesClient } from '../shared/kubernetes/client.ts';
import { watchCluster } from '../shared/kubernetes/cluster-cache.ts';
import { loadKubeConfig } from '../shared/kubernetes/load-kube-config.ts';
import { watchBegun } from '../shared/kubernetes/watch-begun.ts';
import { pause } from '../shared/pause.ts';

/** For the garbage of the lists. */
const SETTLE_MS = 2_000;

export interface WatchCost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Largest and last resident size. */
  readonly largestMiB: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
}

const [kubeconfig = '', listens = ''] = process.argv.slice(2);
const log = pino({ level: 'silent' });
const client = createKubernetesClient(loadKubeConfig({ kubeconfig }), {
  userAgent: 'bench-watch',
  fieldManager: 'bench-watch',
});
const began = Date.now();
const cluster = watchCluster({ client, log });
const begun = listens === 'listens' ? watchBegun({ client, log }) : undefined;
await Promise.all([cluster.synced(), begun?.synced()]);
const seconds = (Date.now() - began) / 1_000;
await pause(SETTLE_MS);
const largestMiB = await highWaterMiB();
global.gc?.();
const { rss, heapUsed, external } = process.memoryUsage();
const { user, system } = process.cpuUsage();
const cost: WatchCost = {
  seconds,
  cpuSeconds: (user + system) / 1e6,
  largestMiB,
  residentMiB: rss / 2 ** 20,
  heapMiB: (heapUsed + external) / 2 ** 20,
};
process.send?.(cost);

async function highWaterMiB(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}
