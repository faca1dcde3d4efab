import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, jest } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { type Job, Queue } from 'bullmq';
import { pino } from 'pino';
import { CRDS } from '../../domain/deploy/crds.ts';
import { createKubernetesClient, type KubernetesClient } from '../../shared/kubernetes/client.ts';
import {
  APPLICATIONS,
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  DEPLOYMENTS,
  NAMESPACES,
} from '../../shared/kubernetes/resources.ts';
import { type ChannelServer, startChannelServer } from '../../simulator/channel-server.ts';
import { freePort } from '../../simulator/demo/free-port.ts';
import { type RedisServer, startRedisServer } from '../../simulator/demo/redis-server.ts';
import { type SkipperProcess, startSkipperProcess } from '../../simulator/demo/skipper-process.ts';
import type { Delays } from '../../simulator/fdd/delays.ts';
import { type SimulatedFdds, startSimulatedFdds } from '../../simulator/fdd/start-simulated-fdds.ts';
import type { AuditRecord } from '../../simulator/kubernetes-api/audit.ts';
import {
  type KubernetesApi,
  type KubernetesApiOptions,
  startKubernetesApi,
} from '../../simulator/kubernetes-api/kubernetes-api.ts';

export const FDD = 'fiaas-deploy-daemon';
export const BOOTSTRAP_POD = 'fiaas-deploy-daemon-bootstrap';
/** The versions that were really published: what `stable` and `latest` name, and the two that older pins name. */
export const NEW = '20220808113256-eef68a8';
export const OLD = '20190215094822-2ace0ea';
export const OLDEST = '20190206110218-449abc6';

/** The one fiaas.yml that all published releases share. */
export const PUBLISHED_CONFIG = {
  version: 3,
  admin_access: true,
  replicas: { maximum: 1, minimum: 1 },
  resources: { requests: { memory: '128Mi' } },
  ports: [{ target_port: 5000 }],
  healthchecks: { liveness: { http: { path: '/healthz' } } },
  metrics: { prometheus: { path: '/internal-backstage/prometheus' } },
};

const TEST_TIMEOUT_MS = 120_000;
const UNTIL_TIMEOUT_MS = 40_000;
const PREFIX = '{skipper}';

type Flags = Readonly<Record<string, string | number | boolean | undefined>>;

export interface WorldOptions {
  readonly cluster?: KubernetesApiOptions;
  readonly delays?: Partial<Delays>;
  /** Flags of every process; those of a single one win. */
  readonly flags?: Flags;
  /** Off: no CRDs and no FDDs, for tests of a cluster that has never seen FIAAS. Instant ones carry thousands. */
  readonly fdds?: boolean | 'instant';
  /** For a world that takes long to fill. */
  readonly openTimeoutMs?: number;
}

export interface NamespaceOptions {
  readonly tag?: string;
  /** `cluster_config.yaml` as text; null leaves the key out. */
  readonly clusterConfig?: string | null;
  /** The ConfigMap's name; null makes none. */
  readonly configMap?: string | null;
  readonly labels?: Readonly<Record<string, string>>;
  /** All of the ConfigMap's data, instead of the above; null makes one without. */
  readonly data?: Readonly<Record<string, string>> | null;
  /** The version of an FDD that runs there already. */
  readonly fdd?: string;
}

export interface ProcessOptions {
  /** Default: a free one. */
  readonly port?: number;
  readonly flags?: Flags;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Speaks to the API server through this gate. */
  readonly gate?: Gate;
  /** Do not wait until it is ready. */
  readonly unready?: boolean;
}

export interface Target {
  readonly namespace: string;
  readonly state: string;
  readonly reason: string;
  readonly version?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly details?: readonly string[];
  readonly warnings?: readonly string[];
  readonly attempt?: number;
  readonly jobId?: string;
  readonly coalesced?: boolean;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly links: Readonly<Record<string, string>>;
}

