import { expect, test } from '@jest/globals';
import { NEW, OLD } from '../support/published.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';
import type { Rollout } from '../support/world-requests.ts';

/** The defaults, except that nobody waits for a minute. */
const POLICY = 'release: {type: Progressive, minSuccessTime: 2s}\n';
const COUNT = 200;
const THIRD = '20190206110218-449abc6';

const world = useWorld({ openTimeoutMs: 240_000 }, async (opened) => {
  opened.channel.publish('stable', OLD);
  await Promise.all(
    Array.from({ length: COUNT }, (_, index) => opened.addNamespace(`team-${index + 1}`, { fdd: THIRD })),
  );
  const policy = await writeInto(opened, 'policy.yaml', POLICY);
  const flags = { 'rollout-policy': policy, 'disable-autoupdate': false, 'release-check-interval': 2 };
  await opened.startApi({ flags: { 'rollout-policy': policy } });
  await opened.startWorker({ flags });
  await opened.startWorker({ flags });
});

async function latest(): Promise<Rollout> {
  const { rollouts } = (await world.http('/api/rollouts?trigger=release&limit=1')).body;
  return rollouts[0];
}

/** The latest rollout once it is completed; the error says why it is not. */
function completed(isMeant: (id: string) => boolean, what: string): Promise<Rollout> {
  const read = async () => {
    const rollout = await latest();
    if (isMeant(rollout.id) && rollout.state === 'completed') return rollout;
    throw new Error(
      `${rollout.id} is ${rollout.state}: ${rollout.because}; ${JSON.stringify(rollout.counts)}`,
    );
  };
  return until(read, what, 400_000);
}

async function written(version: string): Promise<number> {
  const images = await Promise.all(
    Array.from({ length: COUNT }, async (_, index) => {
      const application = await world.application(`team-${index + 1}`);
      return application?.spec.image as string | undefined;
    }),
  );
  return images.filter((image) => image?.endsWith(`:${version}`)).length;
}

test('of 200 namespaces, a release that crash-loops changes one; a good one reaches all', async () => {
  await completed(() => true, 'all are deployed once');
  for (let index = 1; index <= COUNT; index += 1) {
    world.fdds.misbehaviour.set(`team-${index}`, { kind: 'crash-loop' }, { version: NEW });
  }
  const before = (await latest()).id;
  world.channel.publish('stable', NEW);
  const paused = await until(async () => {
    const rollout = await latest();
    return rollout.id !== before && rollout.state === 'paused' && rollout;
  }, 'the bad release is paused');

  expect(paused.counts).toMatchObject({ failed: 1, pending: COUNT - 1 });
  expect(await written(NEW)).toBe(1);

  world.channel.publish('stable', THIRD);
  const good = await completed((id) => id !== paused.id, 'the good release reaches all');

  const { targets } = await world.rollout(good.id);
  // On a busy machine an FDD can be unavailable for a moment while it soaks: the budget of the release pays for that.
  expect(targets.filter(({ state, code }) => state !== 'completed' && code !== 'fell_back')).toEqual([]);
  expect(targets).toHaveLength(COUNT);
  expect(await written(THIRD)).toBe(COUNT);
  expect((await world.http(`/api/rollouts/${paused.id}`)).body.state).toMatch(/superseded|failed/);
}, 1_000_000);
