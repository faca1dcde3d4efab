import { describe, expect, test } from '@jest/globals';
import { APPLICATIONS, PODS } from '../../../shared/kubernetes/resources.ts';
import { pacedClient } from '../../../worker/paced-client.ts';
import { aRefusedRequest, createFakeClient } from '../../support/fake-cluster.ts';

const REF = { namespace: 'a', name: 'fiaas-deploy-daemon' };

describe('pacedClient', () => {
  test.each([
    ['request', (client) => client.request({ method: 'GET', path: '/a' })],
    ['requestText', (client) => client.requestText({ method: 'GET', path: '/a' })],
    ['get', (client) => client.get(APPLICATIONS, REF)],
    ['create', (client) => client.create(PODS, 'a', {})],
    ['apply', (client) => client.apply(APPLICATIONS, REF, {})],
    ['delete', (client) => client.delete(PODS, REF)],
  ] satisfies [string, (client: ReturnType<typeof pacedClient>) => Promise<unknown>][])(
    '%s waits at the gate, and reports its end',
    async (_name, send) => {
      const calls: string[] = [];
      const client = createFakeClient();
      const paced = pacedClient(client, {
        enter: async () => void calls.push(`enter after ${client.requests.length} requests`),
        left: (ms, error) => void calls.push(`left ${ms >= 0} ${error}`),
      });

      await send(paced).catch(() => undefined);

      expect(calls[0]).toBe('enter after 0 requests');
      expect(calls).toHaveLength(2);
    },
  );

  test('sends nothing if the gate refuses', async () => {
    const client = createFakeClient();
    const paced = pacedClient(client, {
      enter: () => Promise.reject(new Error('the lease is lost')),
      left: () => undefined,
    });

    await expect(paced.apply(APPLICATIONS, REF, {})).rejects.toThrow('the lease is lost');
    expect(client.requests).toEqual([]);
  });

  test('passes an error on, and reports it', async () => {
    const refused = aRefusedRequest(429, 'rate_limited');
    const errors: unknown[] = [];
    const paced = pacedClient(
      { ...createFakeClient(), apply: () => Promise.reject(refused) },
      { enter: async () => undefined, left: (_ms, error) => void errors.push(error) },
    );

    await expect(paced.apply(APPLICATIONS, REF, {})).rejects.toBe(refused);
    expect(errors).toEqual([refused]);
  });
});
