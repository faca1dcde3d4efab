import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Deny } from './access.ts';
import { createAdmission } from './admission.ts';
import type { KubernetesObject } from './api-object.ts';
import type { AuditListener, AuditRecord } from './audit.ts';
import { createClusterBehaviour } from './cluster-behaviour.ts';
import { createFaults, type Faults } from './faults.ts';
import { createObjectDeleter } from './object-deleter.ts';
import { createObjectReader } from './object-reader.ts';
import { createObjectWriter } from './object-writer.ts';
import { createRequestHandler } from './request-handler.ts';
import { createResourceRegistry } from './resource-registry.ts';
import type { ResourceType } from './resource-type.ts';
import { createStore, type StoreEvent } from './store.ts';
import { createWatchHub } from './watch-hub.ts';

export interface KubernetesApiOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly faults?: Partial<Faults>;
  /** Bearer token to user name. Without a token a request is `system:anonymous`; a wrong one is refused. */
  readonly tokens?: Readonly<Record<string, string>>;
  readonly deny?: Deny;
  readonly onAudit?: AuditListener;
  /** The minimum number of records that `audit` keeps; the oldest are removed first. */
  readonly auditLimit?: number;
  readonly historySize?: number;
  readonly bookmarkIntervalMs?: number;
  readonly continueTokenLifeMs?: number;
  /** How long a changed custom resource answers 429, as the real server does while it rebuilds its storage. */
  readonly customResourceRestartMs?: number;
  /** A mutating webhook: changes created or updated objects, except subresources. */
  readonly mutate?: (object: KubernetesObject) => KubernetesObject;
  readonly now?: () => Date;
  readonly random?: () => number;
}

export interface KubernetesApi {
  readonly url: string;
  readonly kubeconfig: string;
  readonly token: string;
  readonly faults: Faults;
  readonly audit: readonly AuditRecord[];
  openWatches(): number;
  close(): Promise<void>;
}

/** Starts a Kubernetes API server in this process; its data is lost when it is closed. */
export async function startKubernetesApi(options: KubernetesApiOptions = {}): Promise<KubernetesApi> {
  const {
    now = () => new Date(),
    random = Math.random,
    deny = () => undefined,
    auditLimit = 200_000,
  } = options;
  const token = randomBytes(16).toString('hex');
  const audit: AuditRecord[] = [];

  const registry = createResourceRegistry();
  const listeners: ((event: StoreEvent) => void)[] = [];
  const store = createStore((event) => {
    for (const listener of listeners) listener(event);
  });
  const hub = createWatchHub({
    historySize: options.historySize ?? 10_000,
    bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
    currentVersion: store.currentVersion,
    isFrozen: () => faults.freezeWatches,
  });
  const reader = createObjectReader({ store, continueTokenLifeMs: options.continueTokenLifeMs ?? 300_000 });
  const faults = createFaults(options.faults ?? {}, {
    dropWatches: hub.dropAll,
    compact: () => {
      hub.compact();
      reader.forgetPages();
    },
  });
  const core = (plural: string) => registry.find('', 'v1', plural) as ResourceType;
  const deleter = createObjectDeleter({
    store,
    namespaces: core('namespaces'),
    now,
    onRemoved: (stored) => behaviour.removed(stored),
  });
  const behaviour = createClusterBehaviour({
    store,
    registry,
    hub,
    now,
    remove: deleter.remove,
    customResourceRestartMs: options.customResourceRestartMs ?? 0,
  });
  listeners.push(hub.publish, behaviour.changed);
  const writer = createObjectWriter({
    store,
    admission: createAdmission(store, registry),
    onReleased: deleter.remove,
    now,
    mutate: options.mutate ?? ((object) => object),
  });
  createInitialNamespaces(store, registry, now);

  const handle = createRequestHandler({
    store,
    registry,
    reader,
    writer,
    deleter,
    hub,
    behaviour,
    faults,
    random,
    deny,
    tokens: { ...options.tokens, [token]: 'admin' },
    nodes: core('nodes'),
    onAudit: (record) => {
      audit.push(record);
      // In batches: shifting a long array for every request would be the most expensive operation here.
      if (audit.length >= 2 * auditLimit) audit.splice(0, audit.length - auditLimit);
      options.onAudit?.(record);
    },
  });
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, handle);
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    kubeconfig: kubeconfigText(url, token),
    token,
    faults,
    audit,
    openWatches: hub.openWatches,
    close: () =>
      new Promise((resolve) => {
        hub.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createInitialNamespaces(
  store: ReturnType<typeof createStore>,
  registry: ReturnType<typeof createResourceRegistry>,
  now: () => Date,
): void {
  const type = registry.find('', 'v1', 'namespaces') as ResourceType;
  for (const name of ['default', 'kube-system']) {
    const namespace: KubernetesObject = {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: {
        name,
        uid: `namespace-${name}`,
        creationTimestamp: `${now().toISOString().slice(0, 19)}Z`,
        labels: { 'kubernetes.io/metadata.name': name },
      },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    };
    store.put(type, namespace);
  }
}

/** The official client accepts a plain HTTP server only if TLS verification is off. */
function kubeconfigText(url: string, token: string): string {
  return `apiVersion: v1
kind: Config
current-context: simulated
clusters: [{name: simulated, cluster: {server: "${url}", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: "${token}"}}]
contexts: [{name: simulated, context: {cluster: simulated, user: admin}}]
`;
}
