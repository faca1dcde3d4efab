import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { PODS, pathOf } from '../../shared/kubernetes/resources.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

/** Long: what ends before it was not ended by it. */
const DEADLINE_S = 90;

describe('a release that leaves no FDD alive', () => {
  const world = useWorld({ flags: { 'progress-deadline': DEADLINE_S } }, async (opened) => {
    await opened.startApi();
    await opened.startWorker();
  });

  test.concurrent.each([
    ['crash-loop', 'CrashLoopBackOff'],
    ['image-pull-failure', 'ImagePullBackOff'],
  ] as const)('(%s) is failed as soon as that is certain', async (kind, reason) => {
    const namespace = `dead-${kind}`;
    await world.addNamespace(namespace, { fdd: OLD });
    world.fdds.misbehaviour.set(namespace, { kind }, { version: NEW });

    const target = await world.deployed(namespace);

    expect(target).toMatchObject({ state: 'failed', code: 'fdd_cannot_run', attempt: 1 });
    expect(target.reason).toContain(reason.replace('ImagePullBackOff', 'pull'));
    const why = await until(async () => {
      const { body } = await world.http(`/api/namespaces/${namespace}`);
      return body.row.activity === 'idle' && body.why;
    }, 'the row is idle');
    expect(why).toMatchObject({ offer: 'bootstrap', headline: expect.stringContaining(NEW) });
  });

  test.concurrent('an FDD that comes up after its deploy has failed is not verified, until a deploy verifies it', async () => {
    await world.addNamespace('late', { fdd: OLD });
    world.fdds.misbehaviour.set('late', { kind: 'image-pull-failure' }, { version: NEW });
    const why = async () => (await world.http('/api/namespaces/late')).body.why;
    expect(await world.deployed('late')).toMatchObject({ state: 'failed', code: 'fdd_cannot_run' });
    world.fdds.misbehaviour.clear('late');

    const late = await until(async () => (await why()).health === 'unknown' && why(), 'FDD is up');
    const id = await world.deploymentId('late');

    expect(late.headline).toMatch(/^FDD is available and runs .*, but this is not verified/);
    expect(await world.deployed('late')).toMatchObject({ state: 'completed', outcome: 'unchanged' });
    expect(await world.deploymentId('late')).toBe(id);
    await until(async () => (await why()).health === 'healthy', 'it is healthy');
  });

  test.concurrent('the id of a bootstrap that failed is not used again', async () => {
    await world.addNamespace('exits');
    world.fdds.misbehaviour.set('exits', { kind: 'bootstrap-exits', exitCode: 1 });
    expect(await world.deployed('exits')).toMatchObject({ state: 'failed', code: 'bootstrap_failed' });
    const id = await world.deploymentId('exits');
    world.fdds.misbehaviour.clear('exits');

    expect(await world.deployed('exits')).toMatchObject({ state: 'completed', outcome: 'bootstrapped' });

    expect(await world.deploymentId('exits')).not.toBe(id);
  });

  test.concurrent('the FDD that was to take the deployment up dies: a bootstrap follows', async () => {
    await world.addNamespace('lost', { fdd: OLD });
    world.fdds.misbehaviour.set('lost', { kind: 'hang' }, { version: OLD });
    const { id } = await world.deploy({ namespaces: ['lost'] });
    await until(
      async () => (await world.http('/api/namespaces/lost')).body.phase === 'waiting for FDD',
      'FDD is waited for',
    );
    world.fdds.misbehaviour.set('lost', { kind: 'crash-loop' }, { version: OLD });
    const path = pathOf(PODS, { namespace: 'lost' });
    await world.kube.request({ method: 'DELETE', path, query: { labelSelector: `app=${FDD}` } });

    const [target] = (await world.rolloutFinished(id)).targets;

    expect(target).toMatchObject({ state: 'completed', outcome: 'bootstrapped', attempt: 2 });
    const attempts = await until(async () => {
      const { body } = await world.http('/api/namespaces/lost');
      return body.row.health === 'healthy' && body.attempts;
    }, 'it is healthy');
    expect(attempts.map(({ code }: { code?: string }) => code)).toEqual([undefined, 'fdd_lost']);
  });
});

describe('a deployment id that ended at the deadline', () => {
  /** For what hangs, and long enough on a slow machine for what does not. */
  const world = useWorld({ flags: { 'progress-deadline': 15 } }, async (opened) => {
    await opened.startApi();
    await opened.startWorker();
  });

  /** FDD has taken it up, and did not finish it before the deadline. */
  async function abandon(namespace: string): Promise<string | undefined> {
    await world.addNamespace(namespace, { fdd: OLD });
    world.fdds.misbehaviour.set(namespace, { kind: 'hang' });
    const target = await world.deployed(namespace);
    expect(target).toMatchObject({ state: 'failed', code: 'progress_deadline' });
    return world.deploymentId(namespace);
  }

  async function planned(namespace: string): Promise<string> {
    const { body } = await world.http(`/api/namespaces/${namespace}/objects`);
    return body.plan.action;
  }

  test.concurrent('is not verified again: the next request writes a new one, and says so before', async () => {
    const id = await abandon('half-done');

    expect(await planned('half-done')).toBe('redeploy');
    world.fdds.misbehaviour.set('half-done', { kind: 'slow-start', ms: 0 });
    const { id: rollout } = await world.deploy({ namespaces: ['half-done'] });
    await until(async () => (await world.deploymentId('half-done')) !== id, 'a new id is written');
    world.fdds.misbehaviour.clear('half-done');

    expect((await world.rolloutFinished(rollout)).targets[0]).toMatchObject({ state: 'completed' });
  });

  test.concurrent('is not verified again by a retry of its rollout either', async () => {
    const id = await abandon('retried');
    const rollout = (await world.http('/api/namespaces/retried')).body.attempts[0].rolloutId;

    const body = { reason: 'the cause is corrected' };
    const retry = await world.http(`/api/rollouts/${rollout}/retry`, { method: 'POST', body });
    expect(retry.status).toBe(200);
    await until(async () => (await world.deploymentId('retried')) !== id, 'a new id is written');
    world.fdds.misbehaviour.clear('retried');

    expect((await world.rolloutFinished(rollout)).targets[0]).toMatchObject({ state: 'completed' });
  });

  test.concurrent('counts if its SUCCESS came late', async () => {
    const id = await abandon('late');
    world.fdds.misbehaviour.clear('late');
    await until(async () => (await planned('late')) === 'unchanged', 'FDD has finished it');

    expect(await world.deployed('late')).toMatchObject({ state: 'completed', outcome: 'unchanged' });
    expect(await world.deploymentId('late')).toBe(id);
  });

  test.concurrent('is not verified again either if Redis has lost the record', async () => {
    const id = await abandon('forgotten');
    const redis = new Redis(world.redis.url);
    await redis.del('{skipper}:namespace:forgotten');
    redis.disconnect();
    // Times in the cluster are in whole seconds.
    const abandonedAt = Date.now();
    await until(() => Date.now() > abandonedAt + 1_000, 'a second has passed');

    const { id: rollout } = await world.deploy({ namespaces: ['forgotten'] });
    await until(async () => (await world.deploymentId('forgotten')) !== id, 'a new id is written');
    world.fdds.misbehaviour.clear('forgotten');

    expect((await world.rolloutFinished(rollout)).targets[0]).toMatchObject({ state: 'completed' });
  });
});
