import { expect, test } from '@jest/globals';
import { recoverState } from '../../domain/deploy/recover-state.ts';
import { contentDigest } from '../../domain/release/content-digest.ts';
import type { Repair } from '../../domain/rollout/repair.ts';
import { openDesiredState } from '../../shared/state/desired-state.ts';
import { restoreCommands } from '../../shared/state/restore-commands.ts';
import { anApplication, aRelease, aRollout, aSnapshot, OUR_ID } from '../support/builders.ts';
import { useRedis } from '../support/use-redis.ts';

const own = useRedis();
const NOW = Date.now();

test('a step of healing that was written is continued as what it was', async () => {
  const repair: Repair = { means: 'bootstrap', rule: 'unreported', evidence: 'never taken up' };
  const release = aRelease();
  const rollout = aRollout({ id: '20261129-080000-aaaaaaaa', trigger: 'heal', createdAt: NOW });
  const origin = { rolloutId: rollout.id, generation: 4, release: 'key', content: contentDigest(release) };
  const recovered = recoverState({
    snapshots: [
      aSnapshot({
        namespace: 'a',
        application: anApplication({ ...release, deploymentId: OUR_ID, writtenAt: NOW, origin }),
      }),
    ],
    copy: {
      savedAt: NOW,
      isOld: false,
      leftOut: [],
      releases: new Map(),
      rollouts: [
        {
          rollout,
          status: {
            state: 'running',
            reason: '',
            because: '',
            changedAt: NOW,
            failures: [],
            revision: 1,
            seq: 0,
          },
          targets: new Map([['a', { state: 'running' }]]),
          plans: new Map([
            [
              'a',
              {
                wave: 0,
                order: 0,
                because: '',
                release: 'key',
                version: release.version,
                channel: 'stable',
                repair,
              },
            ],
          ]),
          events: [],
        },
      ],
    },
    now: NOW,
    overdueBefore: NOW - 60_000,
  });
  const state = openDesiredState(own.redis, '{restored}');
  await state.claimRebuild('token');
  const commands = restoreCommands(recovered, { now: NOW, rolloutTtlSeconds: 60 });
  await state.restore('token', commands);
  await state.openEpoch('token', { id: 'rebuilt', at: NOW });

  const lease = { token: 'lease', leaseMs: 60_000, inFlight: { ttlMs: 60_000 } };
  expect(await state.begin('a', 'a.4', lease)).toMatchObject({
    kind: 'run',
    run: { generation: 4, trigger: 'heal', repair, appliedAt: NOW },
  });
});
