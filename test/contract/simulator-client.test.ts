import { describe, expect, test } from '@jest/globals';
import { CoreV1Api, KubeConfig, Watch } from '@kubernetes/client-node';
import { startKubernetesApi } from '../../simulator/kubernetes-api/kubernetes-api.ts';

describe('the simulated API server and the official client', () => {
  test('work together, starting from the kubeconfig', async () => {
    const server = await startKubernetesApi();
    try {
      const config = new KubeConfig();
      config.loadFromString(server.kubeconfig);
      const core = config.makeApiClient(CoreV1Api);
      const body = { metadata: { name: 'one' }, data: { a: '1' } };

      const created = await core.createNamespacedConfigMap({ namespace: 'default', body });
      const missing = core.readNamespacedConfigMap({ namespace: 'default', name: 'none' });
      const seen = await firstEvent(config, '/api/v1/namespaces/default/configmaps');

      expect(created.metadata?.uid).toEqual(expect.any(String));
      await expect(missing).rejects.toMatchObject({ code: 404 });
      expect(seen).toBe('ADDED one');
    } finally {
      await server.close();
    }
  });
});

function firstEvent(config: KubeConfig, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const onEvent = (type: string, object: { readonly metadata: { readonly name: string } }) =>
      resolve(`${type} ${object.metadata.name}`);
    new Watch(config).watch(path, {}, onEvent, reject).catch(reject);
  });
}
