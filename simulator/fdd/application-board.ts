import { FDD } from './fdd-names.ts';
import type { Feed } from './feed.ts';
import { type Application, versionOf, withoutManagedFields } from './kubernetes-objects.ts';

/** Shares one view of the Applications between all FDDs. */
export interface ApplicationBoard {
  /** FDD's own Application. */
  current(namespace: string): Application | undefined;
  /** All others of the namespace. */
  others(namespace: string): readonly Application[];
  /** Takes in what a write has answered, ahead of the watch. */
  observe(application: Application): void;
  /** Calls back for each change of FDD's Application in the namespace. */
  listen(namespace: string, listener: (application: Application) => void): () => void;
  /** Calls back for each change of another Application in the namespace. */
  listenToOthers(namespace: string, listener: (application: Application) => void): () => void;
}

type Listeners = Map<string, ReadonlySet<(application: Application) => void>>;

export function openApplicationBoard(
  applications: Feed<Application>,
  ownsNamespace: (namespace: string) => boolean,
): ApplicationBoard {
  const current = new Map<string, Application>();
  const others = new Map<string, Map<string, Application>>();
  const listeners: Listeners = new Map();
  const listenersToOthers: Listeners = new Map();

  function observe(raw: Application): void {
    const { namespace, name, uid } = raw.metadata;
    if (!ownsNamespace(namespace)) return;
    if (name !== FDD) {
      observeOther(raw);
      return;
    }
    const known = current.get(namespace)?.metadata;
    if (known?.uid === uid && versionOf(known) >= versionOf(raw.metadata)) return;
    const application = withoutManagedFields(raw);
    current.set(namespace, application);
    for (const listener of listeners.get(namespace) ?? []) listener(application);
  }

  function observeOther(raw: Application): void {
    const { namespace, name } = raw.metadata;
    const application = trimmed(raw);
    const known = others.get(namespace) ?? new Map<string, Application>();
    others.set(namespace, known.set(name, application));
    for (const listener of listenersToOthers.get(namespace) ?? []) listener(application);
  }

  applications.listen({
    onUpsert: observe,
    onDelete: (key) => {
      const [namespace = '', name = ''] = key.split('/');
      if (name === FDD) current.delete(namespace);
      else others.get(namespace)?.delete(name);
    },
  });
  return {
    current: (namespace) => current.get(namespace),
    others: (namespace) => [...(others.get(namespace)?.values() ?? [])],
    observe,
    listen: (namespace, listener) => subscribe(listeners, namespace, listener),
    listenToOthers: (namespace, listener) => subscribe(listenersToOthers, namespace, listener),
  };
}

function subscribe(
  listeners: Listeners,
  namespace: string,
  listener: (application: Application) => void,
): () => void {
  listeners.set(namespace, new Set([...(listeners.get(namespace) ?? []), listener]));
  return () => {
    const others = new Set([...(listeners.get(namespace) ?? [])].filter((other) => other !== listener));
    if (others.size === 0) listeners.delete(namespace);
    else listeners.set(namespace, others);
  };
}

/** There are many: only what a report needs. */
function trimmed({ metadata, spec }: Application): Application {
  const { name, namespace, uid, labels } = metadata;
  const { application, image } = spec;
  return { metadata: { name, namespace, uid, labels }, spec: { application, image } };
}
