import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { type Job, Queue } from 'bullmq';
import { pino } from 'pino';
import { CRDS } from '../../domain/deploy/crds.ts';
import { createKubernetesClient, type KubernetesClient } from '../../shared/kubernetes/client.ts';
import {
  APPLICATIONS,
  CUSTOM_RESOURCE_DEFINITIONS,
  DEPLOYMENTS,
  NAMESPACES,
} from '../../shared/kubernetes/resources.ts';
import { type ChannelServer, startChannelServer } from '../../simulator/channel-server.ts';
import { type Closers, createClosers } from '../../simulator/demo/closers.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import type { Delays } from '../../simulator/fdd/delays.ts';
import { type SimulatedFdds, startSimulatedFdds } from '../../simulator/fdd/start-simulated-fdds.ts';
import type { AuditRecord } from '../../simulator/kubernetes-api/audit.ts';
import {
  type KubernetesApi,
  type KubernetesApiOptions,
  startKubernetesApi,
} from '../../simulator/kubernetes-api/kubernetes-api.ts';
import { writeAllAtOnce } from './all-at-once.ts';
import { type Gate, openGate } from './gate.ts';
import { expectNoMoreHandles, type OpenHandles, openHandles } from './open-handles.ts';
import { FDD } from './published.ts';
import { until } from './until.ts';
import { createNamespace, type NamespaceOptions } from './world-namespaces.ts';
import { openWorldRedis, type WorldRedis } from './world-redis.ts';
import { createRequests, type WorldRequests } from './world-requests.ts';
import { createSkippers, type Flags, type WorldSkippers } from './world-skippers.ts';

const PREFIX = '{skipper}';

export interface WorldOptions {
  readonly cluster?: KubernetesApiOptions;
  readonly delays?: Partial<Delays>;
  /** Flags of every Skipper; the flags of a single one override them. */
  readonly flags?: Flags;
  /** Off: no CRDs and no FDDs, for tests of a cluster without FIAAS. `instant` scales to thousands. */
  readonly fdds?: boolean | 'instant';
  /** Runs Skipper as processes, for tests that need one: signals, memory, kills. */
  readonly processes?: boolean;
  /** For a world that takes long to fill. */
  readonly openTimeoutMs?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: raw Kubernetes objects; assertions check what must exist
export type Raw = any;

/** The surroundings of Skipper, on their own ports: a real Redis, a cluster, FDDs, release channels. */
export interface World extends WorldRequests, Omit<WorldSkippers, 'apiUrl' | 'stopAll'> {
  readonly cluster: KubernetesApi;
  readonly fdds: SimulatedFdds;
  readonly channel: ChannelServer;
  /** Admin of the cluster. */
  readonly kube: KubernetesClient;
  readonly redis: WorldRedis;
  readonly queue: Queue;
  /** A folder that is removed with the world. */
  readonly folder: string;

  openGate(): Promise<Gate>;
  /** Closes something of the test with the world, before everything that the world has opened. */
  onClose(close: () => Promise<unknown>): void;

  addNamespace(name: string, options?: NamespaceOptions): Promise<void>;
  /** Adds `count` namespaces `prefix-1`, …; returns their names. */
  addNamespaces(prefix: string, count: number, options?: NamespaceOptions): Promise<string[]>;
  removeNamespace(name: string): Promise<void>;

