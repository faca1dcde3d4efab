import { BOOTSTRAP_POD } from '../domain/cluster/names.ts';
import { SkipperError } from '../domain/errors.ts';
import { PODS } from '../shared/kubernetes/resources.ts';
import type { RunContext } from './run-context.ts';
import { untilChange } from './until-change.ts';

/** A deleted pod can use its grace period, and its node can be slow; a pod that hangs longer than its deadline counts as stuck. */
const POD_GONE_TIMEOUT_MS = 60_000;

/** Deletes the bootstrap pod and waits until it is gone, so that a new one can have its name. */
export async function deleteBootstrapPod(context: RunContext): Promise<void> {
  const { client, cluster, namespace, signal, settings } = context;
  // One second, not zero: with zero the object would be deleted while its container still runs.
  await client.delete(PODS, { namespace, name: BOOTSTRAP_POD }, { gracePeriodSeconds: 1 });
  const timeoutMs = Math.min(POD_GONE_TIMEOUT_MS, settings.bootstrapDeadlineMs);
  const deadline = Date.now() + timeoutMs;
  while (cluster.snapshot(namespace).bootstrapPod) {
    if (Date.now() > deadline) {
      throw new SkipperError(
        'bootstrap_pod_stuck',
        `pod ${BOOTSTRAP_POD} still exists ${timeoutMs / 1000} s after its deletion`,
      );
    }
    await untilChange(cluster, namespace, 1_000, signal);
  }
}
