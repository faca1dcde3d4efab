import { describe, expect, test } from '@jest/globals';
import { RESOURCE_QUOTAS } from '../../shared/kubernetes/resources.ts';
import { NEW, OLD } from '../support/published.ts';
import { useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { HttpAnswer } from '../support/world-requests.ts';

describe('a plan that the API server has tried', () => {
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', OLD);
    await opened.startApi();
    await opened.startWorker();
  });
  const plan = async (namespaces?: readonly string[]): Promise<HttpAnswer> => {
    const made = await world.http('/api/rollouts?dryRun=server', { method: 'POST', body: { namespaces } });
    if (made.body.pending === 0) return made;
    // A busy worker can need longer than the answer waits.
    return until(async () => {
      const answer = await world.http(`/api/plans/${made.body.id}`);
      return answer.body.pending === 0 && answer;
    }, 'all is tried');
  };
  const carryOut = (id: string) => world.http('/api/rollouts', { method: 'POST', body: { plan: id } });

  test('says what would happen in each namespace, changes nothing, and is carried out once', async () => {
    await world.addNamespace('planned');
    await world.addNamespace('broken', { data: { tag: '' } });

    const made = await plan(['planned', 'broken']);

    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({ counts: { bootstrap: 1, refuse: 1 }, pending: 0 });
    expect(world.changes('planned').filter((change) => !change.includes('pods'))).toEqual([
      'patch applications',
    ]);
    expect(await world.application('planned')).toBeUndefined();

    const started = await carryOut(made.body.id);
    const again = await carryOut(made.body.id);

    expect([started.status, again.status]).toEqual([202, 202]);
    expect(again.body.id).toBe(started.body.id);
    const { targets } = await world.rolloutFinished(started.body.id);
    expect(targets.find(({ namespace }) => namespace === 'planned')).toMatchObject({
      state: 'completed',
      outcome: 'bootstrapped',
      version: OLD,
    });
  });

  test('is refused with the differences if the fleet has changed', async () => {
    await world.addNamespace('moved');
    const made = await plan(['moved']);
    world.channel.publish('stable', NEW);

    const refused = await carryOut(made.body.id);

    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      code: 'plan_moved',
      errors: [
        { field: 'moved', message: expect.stringMatching(new RegExp(`planned: .*${OLD}.*now: .*${NEW}`)) },
      ],
    });
    expect(await world.application('moved')).toBeUndefined();
  });

  test('names what the API server refuses, and does not attempt it', async () => {
    await world.addNamespace('denied');
    await world.kube.create(RESOURCE_QUOTAS, 'denied', {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none' },
      spec: { hard: { pods: '0' } },
    });

    const made = await plan(['denied']);
    expect(made.body).toMatchObject({
      counts: { denied: 1 },
      targets: [
        { namespace: 'denied', code: 'quota_exceeded', denied: expect.stringContaining('exceeded quota') },
      ],
    });

    const before = world.changes('denied').length;
    const started = await carryOut(made.body.id);
    const { state, targets } = await world.rolloutFinished(started.body.id);
    expect([state, targets[0]?.code]).toEqual(['failed', 'quota_exceeded']);
    expect(world.changes('denied')).toHaveLength(before);
  });

  test('is unknown under another id, and cannot be mixed with other fields', async () => {
    expect((await carryOut('plan-unknown')).status).toBe(404);
    const mixed = await world.http('/api/rollouts', {
      method: 'POST',
      body: { plan: 'plan-x', namespaces: ['moved'] },
    });
    expect(mixed.body).toMatchObject({ status: 400, errors: [{ field: 'plan' }] });
  });
});
