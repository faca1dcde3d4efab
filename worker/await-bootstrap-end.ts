import { hasBootstrapEnded } from '../domain/cluster/observed.ts';
import type { ParkedWait } from './await-verdict.ts';
import type { RunContext } from './run-context.ts';
import { listenForChanges } from './until-change.ts';

const POLL_INTERVAL_MS = 1_000;

/** Waits for a bootstrap pod to end, at most until `deadline` (milliseconds since the epoch). A wait that lasts is parked. */
export async function awaitBootstrapEnd(
  deadline: number,
  context: RunContext,
): Promise<{ readonly kind: 'ended' } | ({ readonly kind: 'parked' } & ParkedWait)> {
  const { cluster, namespace, signal, interrupted, parkAfterMs } = context;
  const parkAt = Date.now() + parkAfterMs;
  const changes = listenForChanges(cluster, namespace, signal, interrupted);
  try {
    for (;;) {
      const pod = cluster.snapshot(namespace).bootstrapPod;
      if (!pod || hasBootstrapEnded(pod) || Date.now() >= deadline) return { kind: 'ended' };
      const phase = 'collecting the bootstrap log';
      context.progress(phase);
      if (Date.now() >= parkAt || interrupted.aborted) {
        const detail = 'FDD is verified; waiting for the bootstrap pod to end';
        const wait = {
          stage: 'bootstrap end',
          until: deadline,
          hadDeployment: true,
          wasSeen: true,
          podEnded: false,
        } as const;
        return { kind: 'parked', ...wait, phase, detail };
      }
      const until = Math.min(deadline, parkAt) - Date.now() + 1;
      await changes.next(Math.max(1, Math.min(POLL_INTERVAL_MS, until)));
    }
  } finally {
    changes.end();
  }
}
