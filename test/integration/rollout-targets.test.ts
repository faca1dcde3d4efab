import { describe, expect, test } from '@jest/globals';
import { CONFIG_MAPS } from '../../shared/kubernetes/resources.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { useWorld, type World, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Rollout } from '../support/world-requests.ts';

const POLICY = `release: {type: Progressive, canary: 1, waves: [100%], minSuccessTime: SOAK}
api: {type: All}
`;

async function versionOf(world: World, namespace: string): Promise<string | undefined> {
  return (await world.application(namespace))?.spec.image.split(':').at(-1);
}

async function withVersion(world: World, namespaces: readonly string[], version: string): Promise<void> {
  await until(
    async () => {
      const versions = await Promise.all(namespaces.map((each) => versionOf(world, each)));
      return versions.every((each) => each === version);
    },
    `${namespaces.join(', ')} have ${version}`,
  );
}

async function latestOf(world: World, trigger: string): Promise<Rollout | undefined> {
  const { rollouts } = (await world.http('/api/rollouts')).body;
  return rollouts.find((each: Rollout) => each.trigger === trigger);
}

async function targetsOf(world: World, id: string): Promise<Record<string, string>> {
  const { targets } = (await world.http(`/api/rollouts/${id}`)).body;
  return Object.fromEntries(
    targets.map(({ namespace, state, reason }: Record<string, string>) => [namespace, `${state}: ${reason}`]),
  );
}

describe('namespaces that their owners hold or pin', () => {
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', NEW);
    await opened.addNamespace('held', { annotations: { 'skipper.fiaas.io/hold': 'audit' }, fdd: OLD });
    await opened.addNamespace('pinned', { annotations: { 'skipper.fiaas.io/pin': OLD }, fdd: OLD });
    await opened.addNamespace('broken', { annotations: { 'skipper.fiaas.io/priority': 'high' } });
    await opened.addNamespace('offered', { annotations: { 'skipper.fiaas.io/canary': 'true' } });
    await opened.addNamespaces('team', 2);
    await opened.startStandalone({
      flags: {
        'rollout-policy': await writeInto(opened, 'waves.yaml', POLICY.replace('SOAK', '0s')),
        'disable-autoupdate': false,
        'release-check-interval': 1,
      },
    });
  });

  test('are left alone by the release check; a malformed annotation stops nobody else', async () => {
    await withVersion(world, ['offered', 'team-1', 'team-2'], NEW);

    const { id } = (await latestOf(world, 'release')) as Rollout;
    expect(Object.keys(await targetsOf(world, id)).sort()).toEqual(['offered', 'team-1', 'team-2']);
    const { targets } = await world.rollout(id);
    const startedFirst = [...targets].sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0))[0];
    expect(startedFirst?.namespace).toBe('offered');
    expect(await versionOf(world, 'held')).toBe(OLD);
    expect(await versionOf(world, 'pinned')).toBe(OLD);
    const pinned = (await world.http('/api/namespaces/pinned')).body;
    expect(pinned.holds).toEqual([
      { kind: 'pin', text: `pinned to ${OLD} by annotation skipper.fiaas.io/pin of its ConfigMap` },
    ]);
    expect(pinned.why.remedy[0]).toBe(
      'Nothing, if that is intended. To deploy it anyway: skipper deploy pinned',
    );
    const { why } = (await world.http('/api/namespaces/broken')).body;
    expect(why.code).toBe('config_error');
    expect(why.remedy[0]).toMatch(/^Correct annotation skipper.fiaas.io\/priority: /);
  });

  test('are listed with the reason in a request for all, and deployed when a request names them', async () => {
    const all = await world.deploy();

    expect(await targetsOf(world, all.id)).toMatchObject({
      held: expect.stringContaining('cancelled: held by annotation skipper.fiaas.io/hold'),
      pinned: expect.stringContaining(`cancelled: pinned to ${OLD} by annotation`),
    });

    await world.deploy({ namespaces: ['held'] });

    await withVersion(world, ['held'], NEW);
  });
});

