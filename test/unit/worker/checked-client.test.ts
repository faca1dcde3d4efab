import { expect, test } from '@jest/globals';
import { APPLICATIONS, PODS, pathOf } from '../../../shared/kubernetes/resources.ts';
import { checkedClient } from '../../../worker/checked-client.ts';
import { NAMESPACE } from '../../support/builders.ts';
import { createFakeClient } from '../../support/fake-cluster.ts';

const REF = { namespace: NAMESPACE, name: 'fdd' };
const path = pathOf(APPLICATIONS, REF);

test('reads are not checked', async () => {
  const client = createFakeClient();
  const checked = checkedClient(client, () => Promise.reject(new Error('outdated')));

  await checked.get(APPLICATIONS, REF);
  await checked.request({ method: 'GET', path });
  await checked.requestText({ method: 'GET', path });
  expect(client.requests).toHaveLength(3);
});

test('the first write is checked, once', async () => {
  const client = createFakeClient();
  const order: unknown[] = [];
  const checked = checkedClient(client, async () => void order.push(client.requests.length));

  await checked.apply(APPLICATIONS, REF, {});
  await checked.delete(PODS, REF);
  expect(order).toEqual([0]);
  expect(client.requests).toHaveLength(2);
});

test('a check that fails prevents every kind of write', async () => {
  const client = createFakeClient();
  const checked = checkedClient(client, () => Promise.reject(new Error('outdated')));

  for (const write of [
    () => checked.apply(APPLICATIONS, REF, {}),
    () => checked.create(PODS, NAMESPACE, {}),
    () => checked.delete(PODS, REF),
    () => checked.request({ method: 'PATCH', path }),
  ])
    await expect(write()).rejects.toThrow('outdated');
  expect(client.requests).toEqual([]);
});
