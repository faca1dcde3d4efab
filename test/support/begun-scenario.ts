import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { KubernetesClient } from '../../shared/kubernetes/client.ts';
import { APPLICATION_STATUSES, APPLICATIONS, PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { type BegunWatch, watchBegun } from '../../shared/kubernetes/watch-begun.ts';
import type { SimulatedFdds } from '../../simulator/fdd/start-simulated-fdds.ts';
import { IMAGE, silentLog } from './builders.ts';

import { until } from './until.ts';

export interface BegunScenario {
  readonly admin: KubernetesClient;
  /** Of a worker. */
  readonly client: KubernetesClient;
  readonly fdds: SimulatedFdds;
  /** Has a healthy FDD. */
  readonly namespace: string;
}

/** A deaf FDD is noticed, also by a worker that starts later, and no longer once it was restarted. */
export async function tryDeafFdd(scenario: BegunScenario): Promise<void> {
  const { admin, client, fdds, namespace } = scenario;
  const watch = await listen(client);
  try {
    const first = await writeId(admin, namespace, 'heard');
    expect(watch.isKnown()).toBe(true);
    await until(() => isReported(admin, namespace, first), 'FDD has begun it');
    await until(() => hasNone(watch, namespace), 'the watch has seen that');

    fdds.misbehaviour.set(namespace, { kind: 'deaf', untilRestart: true });
    const before = Date.now();
    const ids = [await writeId(admin, namespace, 'shop'), await writeId(admin, namespace, 'heard')];
    const unbegun = await until(() => bothWait(watch, namespace), 'both are not begun');
    expect(ids).toContain(unbegun.deploymentId);
    // Times are in whole seconds.
    expect(unbegun.since).toBeGreaterThanOrEqual(before - 1_000);
    expect(unbegun.since).toBeLessThanOrEqual(Date.now());

    const later = await listen(client);
    expect(later.unbegunIn(namespace)).toMatchObject({ since: unbegun.since, count: 2 });
    await later.stop();

    await replacePods(admin, namespace);
    await until(() => hasNone(watch, namespace), 'a restarted FDD has begun both');
  } finally {
    await watch.stop();
    fdds.misbehaviour.clear(namespace);
  }
}

/** An Application that is deleted does not wait any more. */
export async function tryDeletion({ admin, client, fdds, namespace }: BegunScenario): Promise<void> {
  const watch = await listen(client);
  try {
    fdds.misbehaviour.set(namespace, { kind: 'deaf' });
    await writeId(admin, namespace, 'gone');
    await until(() => watch.unbegunIn(namespace)?.application === 'gone', 'it is not begun');
    await admin.delete(APPLICATIONS, { namespace, name: 'gone' });
    await until(() => hasNone(watch, namespace), 'it does not wait');
  } finally {
    await watch.stop();
    fdds.misbehaviour.clear(namespace);
  }
}

async function listen(client: KubernetesClient): Promise<BegunWatch> {
  const watch = watchBegun({ client, log: silentLog, pageSize: 2 });
  expect(watch.isKnown()).toBe(false);
  await watch.synced();
  return watch;
}

function hasNone(watch: BegunWatch, namespace: string): boolean {
  return watch.isKnown() && watch.unbegunIn(namespace) === undefined;
}

function bothWait(watch: BegunWatch, namespace: string) {
  const unbegun = watch.unbegunIn(namespace);
  return unbegun?.count === 2 ? unbegun : undefined;
}

/** Creates the Application, or gives it a new id, as a deploy of a team does. */
async function writeId(admin: KubernetesClient, namespace: string, name: string): Promise<string> {
  const id = randomUUID();
  await admin.request({
    method: 'PATCH',
    patchType: 'apply',
    path: pathOf(APPLICATIONS, { namespace, name }),
    query: { fieldManager: 'ci', force: true },
    body: {
      apiVersion: APPLICATIONS.apiVersion,
      kind: APPLICATIONS.kind,
      metadata: { name, labels: { app: name, 'fiaas/deployment_id': id } },
      spec: { application: name, image: IMAGE, config: { version: 3 } },
    },
  });
  return id;
}

async function isReported(admin: KubernetesClient, namespace: string, id: string): Promise<boolean> {
  const path = pathOf(APPLICATION_STATUSES, { namespace });
  const query = { labelSelector: `fiaas/deployment_id=${id}` };
  return (await admin.request<{ items: unknown[] }>({ method: 'GET', path, query })).items.length > 0;
}

async function replacePods(admin: KubernetesClient, namespace: string): Promise<void> {
  const path = pathOf(PODS, { namespace });
  const { items } = await admin.request<{ items: { metadata: { name: string } }[] }>({ method: 'GET', path });
  for (const { metadata } of items) await admin.delete(PODS, { namespace, name: metadata.name });
}
