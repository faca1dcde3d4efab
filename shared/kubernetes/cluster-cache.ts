import { EventEmitter } from 'node:events';
import type { Logger } from 'pino';
import type { NamespaceSnapshot } from '../../domain/cluster/observed.ts';
import type { KubernetesClient } from './client.ts';
import { createNamespaceEntries } from './namespace-entries.ts';
import { keyOf, startWatch, type Watch, type WatchedObject } from './watch.ts';
import type { WatchState } from './watch-books.ts';
import {
  CONFIG_MAPS_BY_LABEL,
  CONFIG_MAPS_BY_NAME,
  FDD_APPLICATIONS,
  FDD_DEPLOYMENTS,
  FDD_PODS,
  FDD_STATUSES,
  type WatchedKind,
} from './watched-kinds.ts';

/** FDD's objects in every namespace, kept up to date by watches that all jobs of a process share. */
export interface ClusterCache {
  /** The current state of a namespace; an empty snapshot if it is unknown. */
  snapshot(namespace: string): NamespaceSnapshot;
  /** The names of all FIAAS namespaces: those with FDD's ConfigMap. */
  namespaces(): string[];
  /** Resolves when all watches have read their first list. */
  synced(): Promise<void>;
  isSynced(): boolean;
  /** The resourceVersion that the watch of Deployments has reached; undefined before its first list. */
  deploymentsPosition(): string | undefined;
  /** The same of the watch of FDD's Applications. */
  applicationsPosition(): string | undefined;
  watches(): readonly (WatchState & { readonly name: string })[];
  /** Calls the listener on every change of the namespace; returns a function that unsubscribes it. */
  onChange(namespace: string, listener: () => void): () => void;
  onAnyChange(listener: (namespace: string) => void): () => void;
  stop(): Promise<void>;
}

export interface ClusterCacheOptions {
  readonly client: KubernetesClient;
  readonly log: Logger;
  readonly silenceTimeoutMs?: number;
  readonly pageSize?: number;
}

export function watchCluster(options: ClusterCacheOptions): ClusterCache {
  const entries = createNamespaceEntries();
  const changes = new EventEmitter().setMaxListeners(0);

  function put<Raw extends WatchedObject>(kind: WatchedKind<Raw>, key: string, raw: Raw | undefined): void {
    const [namespace = '', name = ''] = key.split('/');
    entries.update(namespace, (entry) => kind.put(entry, name, raw));
    changes.emit(`namespace/${namespace}`);
    changes.emit('any', namespace);
  }

  function watchKind<Raw extends WatchedObject>(kind: WatchedKind<Raw>): NamedWatch {
    const { name, put: _put, ...selection } = kind;
    const watch = startWatch<Raw>({
      ...options,
      ...selection,
      onUpsert: (raw) => put(kind, keyOf(raw), raw),
      onDelete: (key) => put(kind, key, undefined),
    });
    return { name, watch };
  }

  const applications = watchKind(FDD_APPLICATIONS);
  const deployments = watchKind(FDD_DEPLOYMENTS);
  const watches = [
    watchKind(CONFIG_MAPS_BY_NAME),
    watchKind(CONFIG_MAPS_BY_LABEL),
    applications,
    deployments,
    watchKind(FDD_STATUSES),
    watchKind(FDD_PODS),
  ];
  return {
    snapshot: entries.snapshot,
    namespaces: entries.namespaces,
    ...stateOf(watches),
    deploymentsPosition: () => deployments.watch.state().position,
    applicationsPosition: () => applications.watch.state().position,
    onChange: (namespace, listener) => subscribe(changes, `namespace/${namespace}`, listener),
    onAnyChange: (listener) => subscribe(changes, 'any', listener),
  };
}

interface NamedWatch {
  readonly name: string;
  readonly watch: Watch;
}

/** The state of all watches together, and of each. */
function stateOf(
  watches: readonly NamedWatch[],
): Pick<ClusterCache, 'synced' | 'isSynced' | 'watches' | 'stop'> {
  return {
    synced: async () => {
      await Promise.all(watches.map(({ watch }) => watch.synced()));
    },
    isSynced: () => watches.every(({ watch }) => watch.state().synced),
    watches: () => watches.map(({ name, watch }) => ({ name, ...watch.state() })),
    stop: async () => {
      await Promise.all(watches.map(({ watch }) => watch.stop()));
    },
  };
}

function subscribe(changes: EventEmitter, event: string, listener: (namespace: string) => void): () => void {
  changes.on(event, listener);
  return () => changes.off(event, listener);
}