describe('namespaces that change while their rollout holds them back', () => {
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', NEW);
    opened.channel.publish('other', OLD);
    await opened.addNamespace('first', { annotations: { 'skipper.fiaas.io/canary': 'true' } });
    for (const name of ['deleted', 'retagged', 'broken', 'held', 'stays']) await opened.addNamespace(name);
    await opened.startStandalone({
      flags: {
        'rollout-policy': await writeInto(opened, 'soak.yaml', POLICY.replace('SOAK', '0s')),
        'disable-autoupdate': false,
        'release-check-interval': 1,
      },
    });
  });

  test('leave it, and their targets say why', async () => {
    world.fdds.misbehaviour.set('first', { kind: 'hang' });
    await withVersion(world, ['first'], NEW);
    const { id } = (await latestOf(world, 'release')) as Rollout;
    const patch = (name: string, body: object) =>
      world.kube.request({
        method: 'PATCH',
        patchType: 'merge',
        path: `/api/v1/namespaces/${name}/configmaps/${FDD}`,
        body,
      });

    await world.kube.delete(CONFIG_MAPS, { namespace: 'deleted', name: FDD });
    await patch('retagged', { data: { tag: 'other' } });
    await patch('broken', { data: { tag: 'a b' } });
    await patch('held', { metadata: { annotations: { 'skipper.fiaas.io/hold': 'audit' } } });
    // The last of the changes, in the same process that decides about the rollout.
    await until(
      async () => (await world.http('/api/namespaces/held')).body.holds.length > 1,
      'the changes are seen while the canary is verified',
    );
    await until(
      async () => (await targetsOf(world, id)).retagged?.startsWith('superseded'),
      'a release check requests the other channel there',
    );
    world.fdds.misbehaviour.clear('first');

    await withVersion(world, ['stays'], NEW);
    await until(async () => {
      const { state } = await world.rollout(id);
      return state === 'completed';
    }, 'the rollout has ended');
    expect(await targetsOf(world, id)).toMatchObject({
      deleted: expect.stringMatching(/^cancelled: .* ConfigMap fiaas-deploy-daemon/),
      retagged: expect.stringMatching(/^superseded: superseded by rollout .* before it was admitted/),
      broken: expect.stringMatching(/^failed: .*data\.tag "a b" is not a valid channel name/),
      held: 'cancelled: left the rollout: held by annotation skipper.fiaas.io/hold of its ConfigMap: audit',
    });
  });
});

describe('a freeze', () => {
  const FREEZE = 'freezes: [{from: 2020-01-01, to: 2990-01-01, timeZone: Europe/Oslo, reason: audit}]\n';
  const ALL = 'release: {type: All}\n';
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', NEW);
    await opened.addNamespaces('team', 2);
    await opened.startStandalone({
      flags: {
        'rollout-policy': await writeInto(opened, 'freeze.yaml', ALL + FREEZE),
        'disable-autoupdate': false,
        'release-check-interval': 1,
      },
    });
  });

  test('holds releases back, and nobody who requests a deploy', async () => {
    const { id } = await until(() => latestOf(world, 'release'), 'there is a rollout');

    await world.deployed('team-1');
    const { because } = await until(async () => {
      const rollout = await world.rollout(id);
      return rollout.because ? rollout : undefined;
    }, 'it says what it waits for');

    expect(because).toBe(
      'wave 1 of 1 waits for the end of the freeze (audit) until Sat 2990-01-02 00:00 Europe/Oslo',
    );
    expect(await targetsOf(world, id)).toMatchObject({ 'team-1': expect.stringMatching(/^superseded/) });
    expect(await versionOf(world, 'team-2')).toBeUndefined();
    const { holds } = (await world.http('/api/namespaces/team-2')).body;
    expect(holds).toEqual([
      {
        kind: 'freeze',
        text: 'waits for the end of the freeze (audit) until Sat 2990-01-02 00:00 Europe/Oslo',
        until: expect.any(Number),
      },
      {
        kind: 'wave',
        text: `rollout ${id} holds it back in wave 1 of 1, as number 1 of 1`,
        rolloutId: id,
      },
    ]);
  });

  test('ends when the policy says so', async () => {
    await writeInto(world, 'freeze.yaml', ALL);

    await withVersion(world, ['team-2'], NEW);
  });
});

