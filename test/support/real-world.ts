import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';
import { createKubernetesClient, type KubernetesClient } from '../../shared/kubernetes/client.ts';
import { loadKubeConfig } from '../../shared/kubernetes/load-kube-config.ts';
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  pathOf,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
} from '../../shared/kubernetes/resources.ts';
import { type ChannelServer, startChannelServer } from '../../simulator/channel-server.ts';
import { type RedisServer, startRedisServer } from '../../simulator/demo/redis-server.ts';
import type { Delays } from '../../simulator/fdd/delays.ts';
import { type SimulatedFdds, startSimulatedFdds } from '../../simulator/fdd/start-simulated-fdds.ts';
import { type Manifest, render } from '../chart/support/helm.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { freePort } from './free-port.ts';
import { expectNoMoreHandles, openHandles } from './open-handles.ts';
import { UNTIL_TIMEOUT_MS } from './until.ts';

/** Skipper's own namespace, with its service accounts. */
export const SKIPPER_NAMESPACE = 'fiaas-skipper';
export const WORKER_ACCOUNT = 'fiaas-skipper-worker';
export const API_ACCOUNT = 'fiaas-skipper-api';

const FDD = 'fiaas-deploy-daemon';
const RBAC_GROUP = 'rbac.authorization.k8s.io';
const DEPLOY_ROLES = ['fiaas-skipper-deploy', 'fiaas-skipper-events'];
/** Placeholder for a namespace in the rendered chart. */
const ANY_NAMESPACE = 'team-any';

export interface NamespaceOptions {
  /** Text of `cluster_config.yaml`. */
  readonly clusterConfig?: string;
  readonly tag?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** ClusterRoles bound to the worker in the namespace; by default those of deploys. */
  readonly workerRoles?: readonly string[];
  /** Objects to create before the ConfigMap makes it a FIAAS namespace, such as a ResourceQuota. */
  readonly before?: (namespace: string) => Promise<unknown>;
}

/** The real surroundings of Skipper, except for FDD's own code and the nodes it would run on. */
export interface RealWorld {
  readonly controlPlane: ControlPlane;
  /** A client with all rights; its writes belong to field manager `python-requests`, like upstream's. */
  readonly admin: KubernetesClient;
  readonly redis: RedisServer;
  readonly channel: ChannelServer;
  readonly fdds: SimulatedFdds;
  /** The CA certificate of the API server. */
  readonly caFile: string;
  /** A temporary folder, removed at the end. */
  readonly folder: string;
  /** A namespace as its owners create it: with bound roles, ConfigMap and default account. */
  createNamespace(name: string, options?: NamespaceOptions): Promise<string>;
  /** A new token of a service account; bound to a Secret it expires with that Secret. */
  requestToken(account: string, boundSecret?: string): Promise<string>;
  /** Writes a kubeconfig that verifies TLS with the cluster's CA, and returns its path. */
  writeKubeconfig(name: string, user: Readonly<Record<string, unknown>>, server?: string): Promise<string>;
  stop(): Promise<void>;
}

export interface RealWorldOptions {
  readonly delays?: Partial<Delays>;
  /** Without simulated FDDs, and without the controller-manager. */
  readonly bare?: boolean;
}

/** Starts control plane, Redis, release channels and simulated FDDs, and creates Skipper's service accounts. */
export async function startRealWorld({ delays, bare = false }: RealWorldOptions = {}): Promise<RealWorld> {
  const before = openHandles();
  const ends: (() => Promise<unknown>)[] = [() => expectNoMoreHandles(before)];
  const stop = async () => {
    const results = [];
    // One after the other, and always all of them: one that cannot end must not keep the others alive.
    for (const end of ends.splice(0).reverse()) results.push(...(await Promise.allSettled([end()])));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
  try {
    return await buildWorld({ delays, bare }, ends, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function buildWorld(
  { delays, bare }: { delays: Partial<Delays> | undefined; bare: boolean },
  ends: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<RealWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'skipper-real-world-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const [controlPlane, redis, channel] = await Promise.all([
    startControlPlane({ controllerManager: !bare }),
    startRedisServer({ path: process.env.PATH, port: await freePort() }),
    startChannelServer(),
  ]);
  ends.push(controlPlane.stop, redis.stop, channel.close);
  const admin = createKubernetesClient(loadKubeConfig({ kubeconfig: controlPlane.kubeconfigPath }), {
    userAgent: 'cluster-suite',
    fieldManager: 'python-requests',
  });
  ends.push(admin.close);
  await createAccounts(admin);
  const fdds = bare ? noFdds() : await startFdds(admin, delays);
  ends.push(fdds.stop);
  const caFile = join(folder, 'ca.crt');
  await writeFile(caFile, await readFile(join(dirname(controlPlane.kubeconfigPath), 'certs/apiserver.crt')));
  return {
    controlPlane,
    admin,
    redis,
    channel,
    fdds,
    caFile,
    folder,
    createNamespace: (name, options = {}) => createNamespace(admin, name, options),
    requestToken: (account, boundSecret) => requestToken(admin, account, boundSecret),
    writeKubeconfig: async (name, user, server = controlPlane.url) => {
      const path = join(folder, `${name}.kubeconfig`);
      // Another Skipper can be reading this file: it is replaced, never emptied.
      const written = `${path}.${randomUUID()}`;
      await writeFile(written, kubeconfigText({ server, caFile, user }));
      await rename(written, path);
      return path;
    },
    stop,
  };
}

async function startFdds(
  admin: KubernetesClient,
  delays: Partial<Delays> | undefined,
): Promise<SimulatedFdds> {
  // FDD's watches need the CRDs, which a new cluster does not have. A test of CRDs creates its own.
  const { CRDS } = await import('../../domain/deploy/crds.ts');
  for (const crd of CRDS) await admin.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, crd);
  return startSimulatedFdds({
    client: admin,
    log: pino({ level: 'silent' }),
    hasControllerManager: true,
    ownsNamespace: (namespace) => namespace.startsWith('team-'),
    delays: { bootstrapPollMs: 200, successAfterDeploymentMs: 500, graceMs: 0, ...delays },
  });
}

function noFdds(): SimulatedFdds {
  return {
    get misbehaviour(): never {
      throw new Error('this world has no FDDs');
    },
    installFdd: () => Promise.reject(new Error('this world has no FDDs')),
    stop: async () => undefined,
  };
}

/**
 * Exactly the accounts and rights of the chart. They are bound namespace by namespace (`rbac.namespaces`), so that a
 * test can leave one out.
 */
function chartRights(): readonly Manifest[] {
  const values = { manageRBAC: true, config: { heal: 'on' }, rbac: { namespaces: [ANY_NAMESPACE] } };
  return render(values).filter(
    ({ kind, metadata }) =>
      /^(ServiceAccount|ClusterRole|ClusterRoleBinding)$/.test(kind) ||
      (/^(Role|RoleBinding)$/.test(kind) && metadata.namespace !== ANY_NAMESPACE),
  );
}

async function createAccounts(admin: KubernetesClient): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SKIPPER_NAMESPACE } };
  await admin.create(NAMESPACES, undefined, namespace);
  for (const body of chartRights()) {
    if (body.kind === 'ServiceAccount') await admin.create(SERVICE_ACCOUNTS, SKIPPER_NAMESPACE, body);
    else if (body.kind === 'Role') await admin.create(ROLES, SKIPPER_NAMESPACE, inSkippers(body));
    else if (body.kind === 'RoleBinding')
      await admin.create(ROLE_BINDINGS, SKIPPER_NAMESPACE, inSkippers(body));
    else await createClusterWide(admin, body);
  }
}

