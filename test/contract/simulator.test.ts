import { describe } from '@jest/globals';
import { startKubernetesApi } from '../../simulator/kubernetes-api/kubernetes-api.ts';
import { STRANGER_TOKEN, testKubernetesApi } from './kubernetes-api/kubernetes-api-contract.ts';

describe('the simulated API server', () => {
  testKubernetesApi({ hasControllers: true, start: startSimulator });
});

async function startSimulator() {
  const api = await startKubernetesApi({
    tokens: { [STRANGER_TOKEN]: 'stranger' },
    deny: ({ user }) => (user === 'stranger' ? '' : undefined),
    customResourceRestartMs: 200,
  });
  return {
    kubeconfig: api.kubeconfig,
    compact: async () => api.faults.compact(),
    stop: api.close,
  };
}
