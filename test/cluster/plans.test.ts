import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FDD } from '../../domain/cluster/names.ts';
import { APPLICATIONS } from '../../shared/kubernetes/resources.ts';
import { OLDEST } from '../support/published.ts';
import { type RealWorld, startRealWorld, until } from '../support/real-world.ts';
import { describeCluster } from './support/cluster-suite.ts';
import { IMAGE, STABLE as NEWER } from './support/fdd-objects.ts';
import { createCountedQuota } from './support/quota.ts';
import { type SkipperPair, startSkipperPair } from './support/skipper-pair.ts';

interface Plan {
  readonly id: string;
  readonly pending: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly targets: readonly {
    readonly namespace: string;
    readonly denied?: string;
    readonly code?: string;
  }[];
}

/** With the worker's own rights: Kubernetes checks a dry run like the request itself. */
describeCluster('plans on a real control plane', { needsControllers: true }, () => {
  let world: RealWorld;
  let skipper: SkipperPair;

  beforeAll(async () => {
    world = await startRealWorld();
    skipper = await startSkipperPair(world);
  });

  afterAll(async () => {
    await skipper?.stop();
    await world?.stop();
  });

  const applicationIn = (namespace: string) => world.admin.get(APPLICATIONS, { namespace, name: FDD });
  const read = async <T>(path: string) => (await (await fetch(skipper.api.url + path)).json()) as T;
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(skipper.api.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };

  test('name what the API server would refuse, write nothing, and are carried out as they are', async () => {
    const noPods = (namespace: string) => createCountedQuota(world.admin, namespace, { hard: { pods: '0' } });
    const oldest = (namespace: string) =>
      world.fdds.installFdd(namespace, { image: IMAGE.replace(NEWER, OLDEST) });
    await world.createNamespace('team-updated', { before: oldest });
    await world.createNamespace('team-new');
    await world.createNamespace('team-full', { before: noPods });
    const namespaces = ['team-updated', 'team-new', 'team-full'];
    await skipper.sees(...namespaces);

    const made = await post('/api/rollouts?dryRun=server', { namespaces });

    // A busy worker can need longer than the request waits.
    const plan = await until(
      'all dry runs are made',
      () => read<Plan>(`/api/plans/${(made.body as Plan).id}`),
      ({ pending }) => pending === 0,
    );
    expect(plan).toMatchObject({ counts: { denied: 1, bootstrap: 1 } });
    expect(plan.targets.find(({ namespace }) => namespace === 'team-full')).toMatchObject({
      code: 'quota_exceeded',
      denied: expect.stringContaining('exceeded quota: limits'),
    });
    expect(await applicationIn('team-new')).toBeUndefined();
    expect(await applicationIn('team-full')).toBeUndefined();

    const started = await post('/api/rollouts', { plan: plan.id });
    expect(started.status).toBe(202);
    const { targets } = await skipper.finished((started.body as Plan).id);
    expect(Object.fromEntries(targets.map(({ namespace, state }) => [namespace, state]))).toEqual({
      'team-updated': 'completed',
      'team-new': 'completed',
      'team-full': 'failed',
    });
  });
});
