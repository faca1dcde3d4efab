import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import { APP_LABEL, BOOTSTRAP_POD, CONFIG_MAP, FDD } from '../../domain/cluster/names.ts';
import { type NamespaceConfig, parseNamespaceConfig } from '../../domain/cluster/namespace-config.ts';
import type {
  NamespaceSnapshot,
  ObservedApplication,
  ObservedDeployment,
  ObservedPod,
  ObservedStatus,
} from '../../domain/cluster/observed.ts';
import type { Result } from '../../domain/release/result.ts';
import type { KubernetesClient } from './client.ts';
import { APPLICATION_STATUSES, APPLICATIONS, CONFIG_MAPS, DEPLOYMENTS, PODS } from './resources.ts';
import {
  type RawApplication,
  type RawApplicationStatus,
  type RawConfigMap,
  type RawDeployment,
  type RawPod,
  toObservedApplication,
  toObservedDeployment,
  toObservedPod,
  toObservedStatus,
} from './to-observed.ts';
import { startWatch, type Watch } from './watch.ts';
import type { WatchState } from './watch-books.ts';

/** FDD's objects in every namespace, kept up to date by watches that all jobs of a process share. */
export interface ClusterCache {
  /** What is seen of one namespace; of one that is unknown, an empty snapshot. */
  snapshot(namespace: string): NamespaceSnapshot;
  /** Every namespace that a ConfigMap makes FIAAS's, by name. */
  namespaces(): string[];
  /** Resolves when all watches have read their first list. */
  synced(): Promise<void>;
  isSynced(): boolean;
  /** How far the watch of Deployments has come; undefined before its first list. */
  deploymentsPosition(): string | undefined;
  watches(): readonly (WatchState & { readonly name: string })[];
  /** Calls back on every change of the namespace; returns what ends it. */
  onChange(namespace: string, listener: () => void): () => void;
  onAnyChange(listener: (namespace: string) => void): () => void;
  stop(): Promise<void>;
}

interface Entry {
  namedConfig: Result<NamespaceConfig> | undefined;
  labelledConfigs: Map<string, Result<NamespaceConfig>>;
  application: ObservedApplication | undefined;
  deployment: ObservedDeployment | undefined;
  statuses: Map<string, ObservedStatus>;
  pods: Map<string, ObservedPod>;
}

