import type { Fleet } from '../shared/kubernetes/fleet.ts';

/** Waits for a change in a namespace, at most `timeoutMs`. Throws the signal's reason when it is aborted. */
export function untilChange(
  fleet: Fleet,
  namespace: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(settle, timeoutMs);
    const unsubscribe = fleet.onChange(namespace, settle);
    signal.addEventListener('abort', settle);

    function settle(): void {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener('abort', settle);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
  });
}
