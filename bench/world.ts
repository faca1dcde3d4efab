import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createKubernetesClient } from '../shared/kubernetes/client.ts';
import { loadKubeConfig } from '../shared/kubernetes/load-kube-config.ts';
import { startChannelServer } from '../simulator/channel-server.ts';
import { freePort } from '../simulator/demo/free-port.ts';
import { startRedisServer } from '../simulator/demo/redis-server.ts';
import { type SkipperProcess, startSkipperProcess } from '../simulator/demo/skipper-process.ts';
import { writeAllAtOnce } from '../test/support/all-at-once.ts';
import { startControlPlane } from '../test/support/control-plane.ts';
import { ensureCrds } from '../worker/ensure-crds.ts';
import { type BenchFddsOptions, type FddBehaviour, startBenchFdds } from './bench-fdds.ts';

const READY_MS = 120_000;
export const VERSIONS = ['20190215094822-2ace0ea', '20220808113256-eef68a8'] as const;
/** Different from what both a new namespace and one with the latest release have. */
export const THIRD_VERSION = '20190206110218-449abc6';

export interface Product {
  readonly api: SkipperProcess;
  readonly workers: readonly SkipperProcess[];
  /** Requests a deploy; returns the id of its rollout. */
  request(body?: unknown): Promise<string>;
  rollout(id: string): Promise<RolloutAnswer>;
  /** Requests a deploy of everything, and waits until the rollout has ended. */
  deployAll(body?: unknown): Promise<{ seconds: number; counts: Record<string, number>; failures: string[] }>;
  /** Largest resident size of each process so far, in MiB. */
  residentMiB(): Promise<Record<string, number>>;
  /** Total CPU time of its processes so far, in milliseconds. */
  cpuMs(): Promise<number>;
  /** Starts one more worker, with the same flags. */
  addWorker(): Promise<SkipperProcess>;
  stop(): Promise<void>;
}

export interface ProductOptions {
  readonly workers: number;
  /** Of both; a process ignores those that it does not read. Default settings if left out. */
  readonly flags?: Readonly<Record<string, string | number | boolean | undefined>>;
}

export interface WorldOptions {
  readonly namespaces: number;
  /** The first ones get no FDD. */
  readonly bare?: number;
  /** Runs the FDDs in this process, for tests: the other process needs a build. */
  readonly fddsHere?: boolean;
}

export type BenchWorld = Awaited<ReturnType<typeof openWorld>>;

/** A real control plane with instant FDDs, a release server and Redis. */
export async function openWorld({ namespaces, bare = 0, fddsHere = false }: WorldOptions) {
  const controlPlane = await startControlPlane({ controllerManager: false });
  const client = createKubernetesClient(loadKubeConfig({ kubeconfig: controlPlane.kubeconfigPath }), {
    userAgent: 'bench',
    fieldManager: 'bench',
  });
  await ensureCrds(client, pino({ level: 'silent' }), new AbortController().signal);
  const image = `fiaas/fiaas-deploy-daemon:${VERSIONS[0]}`;
  const fddOptions = { kubeconfig: controlPlane.kubeconfigPath, namespaces, image, bare };
  const fdds = await (fddsHere ? startFddsHere : forkFdds)(fddOptions);
  const channels = await startChannelServer();
  const redis = await startRedisServer({ path: process.env.PATH });
  return {
    controlPlane,
    client,
    channels,
    redisUrl: redis.url,
    startProduct: (options: ProductOptions) =>
      startProduct(controlPlane.kubeconfigPath, redis.url, channels.url, options),
    /** FDDs of exactly these namespaces do not react. */
    hang: (hung: readonly string[]) => fdds.behave({ hung }),
    /** Each FDD takes this long from now on. */
    slowDown: (delayMs: number) => fdds.behave({ delayMs }),
    close: async () => {
      await fdds.stop();
      await client.close();
      await channels.close();
      await redis.stop();
      await controlPlane.stop();
    },
  };
}

interface ControlledFdds {
  behave(behaviour: FddBehaviour): Promise<void>;
  stop(): Promise<void>;
}

