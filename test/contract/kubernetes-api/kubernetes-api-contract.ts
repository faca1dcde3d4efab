import { afterAll, beforeAll } from '@jest/globals';
import { type ApiClient, connect } from '../api-client.ts';
import { testAccess } from './access.ts';
import { createContractSteps } from './contract-steps.ts';
import { testCreate } from './create.ts';
import { testCustomResources } from './custom-resources.ts';
import { testDelete } from './delete.ts';
import { testDeployments } from './deployments.ts';
import { testDiscovery } from './discovery.ts';
import { testGet } from './get.ts';
import { testList } from './list.ts';
import { testMetadataOnly } from './metadata-only.ts';
import { testPatch } from './patch.ts';
import { testPodLogs } from './pod-logs.ts';
import { testPods } from './pods.ts';
import { testServerSideApply } from './server-side-apply.ts';
import { testUpdate } from './update.ts';
import { testWatch } from './watch.ts';

/** A running API server under test, simulated or real, whose token `STRANGER_TOKEN` belongs to `stranger`. */
export interface ApiServerUnderTest {
  readonly kubeconfig: string;
  /** Makes the server forget its history. */
  compact(): Promise<void>;
  stop(): Promise<void>;
}

export interface ContractOptions {
  readonly start: () => Promise<ApiServerUnderTest>;
  /** Whether controllers run, or are simulated: default accounts, quota counts, garbage collection, namespace deletion. */
  readonly hasControllers: boolean;
}

export const STRANGER_TOKEN = 'stranger-token';

/** Everything that Skipper and its simulated cluster rely on, verified against the server that `start` returns. */
export function testKubernetesApi({ start, hasControllers }: ContractOptions): void {
  let server: ApiServerUnderTest;
  let api: ApiClient;
  const steps = createContractSteps({
    send: (...request) => api.send(...request),
    openWatch: (path, accept) => api.watch(path, accept),
    compact: () => server.compact(),
    strangerToken: STRANGER_TOKEN,
    hasControllers,
  });

  beforeAll(async () => {
    server = await start();
    api = connect(server.kubeconfig);
    await steps.define(false);
    await steps.define(true);
  });

  afterAll(async () => {
    await api?.close();
    await server?.stop();
  });

  testCreate(steps);
  testGet(steps);
  testUpdate(steps);
  testPatch(steps);
  testServerSideApply(steps);
  testCustomResources(steps);
  testDeployments(steps);
  testList(steps);
  testWatch(steps);
  testMetadataOnly(steps);
  testDelete(steps);
  testPods(steps);
  testPodLogs(steps);
  testAccess(steps);
  testDiscovery(steps);
}
