import { expect, test } from '@jest/globals';
import { APPLICATION_STATUSES, APPLICATIONS, pathOf } from '../../shared/kubernetes/resources.ts';
import { watchBegun } from '../../shared/kubernetes/watch-begun.ts';
import { type BegunScenario, tryDeafFdd, tryDeletion } from '../support/begun-scenario.ts';
import { silentLog } from '../support/builders.ts';
import { NEW } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const world = useWorld();

async function inNamespace(namespace: string): Promise<BegunScenario> {
  await world.addNamespace(namespace, { fdd: NEW });
  return { admin: world.kube, client: world.kube, fdds: world.fdds, namespace };
}

test('a deaf FDD is noticed until it was restarted', async () => {
  await tryDeafFdd(await inNamespace('deaf'));
});

test('a deleted Application does not wait', async () => {
  await tryDeletion(await inNamespace('gone'));
});

test('after a gap, both are read again', async () => {
  const { namespace } = await inNamespace('gap');
  const application = (name: string, id: string) => ({
    apiVersion: APPLICATIONS.apiVersion,
    kind: APPLICATIONS.kind,
    metadata: { name, labels: { app: name, 'fiaas/deployment_id': id } },
    spec: { application: name, image: 'x:1', config: {} },
  });
  world.fdds.misbehaviour.set(namespace, { kind: 'deaf' });
  for (const name of ['kept', 'begun', 'deleted']) {
    await world.kube.create(APPLICATIONS, namespace, application(name, name));
  }
  const watch = watchBegun({ client: world.kube, log: silentLog });
  await watch.synced();
  expect(watch.unbegunIn(namespace)?.count).toBe(3);

  world.cluster.faults.freezeWatches = true;
  await world.kube.delete(APPLICATIONS, { namespace, name: 'deleted' });
  await world.kube.request({
    method: 'POST',
    path: pathOf(APPLICATION_STATUSES, { namespace }),
    body: {
      apiVersion: APPLICATION_STATUSES.apiVersion,
      kind: APPLICATION_STATUSES.kind,
      metadata: { name: 'begun-1', labels: { app: 'begun', 'fiaas/deployment_id': 'begun' } },
      result: 'SUCCESS',
    },
  });
  world.cluster.faults.freezeWatches = false;
  world.cluster.faults.compact();
  world.cluster.faults.dropWatches();

  await until(() => watch.unbegunIn(namespace)?.application !== 'deleted', 'the deletion is seen');
  // FDD has begun something since: the third has another reason, or hears in the same second.
  await until(() => (watch.unbegunIn(namespace)?.count ?? 0) <= 1, 'the status is seen');
  await watch.stop();
});
