import { SkipperError } from '../../domain/errors.ts';
import { aroundRequests } from '../../shared/kubernetes/around-requests.ts';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { sleep } from './delays.ts';

const BASE_MS = 20;
const CAP_MS = 2_000;

/**
 * A client that retries on 401, 429 and 5xx, and if nobody answers, until it is stopped: a kubelet does, and an FDD that gave
 * up would fail a deploy because of how long an outage lasts.
 */
export function patientClient(client: KubernetesClient, signal: AbortSignal): KubernetesClient {
  async function patiently<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
        await sleep(waitMs(error, attempt), signal);
      }
    }
  }
  return aroundRequests(client, patiently);
}

export function hasCode(error: unknown, ...codes: readonly SkipperError['code'][]): boolean {
  return error instanceof SkipperError && codes.includes(error.code);
}

function isPassing(error: unknown): boolean {
  return hasCode(error, 'rate_limited', 'cluster_unavailable', 'unauthorized');
}

function waitMs(error: unknown, attempt: number): number {
  const asked = error instanceof SkipperError ? (error.retryAfterMs ?? 0) : 0;
  return Math.min(CAP_MS, Math.max(asked, BASE_MS * 2 ** attempt * (0.5 + Math.random())));
}
