import { readFile } from 'node:fs/promises';
import { describe, test } from '@jest/globals';
import { request } from 'undici';
import {
  controllerManagerAvailable,
  controlPlaneMissing,
  startControlPlane,
} from '../support/control-plane.ts';
import { STRANGER_TOKEN, testKubernetesApi } from './kubernetes-api/kubernetes-api-contract.ts';

const missing = controlPlaneMissing();

describe('the real API server', () => {
  if (missing !== undefined) {
    test.skip(`is skipped: ${missing}`, () => undefined);
    return;
  }
  testKubernetesApi({ hasControllers: controllerManagerAvailable(), start: startRealServer });
});

async function startRealServer() {
  const controlPlane = await startControlPlane({ tokens: { [STRANGER_TOKEN]: 'stranger' } });
  return {
    kubeconfig: await readFile(controlPlane.kubeconfigPath, 'utf8'),
    compact: () => compactEtcd(controlPlane.etcdUrl),
    stop: controlPlane.stop,
  };
}

/** Compacts through etcd's JSON gateway, as a cluster does every five minutes. */
async function compactEtcd(etcdUrl: string): Promise<void> {
  const { header } = (await callEtcd(`${etcdUrl}/v3/kv/range`, {
    key: Buffer.from('none').toString('base64'),
  })) as {
    readonly header: { readonly revision: string };
  };
  await callEtcd(`${etcdUrl}/v3/kv/compaction`, { revision: header.revision, physical: true });
}

async function callEtcd(url: string, body: object): Promise<unknown> {
  const answer = await request(url, { method: 'POST', body: JSON.stringify(body) });
  return answer.body.json();
}
