import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';

/** Waits for changes in a namespace. */
export interface ChangeWaiter {
  /**
   * Resolves with the next change, at the latest after `timeoutMs`; at once if something changed since it last resolved.
   * Throws the signal's reason when it is aborted. An interruption counts as a change.
   */
  next(timeoutMs: number): Promise<void>;
  end(): void;
}

/** Listens from now on, until it is ended. One listener for many changes costs less than one for each. */
export function listenForChanges(
  cluster: ClusterCache,
  namespace: string,
  signal: AbortSignal,
  interrupted?: AbortSignal,
): ChangeWaiter {
  let changed = false;
  let wake: (() => void) | undefined;

  function onChange(): void {
    changed = true;
    wake?.();
  }

  const unsubscribe = cluster.onChange(namespace, onChange);
  signal.addEventListener('abort', onChange);
  interrupted?.addEventListener('abort', onChange);
  return {
    next: async (timeoutMs) => {
      signal.throwIfAborted();
      if (!changed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      changed = false;
      signal.throwIfAborted();
    },
    end: () => {
      unsubscribe();
      signal.removeEventListener('abort', onChange);
      interrupted?.removeEventListener('abort', onChange);
    },
  };
}

/** Waits for a change in a namespace, at most `timeoutMs`. Throws the signal's reason when it is aborted. */
export async function untilChange(
  cluster: ClusterCache,
  namespace: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const changes = listenForChanges(cluster, namespace, signal);
  try {
    await changes.next(timeoutMs);
  } finally {
    changes.end();
  }
}
