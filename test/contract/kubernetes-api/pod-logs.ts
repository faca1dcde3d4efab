import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { failure } from './answers.ts';
import { aPod } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { MERGE_PATCH } from './media-types.ts';
import { pods } from './paths.ts';

/** A fake kubelet that serves logs: it answers with the code at the end of the pod's name. */
interface Kubelet {
  readonly port: number;
  readonly requested: string[];
  close(): Promise<void>;
}

export function testPodLogs({ get, post, patch, aPodNamespace, aNode }: ContractSteps): void {
  describe('pod logs', () => {
    let kubelet: Kubelet;
    let namespace: string;

    beforeAll(async () => {
      kubelet = await startKubelet();
      namespace = await aPodNamespace();
      await aNode('node-logs');
      await report('node-logs', kubelet.port);
    });

    afterAll(() => kubelet?.close());

    test('come from the kubelet of the node, with the requested limits', async () => {
      const log = await logOf('answers-200', '?container=main&tailLines=5&limitBytes=100');

      expect(log.code).toBe(200);
      expect(log.body.text).toBe('line 1\nline 2\n');
      expect(kubelet.requested).toEqual([
        `/containerLogs/${namespace}/answers-200/main?limitBytes=100&tailLines=5`,
      ]);
    });

    test("that the kubelet refuses are a bad request with the kubelet's message", async () => {
      const refused = await logOf('answers-400');

      expect(refused.code).toBe(400);
      expect(refused.body).toEqual(failure(400, 'BadRequest', 'line 1\nline 2\n'));
    });

    test('that the kubelet does not know are not found, as pods/log', async () => {
      const refused = await logOf('answers-404');

      expect(refused.code).toBe(404);
      expect(refused.body.details).toEqual({ name: 'answers-404', kind: 'pods/log' });
    });

    test('that fail in the kubelet are an internal error', async () => {
      const refused = await logOf('answers-500');

      expect(refused.code).toBe(500);
      expect(refused.body).toMatchObject({
        reason: 'InternalError',
        message: 'Internal error occurred: line 1\nline 2\n',
      });
    });

    test('of a node without an address are an error', async () => {
      await aNode('node-silent');
      await post(pods(namespace), aPod('silent', { nodeName: 'node-silent' }));

      const refused = await get(`${pods(namespace)}/silent/log`);

      expect(refused.code).toBe(500);
      expect(refused.body.message).toBe('no preferred addresses found; known addresses: []');
    });

    test('of a node that cannot be reached are an error', async () => {
      await aNode('node-gone');
      await report('node-gone', 1);
      await post(pods(namespace), aPod('gone', { nodeName: 'node-gone' }));

      const refused = await get(`${pods(namespace)}/gone/log`);

      expect(refused.code).toBe(500);
      expect(refused.body.reason).toBeUndefined();
    });

    test('of a missing node are not found', async () => {
      await post(pods(namespace), aPod('lost', { nodeName: 'absent' }));

      const refused = await get(`${pods(namespace)}/lost/log`);

      expect(refused.code).toBe(404);
    });

    async function logOf(name: string, query = '') {
      await post(pods(namespace), aPod(name, { nodeName: 'node-logs' }));
      return get(`${pods(namespace)}/${name}/log${query}`);
    }

    async function report(node: string, port: number): Promise<void> {
      const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
      const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } };
      const { code } = await patch(`/api/v1/nodes/${node}/status`, { status }, MERGE_PATCH);
      expect(code).toBe(200);
    }
  });
}

async function startKubelet(): Promise<Kubelet> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'kubelet' }]);
  const requested: string[] = [];
  const server = createServer({ key, cert }, ({ url = '' }, response) => {
    requested.push(url);
    response.writeHead(Number(/answers-(\d{3})\//.exec(url)?.[1]), { 'content-type': 'text/plain' });
    response.end('line 1\nline 2\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requested,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