describe('a namespace that appears while a release is rolled out', () => {
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', NEW);
    await opened.addNamespace('first', { annotations: { 'skipper.fiaas.io/canary': 'true' } });
    await opened.addNamespace('second');
    await opened.startStandalone({
      flags: {
        'rollout-policy': await writeInto(opened, 'join.yaml', POLICY.replace('SOAK', '0s')),
        'disable-autoupdate': false,
        'release-check-interval': 1,
      },
    });
  });

  test('joins its last wave', async () => {
    world.fdds.misbehaviour.set('first', { kind: 'hang' });
    await withVersion(world, ['first'], NEW);
    const { id } = (await latestOf(world, 'release')) as Rollout;
    await world.addNamespace('late');
    await until(async () => (await targetsOf(world, id)).late, 'it has joined');
    world.fdds.misbehaviour.clear('first');

    await withVersion(world, ['second', 'late'], NEW);
    await until(async () => (await world.rollout(id)).state === 'completed', 'the rollout has ended');

    const { body } = await world.http(`/api/rollouts/${id}`);
    expect(body.targets.map(({ namespace }: { namespace: string }) => namespace).sort()).toEqual([
      'first',
      'late',
      'second',
    ]);
    expect(body.targets.find((each: { namespace: string }) => each.namespace === 'late')).toMatchObject({
      wave: 1,
      because: 'wave 2 of 2: it appeared while the rollout ran',
    });
    expect(body.events).toContainEqual(
      expect.objectContaining({
        kind: 'changed',
        reason: 'joined wave 2 of 2: they need the same release',
        namespaces: ['late'],
      }),
    );
  });

  test('waits if the rollout is paused', async () => {
    const checks = () => world.channel.requests.get(`/${FDD}/stable.json`) ?? 0;
    for (const name of ['first', 'second', 'late']) {
      world.fdds.misbehaviour.set(name, { kind: 'crash-loop' }, { version: OLD });
    }
    world.channel.publish('stable', OLD);
    const id = await until(async () => {
      const rollout = await latestOf(world, 'release');
      return rollout?.state === 'paused' && rollout.counts.failed === 1 && rollout.id;
    }, 'the canary has failed');

    await world.addNamespace('later');
    const before = checks();
    await until(() => checks() > before + 2, 'two checks from their beginning');

    expect(await versionOf(world, 'later')).toBeUndefined();
    expect((await latestOf(world, 'release'))?.id).toBe(id);
  });
});

describe('a channel that moves backwards', () => {
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', OLD);
    await opened.addNamespaces('team', 2);
    await opened.startStandalone({
      flags: {
        'rollout-policy': await writeInto(opened, 'fast.yaml', POLICY.replace('SOAK', '0s')),
        'disable-autoupdate': false,
        'release-check-interval': 1,
      },
    });
    await withVersion(opened, ['team-1', 'team-2'], OLD);
    opened.channel.publish('stable', NEW);
    await withVersion(opened, ['team-1', 'team-2'], NEW);
  });

  async function paused(): Promise<Rollout> {
    return until(async () => {
      const rollout = await latestOf(world, 'release');
      return rollout?.state === 'paused' && rollout;
    }, 'operators are asked');
  }

  test('is not followed: a paused rollout asks, once', async () => {
    world.channel.publish('stable', OLD);

    const { id, stateReason } = await paused();
    for (let check = 0; check < 3; check += 1) {
      await world.http('/api/releases/check', { method: 'POST' });
    }

    expect(stateReason).toBe(
      `channel "stable" moved backwards from ${NEW} to ${OLD}: resume to follow it, or cancel`,
    );
    expect((await paused()).id).toBe(id);
    expect(await versionOf(world, 'team-1')).toBe(NEW);
  });

  test('is followed when an operator resumes the rollout, also by namespaces that come later', async () => {
    const { id } = await paused();

    const { status } = await world.http(`/api/rollouts/${id}/resume`, {
      method: 'POST',
      body: { reason: 'the new one loses data' },
    });

    expect(status).toBe(200);
    await withVersion(world, ['team-1', 'team-2'], OLD);
    await world.addNamespace('later');
    await withVersion(world, ['later'], OLD);
  });
});

