import { describe, expect, test } from '@jest/globals';
import { NEW, OLD } from '../support/published.ts';
import { useWorld, type World, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Rollout } from '../support/world-requests.ts';

const PROGRESSIVE = `release: {type: Progressive, canary: 1, waves: [50%, 100%], minSuccessTime: 1s, maxConcurrency: 2}
api: {type: All}
`;

/** Starts a Skipper that follows the release channels, with this policy. */
async function startFollowing(world: World): Promise<void> {
  const policy = await writeInto(world, 'progressive.yaml', PROGRESSIVE);
  await world.startStandalone({
    flags: { 'rollout-policy': policy, 'disable-autoupdate': false, 'release-check-interval': 1 },
  });
}

async function latestOf(world: World, trigger: string): Promise<Rollout | undefined> {
  const { rollouts } = (await world.http('/api/rollouts')).body;
  return rollouts.find((each: Rollout) => each.trigger === trigger);
}

async function inState(world: World, state: string): Promise<Rollout> {
  return until(async () => {
    const rollout = await latestOf(world, 'release');
    return rollout?.state === state && rollout;
  }, `the rollout is ${state}`);
}

function metricIs(world: World, name: string, expected: number): Promise<unknown> {
  return until(async () => (await metric(world, name)) === expected, `${name} is ${expected}`);
}

async function metric(world: World, name: string): Promise<number> {
  const lines: string[] = (await world.http('/_/metrics')).text.split('\n');
  return Number(
    lines
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1),
  );
}

/** The versions that the namespaces' Applications specify. */
async function versionsOf(world: World, namespaces: readonly string[]): Promise<string[]> {
  const applications = await Promise.all(namespaces.map((each) => world.application(each)));
  return applications.map((application) => application?.spec.image.split(':').at(-1));
}

describe('a release', () => {
  const world = useWorld({}, async (opened) => {
    opened.channel.publish('stable', OLD);
    await startFollowing(opened);
  });
  let names: string[] = [];

  test('reaches all namespaces in waves', async () => {
    names = await world.addNamespaces('team', 5);
    await until(
      async () => (await versionsOf(world, names)).every((version) => version === OLD),
      'all have the release',
    );

    const rollout = await inState(world, 'completed');
    expect(rollout.stateReason).toMatch(/^all targets have ended: \d completed$/);
  });

  test('that crash-loops is written to its canary and to nobody else', async () => {
    for (const name of names) world.fdds.misbehaviour.set(name, { kind: 'crash-loop' }, { version: NEW });
    world.channel.publish('stable', NEW);

    const paused = await inState(world, 'paused');

    expect(paused.stateReason).toMatch(/^1 target of the canary failed: .*Nothing new is admitted/);
    expect(paused.counts).toMatchObject({ failed: 1, pending: 4 });
    expect((await versionsOf(world, names)).filter((version) => version === NEW)).toHaveLength(1);
  });

  test('is measured: paused rollouts, ended ones, and the time until each namespace has it', async () => {
    await metricIs(world, 'skipper_rollouts{state="paused"}', 1);
    const { id } = await inState(world, 'paused');
    for (const name of names) world.fdds.misbehaviour.clear(name);

    await world.http(`/api/rollouts/${id}/retry`, { method: 'POST', body: { reason: 'corrected' } });
    await inState(world, 'completed');

    await metricIs(world, 'skipper_adoption_lag_seconds_count', names.length);
    await metricIs(world, 'skipper_rollouts{state="paused"}', 0);
    await until(
      async () => (await metric(world, 'skipper_rollouts_ended_total{state="completed"}')) > 1,
      'the ended rollouts are counted',
    );
    expect(await metric(world, 'skipper_rollout_decisions_total{result="ok"}')).toBeGreaterThan(5);
  });
});