export interface Rollout {
  readonly id: string;
  readonly state: string;
  readonly trigger: string;
  readonly targets: readonly Target[];
  readonly counts: Readonly<Record<string, number>>;
  readonly links: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: assertions say what must be there
  readonly body: any;
}

export interface HttpOptions {
  readonly method?: string;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: raw Kubernetes objects; assertions say what must be there
export type Raw = any;

/** Everything that Skipper meets, on ports of its own: a real Redis, a cluster, FDDs, release channels. */
export interface World {
  readonly cluster: KubernetesApi;
  readonly fdds: SimulatedFdds;
  readonly channel: ChannelServer;
  /** Admin of the cluster. */
  readonly kube: KubernetesClient;
  readonly redis: { readonly url: string; pid(): number; stop(): Promise<void>; start(): Promise<void> };
  readonly queue: Queue;
  /** A folder that goes with the world. */
  readonly folder: string;

  startApi(options?: ProcessOptions): Promise<SkipperProcess>;
  startWorker(options?: ProcessOptions): Promise<SkipperProcess>;
  startStandalone(options?: ProcessOptions): Promise<SkipperProcess>;
  /** Runs something beside an api of its own, which answers meanwhile. */
  withApi<T>(options: ProcessOptions, run: (api: SkipperProcess) => Promise<T>): Promise<T>;
  withWorker<T>(options: ProcessOptions, run: (worker: SkipperProcess) => Promise<T>): Promise<T>;
  /** The processes that run. */
  running(): readonly SkipperProcess[];
  openGate(): Promise<Gate>;

  addNamespace(name: string, options?: NamespaceOptions): Promise<void>;
  /** Adds `count` namespaces `prefix-1`, …; returns their names. */
  addNamespaces(prefix: string, count: number, options?: NamespaceOptions): Promise<string[]>;
  removeNamespace(name: string): Promise<void>;

  http(path: string, options?: HttpOptions): Promise<HttpAnswer>;
  /** POST /api/deploy, which must be accepted. */
  deploy(body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Rollout>;
  rollout(id: string): Promise<Rollout>;
  /** Waits until no target of the rollout has anything left to do. */
  rolloutFinished(id: string, timeoutMs?: number): Promise<Rollout>;
  /** Deploys one namespace and gives its target when all is over. */
  deployed(namespace: string, body?: Readonly<Record<string, unknown>>): Promise<Target>;

  job(id: string | undefined): Promise<Job>;
  jobLog(id: string | undefined): Promise<string>;
  application(namespace: string): Promise<Raw>;
  deployment(namespace: string): Promise<Raw>;
  deploymentId(namespace: string): Promise<string | undefined>;
  /** What Skipper asked of the API server. */
  audit(matching?: Partial<AuditRecord>): AuditRecord[];
  /** What Skipper changed in a namespace, in order: `patch applications`, `create pods`, … */
  changes(namespace: string): string[];
  close(): Promise<void>;
}

/** The world of a test file: opened before its tests, closed after them; a test that leaks a process fails. */
export function useWorld(
  options: WorldOptions = {},
  prepare: (world: World) => Promise<unknown> = async () => undefined,
): World {
  let opened: World | undefined;
  let residents: readonly SkipperProcess[] = [];
  jest.setTimeout(TEST_TIMEOUT_MS);
  beforeAll(async () => {
    opened = await startWorld(options);
    await prepare(opened);
    residents = opened.running();
  }, options.openTimeoutMs ?? TEST_TIMEOUT_MS);
  afterEach(async () => {
    const leaked = (opened?.running() ?? []).filter((process) => !residents.includes(process));
    const title = expect.getState().currentTestName;
    for (const process of leaked) await process.stop();
    if (leaked.length > 0) throw new Error(`"${title}" left ${leaked.length} processes running`);
  });
  afterAll(() => opened?.close());
  return new Proxy({} as World, {
    get: (_target, name) => {
      if (opened === undefined) throw new Error('the world is not open yet');
      return Reflect.get(opened, name);
    },
  });
}

/** Waits until `ask` gives something truthy, and gives it back. */
export async function until<T>(
  ask: () => Promise<T> | T,
  what: string,
  timeoutMs = UNTIL_TIMEOUT_MS,
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer as Exclude<NonNullable<T>, false>;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const seen = last instanceof Error ? String(last) : JSON.stringify(last);
      throw new Error(`not within ${timeoutMs} ms: ${what} (last: ${seen})`);
    }
    await pause(25);
  }
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    const errors: unknown[] = [];
    for (const closer of closers.splice(0).reverse()) await closer().catch((error) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  };
  return openWorld(options, closers, close).catch(async (error: unknown) => {
    await close();
    throw error;
  });
}