  job(id: string | undefined): Promise<Job>;
  /** The target of a rollout ends a moment before its job, which then has a result. */
  endedJob(id: string | undefined): Promise<Job>;
  jobLog(id: string | undefined): Promise<string>;
  application(namespace: string): Promise<Raw>;
  deployment(namespace: string): Promise<Raw>;
  deploymentId(namespace: string): Promise<string | undefined>;
  /** Skipper's requests to the API server. */
  audit(matching?: Partial<AuditRecord>): AuditRecord[];
  /** Skipper's changes in a namespace, in order, without Events: `patch applications`, `create pods`, … */
  changes(namespace: string): string[];
  close(): Promise<void>;
}

/** The world of a test file: opened before its tests, closed after them; a test that leaves something open fails. */
export function useWorld(
  options: WorldOptions = {},
  prepare: (world: World) => Promise<unknown> = async () => undefined,
): World {
  let opened: World | undefined;
  let residents: readonly SkipperProcess[] = [];
  beforeAll(async () => {
    opened = await startWorld(options);
    await prepare(opened);
    residents = opened.running();
  }, options.openTimeoutMs);
  afterEach(async () => {
    const leaked = (opened?.running() ?? []).filter((skipper) => !residents.includes(skipper));
    const title = expect.getState().currentTestName;
    for (const skipper of leaked) await skipper.stop();
    if (leaked.length > 0) throw new Error(`"${title}" left ${leaked.length} Skippers running`);
  });
  afterAll(() => opened?.close());
  return new Proxy({} as World, {
    get: (_target, name) => {
      if (opened === undefined) throw new Error('the world is not open yet');
      return Reflect.get(opened, name);
    },
  });
}

let openWorlds = 0;
let handlesBefore: OpenHandles | undefined;

/** A world beside others, closed by the test that starts it. The last one closed in a file must leave nothing open. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const closers = createClosers();
  if (openWorlds === 0) handlesBefore = openHandles();
  openWorlds += 1;
  closers.add(async () => {
    openWorlds -= 1;
    if (openWorlds === 0 && handlesBefore !== undefined) await expectNoMoreHandles(handlesBefore);
  });
  return openWorld(options, closers).catch(async (error: unknown) => {
    await closers.closeAll();
    throw error;
  });
}

async function openWorld(options: WorldOptions, closers: Closers): Promise<World> {
  const surroundings = await openSurroundings(options, closers);
  const { cluster, fdds, channel, kube, redis, queue, folder } = surroundings;
  const { apiUrl, stopAll, ...skippers } = createSkippers({
    apiServer: cluster.url,
    flags: {
      'redis-url': redis.url,
      'api-token': cluster.token,
      baseurl: channel.url,
      'log-format': 'json',
      'disable-autoupdate': true,
      'rollout-policy': await writeAllAtOnce(folder),
      ...options.flags,
    },
    env: { PATH: process.env.PATH, HOME: folder },
    processes: options.processes ?? false,
  });
  closers.add(stopAll);
  const requests = createRequests(apiUrl);

  async function addNamespaces(names: readonly string[], given: NamespaceOptions = {}): Promise<void> {
    await Promise.all(names.map((name) => createNamespace({ kube, fdds }, name, given)));
    if (apiUrl() === undefined || given.configMap === null) return;
    // Not the page of each: it reads what the watches of the API do not show yet.
    const areSeen = async () => {
      const rows: Raw[] = (await requests.http('/api/status')).body;
      const seen = new Set(rows.map(({ namespace }) => namespace));
      return names.every((name) => seen.has(name));
    };
    await until(areSeen, `the watches of the api show ${names.join(', ')}`);
  }

  return {
    ...surroundings,
    ...skippers,
    ...requests,
    fdds: fdds as SimulatedFdds,
    openGate: async () => {
      const gate = await openGate(cluster.url);
      closers.add(gate.close);
      return gate;
    },
    onClose: closers.add,
    addNamespace: (name, given) => addNamespaces([name], given),
    addNamespaces: async (prefix, count, given) => {
      const names = Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
      await addNamespaces(names, given);
      return names;
    },
    removeNamespace: (name) => kube.delete(NAMESPACES, { name }),
    job: (id) => findJob(queue, id),
    endedJob: async (id) => {
      const ended = async () => ['completed', 'failed'].includes(await (await findJob(queue, id)).getState());
      await until(ended, `job ${id} has ended`);
      return findJob(queue, id);
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
    close: closers.closeAll,
  };
}

/** Everything except Skipper itself. */
async function openSurroundings(options: WorldOptions, closers: Closers) {
  const folder = await mkdtemp(join(tmpdir(), 'skipper-world-'));
  closers.add(() => rm(folder, { recursive: true, force: true }));
  const redis = await openWorldRedis(folder);
  closers.add(redis.stop);
  const cluster = await startKubernetesApi({ bookmarkIntervalMs: 1_000, ...options.cluster });
  closers.add(cluster.close);
  const channel = await startChannelServer();
  closers.add(channel.close);
  const kube = createKubernetesClient(kubeConfigOf(cluster), {
    userAgent: 'simulated-world',
    fieldManager: 'simulated-world',
  });
  closers.add(kube.close);
  const queue = new Queue('deploy', { connection: { url: redis.url }, prefix: PREFIX });
  // A test can stop Redis.
  queue.on('error', () => undefined);
  closers.add(() => queue.close().catch(() => undefined));
  const fdds = options.fdds === false ? undefined : await openFdds(kube, options);
  if (fdds !== undefined) closers.add(fdds.stop);
  return { folder, redis, cluster, channel, kube, queue, fdds };
}

async function openFdds(
  kube: KubernetesClient,
  { fdds, delays }: Pick<WorldOptions, 'fdds' | 'delays'>,
): Promise<SimulatedFdds> {
  for (const crd of CRDS) await kube.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, crd);
  return startSimulatedFdds({
    client: kube,
    log: pino({ level: 'silent' }),
    hasControllerManager: false,
    ownsNamespace: () => true,
    insecureKubelet: true,
    ...(fdds === 'instant' ? { profile: 'instant' } : {}),
    delays: { bootstrapPollMs: 100, successAfterDeploymentMs: 500, graceMs: 0, ...delays },
  });
}

function kubeConfigOf({ url, token }: KubernetesApi): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'simulated', server: url, skipTLSVerify: true },
    { name: 'admin', token },
  );
  return config;
}

/** Without Events, which are written beside the deploys, some time later. */
function isSkippers(record: AuditRecord): boolean {
  const isEvent = record.resource === 'events' && isWrite(record);
  return record.userAgent.startsWith('fiaas-skipper') && !isEvent;
}

function isWrite({ verb }: AuditRecord): boolean {
  return !['get', 'list', 'watch'].includes(verb);
}

function fits(record: AuditRecord, matching: Partial<AuditRecord>): boolean {
  return Object.entries(matching).every(([field, value]) => record[field as keyof AuditRecord] === value);
}

/** Writes a file into the world's folder; returns its path. */
export async function writeInto(world: World, name: string, text: string): Promise<string> {
  const path = join(world.folder, name);
  await writeFile(path, text);
  return path;
}

async function findJob(queue: Queue, id: string | undefined): Promise<Job> {
  const job = id === undefined ? undefined : await queue.getJob(id);
  if (!job) throw new Error(`job ${id} does not exist`);
  return job;
}
