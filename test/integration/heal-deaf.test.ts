import { expect, test } from '@jest/globals';
import type { NamespaceHealing } from '../../domain/heal/healing.ts';
import { APPLICATIONS, PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { SHOP } from '../support/shop-application.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import { PATIENT_FLAGS } from '../support/world-skippers.ts';

/** As by default, an FDD has longer to hear than a repair has to show an effect. */
const FLAGS = {
  'heal-interval': 0.25,
  'heal-backoff': 1,
  'deaf-after': 3,
  'heal-hourly-cap': 100,
  'heal-stop-share': '100%',
  'progress-deadline': 6,
  'max-attempts': 1,
};
const world = useWorld({ flags: { ...FLAGS, heal: 'on' } }, async (opened) => {
  await opened.startApi();
  await opened.withWorker({ flags: PATIENT_FLAGS }, async () => {
    await opened.addNamespace('forever');
    await opened.deployed('forever');
  });
  await opened.startWorker();
});

async function healingOf(namespace: string): Promise<NamespaceHealing | undefined> {
  return (await world.http(`/api/healing?namespace=${namespace}`)).body.namespaces[0];
}

/** Its FDD does not begin what is requested from now on. */
async function makeDeaf(namespace: string): Promise<void> {
  world.fdds.misbehaviour.set(namespace, { kind: 'deaf' });
  const { items } = await world.kube.request<Raw>({ method: 'GET', path: pathOf(PODS, { namespace }) });
  for (const { metadata } of items) {
    await world.kube.delete(PODS, { namespace, name: metadata.name }, { gracePeriodSeconds: 0 });
  }
  await world.kube.create(APPLICATIONS, namespace, SHOP);
}

test('an FDD that nothing cures is quarantined, and not restarted forever', async () => {
  await makeDeaf('forever');

  const parked = await until(async () => {
    const healing = await healingOf('forever');
    return healing?.state === 'quarantined' && healing;
  }, 'quarantined');

  expect(parked.steps.map(({ means }) => means)).toEqual(['restart', 'deploy']);
  const { entries } = (await world.http('/api/audit?namespace=forever&kind=namespace')).body;
  expect(entries.map(({ kind }: { kind: string }) => kind)).not.toContain('namespace.recovered');
});
