import type { Logger } from 'pino';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import type { Resource } from '../../shared/kubernetes/resources.ts';
import { startWatch, type Watch, type WatchedObject } from '../../shared/kubernetes/watch.ts';

export interface FeedListener<Raw> {
  readonly onUpsert: (object: Raw) => void;
  /** Gets `namespace/name`. */
  readonly onDelete: (key: string) => void;
}

/** One watch over all namespaces for any number of readers: 10,000 FDDs share it. */
export interface Feed<Raw extends WatchedObject> {
  listen(listener: FeedListener<Raw>): void;
  /** Starts the watch; resolves when everything that exists has been passed on. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createFeed<Raw extends WatchedObject>(options: {
  readonly client: KubernetesClient;
  readonly log: Logger;
  readonly resource: Resource;
  readonly fieldSelector?: string;
}): Feed<Raw> {
  const listeners: FeedListener<Raw>[] = [];
  let watch: Watch | undefined;
  return {
    listen: (listener) => {
      listeners.push(listener);
    },
    start: async () => {
      watch ??= startWatch<Raw>({
        ...options,
        onUpsert: (object) => {
          for (const listener of listeners) listener.onUpsert(object);
        },
        onDelete: (key) => {
          for (const listener of listeners) listener.onDelete(key);
        },
      });
      await watch.synced();
    },
    stop: async () => {
      await watch?.stop();
    },
  };
}
