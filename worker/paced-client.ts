import { aroundRequests } from '../shared/kubernetes/around-requests.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';

/** Around each request of a run. */
export interface Gate {
  /** Resolves when the request may be sent; throws if it must not be sent any more. */
  enter(): Promise<void>;
  /** The request has ended, after this many milliseconds. */
  left(ms: number, error?: unknown): void;
}

/** A client whose requests, except watches, wait at a gate. */
export function pacedClient(client: KubernetesClient, gate: Gate): KubernetesClient {
  return aroundRequests(client, async (send) => {
    await gate.enter();
    const began = performance.now();
    try {
      const answer = await send();
      gate.left(performance.now() - began);
      return answer;
    } catch (error) {
      gate.left(performance.now() - began, error);
      throw error;
    }
  });
}