async function startFddsHere(options: BenchFddsOptions): Promise<ControlledFdds> {
  const fdds = await startBenchFdds(options);
  return { behave: async (behaviour) => fdds.behave(behaviour), stop: fdds.stop };
}

async function forkFdds({ kubeconfig, namespaces, image, bare }: BenchFddsOptions): Promise<ControlledFdds> {
  const flags = [kubeconfig, String(namespaces), image, String(bare)];
  const child = fork(new URL('./fdd-process.js', import.meta.url), flags);
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`the FDD process ended with ${code}`)));
  });
  // It is killed in the end, when nothing waits for an answer.
  ended.catch(() => undefined);
  const answered = () =>
    Promise.race([ended, new Promise<void>((resolve) => child.once('message', () => resolve()))]);
  await answered();
  return {
    behave: (behaviour) => {
      child.send(behaviour);
      return answered();
    },
    stop: async () => {
      child.kill('SIGKILL');
    },
  };
}

async function startProduct(
  kubeconfig: string,
  redisUrl: string,
  baseurl: string,
  options: ProductOptions,
): Promise<Product> {
  const folder = await mkdtemp(join(tmpdir(), 'skipper-bench-'));
  const flags = {
    kubeconfig,
    'redis-url': redisUrl,
    baseurl,
    'rollout-policy': await writeAllAtOnce(folder),
    'disable-autoupdate': true,
    'disable-crd-creation': true,
    'release-check-interval': 3600,
    'log-format': 'json',
    ...options.flags,
  };
  const start = async (command: 'api' | 'worker') =>
    startSkipperProcess({ command, port: await freePort(), flags, env: process.env });
  const api = await start('api');
  const workers: SkipperProcess[] = [];
  while (workers.length < options.workers) workers.push(await start('worker'));
  const all = [api, ...workers];
  await Promise.all(all.map((each) => each.ready(READY_MS)));
  return {
    api,
    workers,
    request: (body) => requestDeploy(api.url, body),
    rollout: (id) => readRollout(api.url, id),
    deployAll: (body) => deployAll(api.url, body),
    residentMiB: async () => {
      const sizes: Record<string, number> = {};
      for (const [index, each] of all.entries()) {
        sizes[index === 0 ? 'api' : `worker ${index}`] = await highWaterMiB(each.pid);
      }
      return sizes;
    },
    cpuMs: async () => {
      const times = await Promise.all(all.map(({ pid }) => cpuMs(pid)));
      return times.reduce((sum, time) => sum + time, 0);
    },
    addWorker: async () => {
      const worker = await start('worker');
      all.push(worker);
      await worker.ready(READY_MS);
      return worker;
    },
    stop: async () => {
      await Promise.all(all.map((each) => each.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface RolloutAnswer {
  readonly id: string;
  readonly state: string;
  readonly counts: Record<string, number>;
  readonly targets: readonly {
    readonly namespace: string;
    readonly state: string;
    readonly reason: string;
    readonly startedAt?: number;
    readonly finishedAt?: number;
  }[];
}

async function requestDeploy(url: string, body: unknown): Promise<string> {
  const posted = await fetch(`${url}/api/deploy`, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (posted.status !== 202) throw new Error(`POST /api/deploy: ${posted.status} ${await posted.text()}`);
  return ((await posted.json()) as RolloutAnswer).id;
}

async function readRollout(url: string, id: string): Promise<RolloutAnswer> {
  return (await (await fetch(`${url}/api/rollouts/${id}`)).json()) as RolloutAnswer;
}

async function deployAll(url: string, body: unknown) {
  const began = Date.now();
  const id = await requestDeploy(url, body);
  for (;;) {
    const view = await readRollout(url, id);
    if (view.state !== 'pending' && view.state !== 'running') {
      // The end of the last target, not the time of our poll: frequent polls would affect the result.
      const seconds = (Math.max(...view.targets.map((target) => target.finishedAt ?? 0)) - began) / 1000;
      const failures = view.targets
        .filter((target) => target.state !== 'completed')
        .map((target) => `${target.namespace}: ${target.reason}`);
      return { seconds, counts: view.counts, failures };
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

/** The kernel counts hundredths of a second; fields 14 and 15, after the name in parentheses, are user and system time. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function highWaterMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}
