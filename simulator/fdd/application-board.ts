import { FDD } from './fdd-names.ts';
import type { Feed } from './feed.ts';
import { type Application, versionOf, withoutManagedFields } from './kubernetes-objects.ts';

/** Shares one view of the Applications between all FDDs. */
export interface ApplicationBoard {
  current(namespace: string): Application | undefined;
  /** Takes in what a write has answered, ahead of the watch. */
  observe(application: Application): void;
  /** Calls back for each change of FDD's Application in the namespace. */
  listen(namespace: string, listener: (application: Application) => void): () => void;
}

export function openApplicationBoard(
  applications: Feed<Application>,
  ownsNamespace: (namespace: string) => boolean,
): ApplicationBoard {
  const current = new Map<string, Application>();
  const listeners = new Map<string, ReadonlySet<(application: Application) => void>>();
  function observe(raw: Application): void {
    const { namespace, name, uid } = raw.metadata;
    if (name !== FDD || !ownsNamespace(namespace)) return;
    const known = current.get(namespace)?.metadata;
    if (known?.uid === uid && versionOf(known) >= versionOf(raw.metadata)) return;
    const application = withoutManagedFields(raw);
    current.set(namespace, application);
    for (const listener of listeners.get(namespace) ?? []) listener(application);
  }

  applications.listen({
    onUpsert: observe,
    onDelete: (key) => {
      const [namespace = '', name] = key.split('/');
      if (name === FDD) current.delete(namespace);
    },
  });
  return {
    current: (namespace) => current.get(namespace),
    observe,
    listen: (namespace, listener) => {
      listeners.set(namespace, new Set([...(listeners.get(namespace) ?? []), listener]));
      return () => {
        const others = new Set([...(listeners.get(namespace) ?? [])].filter((other) => other !== listener));
        if (others.size === 0) listeners.delete(namespace);
        else listeners.set(namespace, others);
      };
    },
  };
}
