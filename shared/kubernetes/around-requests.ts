import type { KubernetesClient } from './client.ts';

/** A client whose requests, except watches, are each sent by `around`. */
export function aroundRequests(
  client: KubernetesClient,
  around: <T>(send: () => Promise<T>) => Promise<T>,
): KubernetesClient {
  return {
    ...client,
    request: (request) => around(() => client.request(request)),
    requestText: (request) => around(() => client.requestText(request)),
    get: (resource, ref) => around(() => client.get(resource, ref)),
    create: (resource, namespace, body) => around(() => client.create(resource, namespace, body)),
    apply: (resource, ref, body) => around(() => client.apply(resource, ref, body)),
    delete: (resource, ref, options) => around(() => client.delete(resource, ref, options)),
  };
}