function inSkippers(body: Manifest): Manifest {
  return { ...body, metadata: { ...body.metadata, namespace: SKIPPER_NAMESPACE } };
}

/** Creates a ClusterRole or ClusterRoleBinding. */
export async function createClusterWide(
  admin: KubernetesClient,
  body: Pick<Manifest, 'kind'>,
): Promise<void> {
  const plural = body.kind === 'ClusterRole' ? 'clusterroles' : 'clusterrolebindings';
  await admin.request({ method: 'POST', path: `/apis/${RBAC_GROUP}/v1/${plural}`, body });
}

/** Binds a ClusterRole everywhere to an account of Skipper's namespace. */
export async function bindEverywhere(admin: KubernetesClient, role: string, account: string): Promise<void> {
  const body = {
    ...binding('ClusterRoleBinding', role, account),
    metadata: { name: `${role}-to-${account}` },
  };
  await createClusterWide(admin, body);
}

function binding(kind: 'RoleBinding' | 'ClusterRoleBinding', role: string, account: string) {
  return {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind,
    metadata: { name: role },
    roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: SKIPPER_NAMESPACE }],
  };
}

async function createNamespace(
  admin: KubernetesClient,
  name: string,
  options: NamespaceOptions,
): Promise<string> {
  const { labels = {}, workerRoles = DEPLOY_ROLES, clusterConfig = '{}', tag } = options;
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  await admin.create(NAMESPACES, undefined, body);
  for (const role of workerRoles) {
    await admin.create(ROLE_BINDINGS, name, binding('RoleBinding', role, WORKER_ACCOUNT));
  }
  await options.before?.(name);
  await until(
    `${name} has its default service account`,
    () => admin.get(SERVICE_ACCOUNTS, { namespace: name, name: 'default' }),
    (account) => account !== undefined,
  );
  await admin.create(CONFIG_MAPS, name, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: FDD },
    data: { 'cluster_config.yaml': clusterConfig, ...(tag === undefined ? {} : { tag }) },
  });
  return name;
}

async function requestToken(
  admin: KubernetesClient,
  account: string,
  boundSecret: string | undefined,
): Promise<string> {
  const boundObjectRef =
    boundSecret === undefined ? undefined : { apiVersion: 'v1', kind: 'Secret', name: boundSecret };
  const answer = await admin.request<{ status: { token: string } }>({
    method: 'POST',
    path: pathOf(SERVICE_ACCOUNTS, { namespace: SKIPPER_NAMESPACE, name: account, subresource: 'token' }),
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600, boundObjectRef },
    },
  });
  return answer.status.token;
}

/** JSON is YAML. */
function kubeconfigText({
  server,
  caFile,
  user,
}: {
  server: string;
  caFile: string;
  user: Readonly<Record<string, unknown>>;
}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'real',
    clusters: [{ name: 'real', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: 'skipper', user }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'skipper' } }],
  });
}

/** Retries until the answer is accepted; the error contains the description and the last answer. */
export async function until<T>(
  what: string,
  read: () => Promise<T> | T,
  isEnough: (answer: T) => boolean = Boolean,
): Promise<T> {
  const deadline = Date.now() + UNTIL_TIMEOUT_MS;
  for (;;) {
    const answer = await read();
    if (isEnough(answer)) return answer;
    if (Date.now() > deadline) {
      throw new Error(
        `not in ${UNTIL_TIMEOUT_MS} ms: ${what}; last answer: ${JSON.stringify(answer, undefined, 1)}`,
      );
    }
    await pause(50);
  }
}
