import type { SkipperProcess } from '../../../simulator/demo/skipper-process.ts';
import { writeAllAtOnce } from '../../support/all-at-once.ts';
import { freePort } from '../../support/free-port.ts';
import { API_ACCOUNT, type RealWorld, until, WORKER_ACCOUNT } from '../../support/real-world.ts';
import { startSkipperHere } from '../../support/skipper-here.ts';
import { startStrictProcess } from '../../support/strict-process.ts';

export interface Target {
  readonly namespace: string;
  readonly state: string;
  readonly reason: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly version?: string;
  readonly attempt?: number;
  readonly details?: readonly string[];
  readonly warnings?: readonly string[];
}

export interface RolloutAnswer {
  readonly id: string;
  readonly state: string;
  readonly targets: readonly Target[];
}

export interface StatusAnswer {
  readonly namespace: string;
  readonly status: string;
  readonly description: string;
  readonly version: string;
  readonly phase?: string;
}

/** An API and a worker. */
export interface SkipperPair {
  readonly api: SkipperProcess;
  readonly worker: SkipperProcess;
  /** Resolves when both see these namespaces. */
  sees(...namespaces: readonly string[]): Promise<void>;
  post(body: Readonly<Record<string, unknown>>): Promise<RolloutAnswer>;
  rollout(id: string): Promise<RolloutAnswer>;
  finished(id: string): Promise<RolloutAnswer>;
  /** Requests a deploy of these namespaces and waits until it has ended; returns the targets by namespace. */
  deploy(
    namespaces: readonly string[],
    options?: { force?: boolean },
  ): Promise<Readonly<Record<string, Target>>>;
  status(): Promise<readonly StatusAnswer[]>;
  stop(): Promise<void>;
}

export interface SkipperPairOptions {
  readonly flags?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly workerFlags?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Kubeconfig of the worker; by default one with a token of its account. */
  readonly workerKubeconfig?: string;
  /** Runs them as processes, which can be stopped and killed; inside this one if left out. */
  readonly processes?: boolean;
}

let pairs = 0;

/** Starts both under their least-privilege accounts, each pair with its own keys in Redis. */
export async function startSkipperPair(
  world: RealWorld,
  options: SkipperPairOptions = {},
): Promise<SkipperPair> {
  pairs += 1;
  const name = `pair-${pairs}`;
  const shared = {
    'redis-url': world.redis.url,
    'redis-prefix': name,
    baseurl: world.channel.url,
    'rollout-policy': await writeAllAtOnce(world.folder),
    'disable-autoupdate': true,
    'log-format': 'json',
    ...options.flags,
  };
  const env = { PATH: process.env.PATH };
  const [apiKubeconfig, workerKubeconfig] = await Promise.all([
    kubeconfigOf(world, API_ACCOUNT, name),
    options.workerKubeconfig ?? kubeconfigOf(world, WORKER_ACCOUNT, name),
  ]);
  const start = options.processes ? startStrictProcess : startSkipperHere;
  const api = start({
    command: 'api',
    port: await freePort(),
    flags: { ...shared, kubeconfig: apiKubeconfig },
    env,
  });
  const worker = start({
    command: 'worker',
    port: await freePort(),
    flags: { ...shared, kubeconfig: workerKubeconfig, ...options.workerFlags },
    env,
  });
  const stop = async () => {
    await Promise.all([api.stop(), worker.stop()]);
  };
  try {
    await Promise.all([api.ready(), worker.ready()]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...clientOf(api, worker), api, worker, stop };
}

/** A kubeconfig with a fresh token of the account. */
export async function kubeconfigOf(world: RealWorld, account: string, name: string): Promise<string> {
  return world.writeKubeconfig(`${name}-${account}`, { token: await world.requestToken(account) });
}

function clientOf(api: SkipperProcess, worker: SkipperProcess): Omit<SkipperPair, 'api' | 'worker' | 'stop'> {
  const rollout = (id: string) => getJson<RolloutAnswer>(`${api.url}/api/rollouts/${id}`);
  const status = () => getJson<readonly StatusAnswer[]>(`${api.url}/api/status`);

  async function post(body: Readonly<Record<string, unknown>>): Promise<RolloutAnswer> {
    const response = await fetch(`${api.url}/api/deploy`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.status !== 202) throw new Error(`POST /api/deploy: ${response.status} ${text}`);
    return JSON.parse(text) as RolloutAnswer;
  }

  async function finished(id: string): Promise<RolloutAnswer> {
    return until(
      `rollout ${id} has ended`,
      () => rollout(id),
      ({ state }) => state !== 'pending' && state !== 'running',
    );
  }

  async function sees(...namespaces: readonly string[]): Promise<void> {
    await until(`the API sees ${namespaces.join(', ')}`, status, (rows) =>
      namespaces.every((name) => rows.some(({ namespace }) => namespace === name)),
    );
    // The worker reports only how many it sees, and other namespaces can come or go.
    await until('the worker sees as many', async () => {
      const [{ length }, count] = await Promise.all([status(), metric(worker, 'fiaas_enabled_namespaces')]);
      return count === length;
    });
  }

  return {
    sees,
    post,
    rollout,
    finished,
    status,
    deploy: async (namespaces, { force = false } = {}) => {
      await sees(...namespaces);
      const { id } = await post({ namespaces, ...(force ? { force_bootstrap: true } : {}) });
      const { targets } = await finished(id);
      return Object.fromEntries(targets.map((target) => [target.namespace, target]));
    },
  };
}

/** The value of a metric without labels, or the sum over all of them. */
export async function metric(process: SkipperProcess, name: string): Promise<number> {
  const text = await (await fetch(`${process.url}/_/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