describe('a release that is published while another one is rolled out, with `newerRelease: ask`', () => {
  const BETWEEN = '20190206110218-449abc6';
  const names = ['team-1', 'team-2', 'team-3', 'team-4'];
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', OLD);
    await opened.addNamespaces('team', names.length);
    const policy =
      'release: {type: Progressive, canary: 1, waves: [100%], minSuccessTime: 0s, maxConcurrency: 1, newerRelease: ask}\n';
    await opened.startStandalone({
      flags: {
        'rollout-policy': await writeInto(opened, 'ask.yaml', policy),
        'disable-autoupdate': false,
        'release-check-interval': 1,
      },
    });
    await withVersion(opened, names, OLD);
  });

  async function rollouts(): Promise<Rollout[]> {
    return (await world.http('/api/rollouts?trigger=release')).body.rollouts;
  }

  test('waits for an operator everywhere, and is still there when the other one has ended', async () => {
    await until(
      async () => (await rollouts()).every(({ state }) => state === 'completed'),
      'the first one has ended',
    );
    const first = await latestOf(world, 'release');
    for (const name of names)
      world.fdds.misbehaviour.set(name, { kind: 'slow-start', ms: 2_000 }, { version: BETWEEN });
    world.channel.publish('stable', BETWEEN);
    const between = await until(async () => {
      const rollout = await latestOf(world, 'release');
      return rollout?.id !== first?.id && (rollout?.counts.completed ?? 0) > 0 && rollout;
    }, 'the canary has it');
    world.channel.publish('stable', NEW);
    await until(async () => (await latestOf(world, 'release'))?.state === 'paused', 'an operator is asked');
    const asked = await latestOf(world, 'release');

    await until(
      async () => (await rollouts()).find(({ id }) => id === between.id)?.state === 'completed',
      'the one between has ended',
    );
    for (let check = 0; check < 2; check += 1) {
      await world.http('/api/releases/check', { method: 'POST' });
    }

    expect(await latestOf(world, 'release')).toMatchObject({ id: asked?.id, state: 'paused' });
    await withVersion(world, names, BETWEEN);
    await world.http(`/api/rollouts/${asked?.id}/resume`, { method: 'POST', body: { reason: 'go on' } });
    await withVersion(world, names, NEW);
  });
});

describe('a target that is skipped', () => {
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', NEW);
    await opened.addNamespace('first', { annotations: { 'skipper.fiaas.io/canary': 'true' } });
    await opened.addNamespaces('team', 2);
    await opened.startStandalone({
      flags: {
        'rollout-policy': await writeInto(opened, 'skip.yaml', POLICY.replace('SOAK', '5s')),
        'disable-autoupdate': false,
        'release-check-interval': 1,
      },
    });
  });

  test('gets the release only after the rollout has ended', async () => {
    const { id } = await until(() => latestOf(world, 'release'), 'the rollout has begun');
    const body = { reason: 'its owners are on leave', namespaces: ['team-1'] };
    expect((await world.http(`/api/rollouts/${id}/skip`, { method: 'POST', body })).status).toBe(200);
    await withVersion(world, ['team-2'], NEW);

    const { rollouts } = (await world.http('/api/rollouts')).body;
    expect(rollouts.map((each: Rollout) => each.id)).toEqual([id]);
    expect(await versionOf(world, 'team-1')).toBeUndefined();

    await withVersion(world, ['team-1'], NEW);
    expect((await world.rollout(id)).state).toBe('completed');
  });
});
