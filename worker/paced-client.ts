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
  const through = async <T>(send: () => Promise<T>): Promise<T> => {
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
  };
  return {
    ...client,
    request: (request) => through(() => client.request(request)),
    requestText: (request) => through(() => client.requestText(request)),
    get: (resource, ref) => through(() => client.get(resource, ref)),
    create: (resource, namespace, body) => through(() => client.create(resource, namespace, body)),
    apply: (resource, ref, body) => through(() => client.apply(resource, ref, body)),
    delete: (resource, ref, options) => through(() => client.delete(resource, ref, options)),
  };
}
