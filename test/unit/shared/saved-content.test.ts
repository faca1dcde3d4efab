import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  decodeSaved,
  encodeSaved,
  MAX_BYTES,
  type SavedContent,
  type SavedRollout,
} from '../../../shared/saved-state/saved-content.ts';
import { aRollout } from '../../support/builders.ts';

function aSavedRollout(id: string, targets: number): SavedRollout {
  const names = Array.from({ length: targets }, (_, index) => `team-${index}`);
  return {
    rollout: aRollout({ id }),
    status: {
      state: 'running',
      reason: '',
      because: '',
      changedAt: 1,
      failures: [],
      revision: 3,
      seq: 2,
    },
    targets: Object.fromEntries(
      names.map((name) => [name, { state: 'pending', reason: randomBytes(50).toString('hex') }]),
    ),
    plans: {},
    events: [{ at: 1, kind: 'created', state: 'pending', by: 'jo', reason: randomBytes(50).toString('hex') }],
  };
}

function aContent(rollouts: SavedRollout[]): SavedContent {
  return {
    format: 1,
    prefix: '{skipper}',
    epoch: 'an-epoch',
    epochAt: 1,
    saves: 1,
    savedAt: 1,
    hashes: { ':holds': { 'team-a': '{"reason":"an audit"}' } },
    texts: {},
    deploysPaused: true,
    rollouts,
    leftOut: [],
    releases: {},
  };
}

describe('the saved copy', () => {
  test('is read as it was written', () => {
    const content = aContent([aSavedRollout('one', 3)]);
    const { data, leftOut } = encodeSaved(content);

    expect(decodeSaved(data)).toEqual(content);
    expect(leftOut).toEqual([]);
  });

  test('leaves out timelines first, then the largest rollouts, and says so', () => {
    const content = aContent([aSavedRollout('small', 10), aSavedRollout('large', 500)]);
    const maxBytes = Buffer.from(encodeSaved(aContent([aSavedRollout('small', 10)])).data, 'base64').length;
    const { data, leftOut } = encodeSaved(content, maxBytes);

    expect(leftOut).toEqual(['the timelines of rollouts', 'rollout large']);
    const { rollouts, hashes, leftOut: ids } = decodeSaved(data);
    expect(ids).toEqual(['large']);
    expect(rollouts.map(({ rollout, events }) => [rollout.id, events])).toEqual([['small', []]]);
    expect(hashes).toEqual(content.hashes);
  });

  test('of a rollout of 10,000 namespaces fits into a ConfigMap', () => {
    const rollout = aSavedRollout('fleet', 0);
    const names = Array.from({ length: 10_000 }, (_, index) => `team-${index}`);
    const because = 'wave 3 of 4: 25% of the fleet';
    const targets = names.map((name, index) => {
      const times = { startedAt: 1_800_000_000_000 + index * 17, finishedAt: 1_800_000_005_000 + index * 23 };
      return [name, { state: 'completed' as const, version: '20220808113256-eef68a8', attempt: 1, ...times }];
    });
    const plans = names.map((name, order) => [
      name,
      {
        wave: 2,
        order,
        because,
        release: '0123456789abcdef',
        version: 'v',
        channel: 'stable',
        admittedAt: order,
      },
    ]);
    const content = aContent([
      { ...rollout, targets: Object.fromEntries(targets), plans: Object.fromEntries(plans) },
    ]);

    const { data, leftOut } = encodeSaved(content);

    expect(leftOut).toEqual([]);
    expect(Buffer.from(data, 'base64').length).toBeLessThan(MAX_BYTES / 2);
  });

  test('that is damaged is an error, not an empty copy', () => {
    expect(() => decodeSaved(Buffer.from('nonsense').toString('base64'))).toThrow();
  });
});
