import { expect, test } from '@jest/globals';
import { APPLICATIONS, PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { refusableDeployments } from '../support/refusable-deployments.ts';
import { SHOP } from '../support/shop-application.ts';
import { type Raw, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

/** Nobody repairs anything: what a rule has found stays. */
const FLAGS = {
  heal: 'report',
  'heal-interval': 0.25,
  'heal-backoff': 1,
  'deaf-after': 2,
  'api-token': 'skipper-token',
};
const { cluster, right } = refusableDeployments();
const world = useWorld(
  {
    flags: FLAGS,
    cluster,
  },
  async (opened) => {
    await opened.startApi();
    await opened.startWorker();
  },
);

async function why() {
  return (await world.http('/api/namespaces/hearing')).body.why;
}

async function isHealth(health: string): Promise<Raw> {
  return until(async () => {
    const seen = await why();
    return seen.health === health && seen;
  }, `it is ${health}`);
}

async function untilDegraded(namespaces: readonly string[]): Promise<void> {
  await until(async () => {
    const { rows } = (await world.http('/api/fleet')).body;
    const degraded = rows.filter(({ health }: Raw) => health === 'degraded');
    return degraded.map(({ namespace }: Raw) => namespace).join() === namespaces.join();
  }, `degraded rows: ${namespaces}`);
}

async function deletePods(): Promise<void> {
  const path = pathOf(PODS, { namespace: 'hearing' });
  const { items } = await world.kube.request<Raw>({ method: 'GET', path });
  for (const { metadata } of items)
    await world.kube.delete(PODS, { namespace: 'hearing', name: metadata.name }, { gracePeriodSeconds: 0 });
}

test('a deaf FDD, which looks healthy, is degraded until it hears again, and unknown while nothing is judged', async () => {
  await world.addNamespace('hearing');
  await world.deployed('hearing');
  world.fdds.misbehaviour.set('hearing', { kind: 'deaf', untilRestart: true });
  await world.kube.create(APPLICATIONS, 'hearing', SHOP);

  const deaf = await isHealth('degraded');
  await untilDegraded(['hearing']);
  right.isGranted = false;
  world.cluster.faults.dropWatches();
  const unjudged = await isHealth('unknown');
  right.isGranted = true;
  await isHealth('degraded');
  await deletePods();
  await isHealth('healthy');

  expect(deaf.headline).toMatch(/^The health rule deaf holds/);
  expect(deaf.because[0]).toMatch(/^deaf: Application shop got deployment id shop-1/);
  expect(deaf.remedy).toEqual(expect.arrayContaining([expect.stringMatching(/^Restart FDD: kubectl/)]));
  expect(unjudged.headline).toMatch(/^The health rule deaf held when it was judged last/);
  expect(unjudged.because).toEqual([
    'Unknown whether deaf still holds: not judged: rights-missing in the whole fleet',
    expect.stringMatching(/^deaf, as it was seen last: Application shop got deployment id shop-1/),
  ]);
});
