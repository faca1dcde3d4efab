import { hasBootstrapEnded } from '../domain/cluster/observed.ts';
import type { RunContext } from './run-context.ts';
import { untilChange } from './until-change.ts';

/** Waits for a bootstrap pod to end, at most until `deadline` (milliseconds since the epoch). */
export async function awaitBootstrapEnd(deadline: number, context: RunContext): Promise<void> {
  const { cluster, namespace, signal } = context;
  for (;;) {
    const pod = cluster.snapshot(namespace).bootstrapPod;
    if (!pod || hasBootstrapEnded(pod) || Date.now() >= deadline) return;
    context.progress('collecting the bootstrap log');
    await untilChange(cluster, namespace, Math.min(1_000, Math.max(1, deadline - Date.now())), signal);
  }
}