export function watchCluster(options: {
  client: KubernetesClient;
  log: Logger;
  silenceTimeoutMs?: number;
  pageSize?: number;
}): ClusterCache {
  const entries = new Map<string, Entry>();
  const changes = new EventEmitter().setMaxListeners(0);

  function entryOf(namespace: string): Entry {
    let entry = entries.get(namespace);
    if (!entry) {
      entry = emptyEntry();
      entries.set(namespace, entry);
    }
    return entry;
  }

  function changed(namespace: string): void {
    if (isEmpty(entries.get(namespace))) entries.delete(namespace);
    changes.emit(`namespace/${namespace}`);
    changes.emit('any', namespace);
  }

  /** Watches one kind: `put` stores an object in its namespace's entry, and undefined for one that is gone. */
  function watchKind<
    Raw extends { metadata: { name: string; namespace?: string; resourceVersion?: string } },
  >(
    name: string,
    selection: Pick<Parameters<typeof startWatch>[0], 'resource' | 'labelSelector' | 'fieldSelector'>,
    put: (entry: Entry, name: string, raw: Raw | undefined) => void,
  ): { name: string; watch: Watch } {
    const watch = startWatch<Raw>({
      ...selection,
      client: options.client,
      log: options.log,
      ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
      ...(options.silenceTimeoutMs === undefined ? {} : { silenceTimeoutMs: options.silenceTimeoutMs }),
      onUpsert: (raw) => {
        const namespace = raw.metadata.namespace ?? '';
        put(entryOf(namespace), raw.metadata.name, raw);
        changed(namespace);
      },
      onDelete: (key) => {
        const [namespace = '', objectName = ''] = key.split('/');
        put(entryOf(namespace), objectName, undefined);
        changed(namespace);
      },
    });
    return { name, watch };
  }

  const byName = { fieldSelector: `metadata.name=${FDD}` };
  const deployments = watchKind<RawDeployment>(
    'deployments',
    { resource: DEPLOYMENTS, ...byName },
    (entry, _, raw) => {
      entry.deployment = raw && toObservedDeployment(raw);
    },
  );
  const watches = [
    watchKind<RawConfigMap>(
      'configmaps by name',
      { resource: CONFIG_MAPS, fieldSelector: `metadata.name=${CONFIG_MAP}` },
      (entry, _, raw) => {
        entry.namedConfig = raw && parseNamespaceConfig(raw);
      },
    ),
    watchKind<RawConfigMap>(
      'configmaps by label',
      { resource: CONFIG_MAPS, labelSelector: `${APP_LABEL}=${FDD}` },
      (entry, name, raw) => setOrDelete(entry.labelledConfigs, name, raw && parseNamespaceConfig(raw)),
    ),
    watchKind<RawApplication>('applications', { resource: APPLICATIONS, ...byName }, (entry, _, raw) => {
      entry.application = raw && toObservedApplication(raw);
    }),
    deployments,
    watchKind<RawApplicationStatus>(
      'application-statuses',
      { resource: APPLICATION_STATUSES, labelSelector: `${APP_LABEL}=${FDD}` },
      (entry, name, raw) => setOrDelete(entry.statuses, name, raw && toObservedStatus(raw)),
    ),
    watchKind<RawPod>(
      'pods',
      { resource: PODS, labelSelector: `${APP_LABEL} in (${FDD},${BOOTSTRAP_POD})` },
      (entry, name, raw) => setOrDelete(entry.pods, name, raw && toObservedPod(raw)),
    ),
  ];

  return {
    snapshot: (namespace) => snapshotOf(namespace, entries.get(namespace)),
    namespaces: () =>
      [...entries]
        .filter(([, entry]) => configOf(entry))
        .map(([namespace]) => namespace)
        .sort(),
    synced: async () => {
      await Promise.all(watches.map(({ watch }) => watch.synced()));
    },
    isSynced: () => watches.every(({ watch }) => watch.state().synced),
    deploymentsPosition: () => deployments.watch.state().position,
    watches: () => watches.map(({ name, watch }) => ({ name, ...watch.state() })),
    onChange: (namespace, listener) => {
      changes.on(`namespace/${namespace}`, listener);
      return () => changes.off(`namespace/${namespace}`, listener);
    },
    onAnyChange: (listener) => {
      changes.on('any', listener);
      return () => changes.off('any', listener);
    },
    stop: async () => {
      await Promise.all(watches.map(({ watch }) => watch.stop()));
    },
  };
}

function emptyEntry(): Entry {
  return {
    namedConfig: undefined,
    labelledConfigs: new Map(),
    application: undefined,
    deployment: undefined,
    statuses: new Map(),
    pods: new Map(),
  };
}

function isEmpty(entry: Entry | undefined): boolean {
  return (
    entry !== undefined &&
    entry.namedConfig === undefined &&
    entry.application === undefined &&
    entry.deployment === undefined &&
    entry.labelledConfigs.size + entry.statuses.size + entry.pods.size === 0
  );
}

/** The ConfigMap by name counts first; of several that only a label makes count, the first by name. */
function configOf(entry: Entry): Result<NamespaceConfig> | undefined {
  if (entry.namedConfig) return entry.namedConfig;
  const [first] = [...entry.labelledConfigs.keys()].sort();
  return first === undefined ? undefined : entry.labelledConfigs.get(first);
}

function snapshotOf(namespace: string, entry: Entry = emptyEntry()): NamespaceSnapshot {
  const pods = [...entry.pods.values()];
  return {
    namespace,
    config: configOf(entry),
    application: entry.application,
    deployment: entry.deployment,
    statuses: [...entry.statuses.values()],
    pods: pods.filter((pod) => pod.name !== BOOTSTRAP_POD),
    bootstrapPod: pods.find((pod) => pod.name === BOOTSTRAP_POD),
  };
}

function setOrDelete<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
