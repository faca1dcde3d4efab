import type { KubernetesClient } from '../shared/kubernetes/client.ts';

/** A client that calls `check` once, just before its first write; a check that fails prevents all writes. */
export function checkedClient(client: KubernetesClient, check: () => Promise<void>): KubernetesClient {
  let checked: Promise<void> | undefined;
  const write = async <T>(send: () => Promise<T>): Promise<T> => {
    checked ??= check();
    await checked;
    return send();
  };
  return {
    ...client,
    request: (request) =>
      request.method === 'GET' ? client.request(request) : write(() => client.request(request)),
    create: (resource, namespace, body) => write(() => client.create(resource, namespace, body)),
    apply: (resource, ref, body) => write(() => client.apply(resource, ref, body)),
    delete: (resource, ref, options) => write(() => client.delete(resource, ref, options)),
  };
}