async function openWorld(
  options: WorldOptions,
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'skipper-world-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const log = pino({ level: 'silent' });
  const redis = await openRedis(folder);
  closers.push(redis.stop);
  const cluster = await startKubernetesApi({ bookmarkIntervalMs: 1_000, ...options.cluster });
  closers.push(cluster.close);
  const channel = await startChannelServer();
  closers.push(channel.close);
  const kube = createKubernetesClient(kubeConfigOf(cluster), {
    userAgent: 'simulated-world',
    fieldManager: 'simulated-world',
  });
  closers.push(kube.close);
  const queue = new Queue('deploy', { connection: { url: redis.url }, prefix: PREFIX });
  queue.on('error', () => undefined);
  closers.push(() => queue.close().catch(() => undefined));
  const fdds = options.fdds === false ? undefined : await openFdds();
  const processes: SkipperProcess[] = [];
  const gone = new Set<SkipperProcess>();
  closers.push(() => stopAll(running()));
  const apis: SkipperProcess[] = [];
  /** The one that was started last. */
  const currentApi = () => apis.findLast((each) => !gone.has(each));

  async function openFdds(): Promise<SimulatedFdds> {
    for (const crd of CRDS) await kube.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, crd);
    const started = await startSimulatedFdds({
      client: kube,
      log,
      hasControllerManager: false,
      ownsNamespace: () => true,
      insecureKubelet: true,
      ...(options.fdds === 'instant' ? { profile: 'instant' } : {}),
      delays: { bootstrapPollMs: 100, successAfterDeploymentMs: 500, ...options.delays },
    });
    closers.push(started.stop);
    return started;
  }

  async function start(
    command: 'api' | 'worker' | 'standalone',
    { port, flags, env, gate, unready }: ProcessOptions = {},
  ): Promise<SkipperProcess> {
    const isWorker = command !== 'api';
    const started = startSkipperProcess({
      command,
      port: port ?? (await freePort()),
      flags: {
        'redis-url': redis.url,
        'api-server': gate?.url ?? cluster.url,
        'api-token': cluster.token,
        baseurl: channel.url,
        'log-format': 'json',
        'disable-autoupdate': true,
        ...(isWorker
          ? {
              'progress-deadline': 30,
              'bootstrap-deadline': 20,
              'retry-backoff-base': 0.1,
              'retry-backoff-cap': 0.5,
              'release-check-interval': 3600,
              'grace-period': 5,
            }
          : {}),
        ...options.flags,
        ...flags,
      },
      env: { PATH: process.env.PATH, HOME: folder, ...env },
    });
    processes.push(started);
    void started.exited.then(() => gone.add(started));
    if (command !== 'worker') apis.push(started);
    if (!unready) await started.ready();
    return started;
  }

  function running(): readonly SkipperProcess[] {
    return processes.filter((each) => !gone.has(each));
  }

  async function http(
    path: string,
    { method = 'GET', body, headers, url }: HttpOptions = {},
  ): Promise<HttpAnswer> {
    const base = url ?? currentApi()?.url;
    if (base === undefined) throw new Error('there is no api');
    const isJson = body !== undefined && typeof body !== 'string';
    const response = await fetch(base + path, {
      method,
      redirect: 'manual',
      headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
      body: isJson ? JSON.stringify(body) : (body as string | undefined),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  }

  async function deploy(body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Rollout> {
    const answer = await http('/api/deploy', { method: 'POST', body, headers });
    if (answer.status !== 202) throw new Error(`POST /api/deploy: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  async function rollout(id: string): Promise<Rollout> {
    return (await http(`/api/rollouts/${id}`)).body;
  }

  async function rolloutFinished(id: string, timeoutMs?: number): Promise<Rollout> {
    let last: Rollout | undefined;
    const finished = async () => {
      last = await rollout(id);
      return last.targets.every(({ state }) => !['pending', 'running', 'paused'].includes(state));
    };
    await until(finished, `rollout ${id} is finished`, timeoutMs).catch((error: unknown) => {
      const open = last?.targets.filter(({ state }) => state === 'pending' || state === 'running');
      throw new Error(`${String(error)}: ${JSON.stringify(open)}`);
    });
    return last as Rollout;
  }

  async function addNamespace(name: string, asked: NamespaceOptions = {}): Promise<void> {
    await kube.create(NAMESPACES, undefined, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
    if (asked.configMap !== null) await kube.create(CONFIG_MAPS, name, configMapOf(name, asked));
    if (asked.fdd !== undefined) {
      await fdds?.installFdd(name, { image: `fiaas/fiaas-deploy-daemon:${asked.fdd}` });
    }
    if (currentApi() === undefined || asked.configMap === null) return;
    await until(
      async () => (await http(`/api/namespaces/${name}`)).status === 200,
      `the api sees namespace ${name}`,
    );
  }

  const world: World = {
    cluster,
    fdds: fdds as SimulatedFdds,
    channel,
    kube,
    redis,
    queue,
    folder,
    startApi: (asked) => start('api', asked),
    startWorker: (asked) => start('worker', asked),
    withApi: (asked, run) => during(start('api', asked), run),
    withWorker: (asked, run) => during(start('worker', asked), run),
    startStandalone: (asked) => start('standalone', asked),
    running,
    openGate: async () => {
      const gate = await openGate(cluster.url);
      closers.push(gate.close);
      return gate;
    },
    addNamespace,
    addNamespaces: async (prefix, count, asked) => {
      const names = Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
      await Promise.all(names.map((name) => addNamespace(name, asked)));
      return names;
    },
    removeNamespace: (name) => kube.delete(NAMESPACES, { name }),
    http,
    deploy,
    rollout,
    rolloutFinished,
    deployed: async (namespace, body = {}) => {
      const { id } = await deploy({ namespaces: [namespace], ...body });
      const [target] = (await rolloutFinished(id)).targets;
      return target as Target;
    },
    job: async (id) => {
      const job = id === undefined ? undefined : await queue.getJob(id);
      if (!job) throw new Error(`there is no job ${id}`);
      return job;
    },
    jobLog: async (id) => (await queue.getJobLogs(id ?? '')).logs.join('\n'),
    application: (namespace) => kube.get(APPLICATIONS, { namespace, name: FDD }),
    deployment: (namespace) => kube.get(DEPLOYMENTS, { namespace, name: FDD }),
    deploymentId: async (namespace) => {
      const application = await kube.get<Raw>(APPLICATIONS, { namespace, name: FDD });
      return application?.metadata.labels?.['fiaas/deployment_id'];
    },
    audit: (matching = {}) => cluster.audit.filter((record) => isSkippers(record) && fits(record, matching)),
    changes: (namespace) =>
      cluster.audit
        .filter((record) => isSkippers(record) && record.namespace === namespace && isWrite(record))
        .map(({ verb, resource }) => `${verb} ${resource}`),
    close,
  };
  return world;
}

async function during<T>(
  starting: Promise<SkipperProcess>,
  run: (process: SkipperProcess) => Promise<T>,
): Promise<T> {
  const started = await starting;
  try {
    return await run(started);
  } finally {
    await started.stop();
  }
}

/** SIGTERM must end every one of them. */
async function stopAll(processes: readonly SkipperProcess[]): Promise<void> {
  await Promise.all(
    processes.map(async (each) => {
      await each.stop(15_000);
      const { signal } = await each.exited;
      if (signal === 'SIGKILL') {
        throw new Error([`SIGTERM did not end ${each.url}`, ...each.lines().slice(-5)].join('\n'));
      }
    }),
  );
}

/** A Redis that keeps its port and its data when it is stopped and started. */
async function openRedis(directory: string): Promise<World['redis']> {
  const port = await freePort();
  const open = () => startRedisServer({ path: process.env.PATH, port, appendOnly: true, directory });
  let server: RedisServer | undefined = await open();
  return {
    url: server.url,
    pid: () => server?.pid ?? 0,
    stop: async () => {
      await server?.stop();
      server = undefined;
    },
    start: async () => {
      server ??= await open();
    },
  };
}

function kubeConfigOf({ url, token }: KubernetesApi): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'simulated', server: url, skipTLSVerify: true },
    { name: 'admin', token },
  );
  return config;
}

function configMapOf(namespace: string, asked: NamespaceOptions): Record<string, unknown> {
  const clusterConfig = asked.clusterConfig === undefined ? '{}' : asked.clusterConfig;
  const data =
    asked.data === undefined
      ? {
          ...(asked.tag === undefined ? {} : { tag: asked.tag }),
          ...(clusterConfig === null ? {} : { 'cluster_config.yaml': clusterConfig }),
        }
      : (asked.data ?? undefined);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: asked.configMap ?? FDD, namespace, labels: asked.labels ?? {} },
    ...(data === undefined ? {} : { data }),
  };
}

function isSkippers({ userAgent }: AuditRecord): boolean {
  return userAgent.startsWith('fiaas-skipper');
}

function isWrite({ verb }: AuditRecord): boolean {
  return !['get', 'list', 'watch'].includes(verb);
}

function fits(record: AuditRecord, matching: Partial<AuditRecord>): boolean {
  return Object.entries(matching).every(([field, value]) => record[field as keyof AuditRecord] === value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes a file into the world's folder; returns its path. */
export async function writeInto(world: World, name: string, text: string): Promise<string> {
  const path = join(world.folder, name);
  await writeFile(path, text);
  return path;
}

export interface GateRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** Requests that wait at a gate. */
export interface Held {
  /** How many have come so far. */
  count(): number;
  /** Resolves when one has come. */
  arrived(): Promise<void>;
  /** Lets all of them through, and those that come later. */
  release(): void;
}

/** A way to the API server for chosen processes, on which requests can be held, watched and cut off. */
export interface Gate {
  readonly url: string;
  hold(matches: (request: GateRequest) => boolean): Held;
  /** Called before a request is passed on, which waits for it. */
  before(act: (request: GateRequest) => Promise<void>): void;
  /** Nobody gets through, and open connections end. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

async function openGate(target: string): Promise<Gate> {
  const barriers: ((request: GateRequest) => Promise<void>)[] = [];
  let isCut = false;
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isCut) return void response.destroy();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const seen = { method: request.method ?? '', path: request.url ?? '', body: body.toString() };
    for (const barrier of barriers) await barrier(seen);
    if (isCut) return void response.destroy();
    const onward = send(target + request.url, {
      method: request.method,
      headers: request.headers,
      agent: false,
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(body);
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    before: (act) => {
      barriers.push(act);
    },
    hold: (matches) => {
      let count = 0;
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      barriers.push(async (request) => {
        if (!matches(request)) return;
        count += 1;
        await released;
      });
      return {
        count: () => count,
        arrived: async () => {
          await until(() => count > 0, 'a request arrives at the gate');
        },
        release,
      };
    },
    cut: () => {
      isCut = true;
      server.closeAllConnections();
    },
    mend: () => {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Requests that change the Application of a namespace. */
export function isApplicationWrite(namespace: string) {
  return ({ method, path }: GateRequest) =>
    method === 'PATCH' && path.includes(`/namespaces/${namespace}/applications/`);
}
