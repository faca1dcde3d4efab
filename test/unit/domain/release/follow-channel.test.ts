import { describe, expect, test } from '@jest/globals';
import { type ChannelPast, followChannel } from '../../../../domain/release/follow-channel.ts';

const v1 = { key: 'k1', version: 'v1', updated: '2026-11-01T00:00:00Z' };
const v2 = { key: 'k2', version: 'v2', updated: '2026-11-02T00:00:00Z' };
const v3 = { key: 'k3', version: 'v3', updated: '2026-11-03T00:00:00Z' };

function past(...followed: ChannelPast['followed']): ChannelPast {
  return { followed };
}

describe('followChannel', () => {
  test.each([
    ['the first release that is seen', undefined, v2, past(v2)],
    ['the same release', past(v2, v1), v2, past(v2, v1)],
    ['a newer one', past(v2, v1), v3, past(v3, v2, v1)],
    [
      'the same version with another spec',
      past(v2, v1),
      { ...v2, key: 'k2b' },
      past({ ...v2, key: 'k2b' }, v2, v1),
    ],
    [
      'another one without times',
      past({ key: 'k2', version: 'v2' }),
      { key: 'k3', version: 'v3' },
      past({ key: 'k3', version: 'v3' }, { key: 'k2', version: 'v2' }),
    ],
  ])('follows %s', (_what, known, release, expected) => {
    expect(followChannel(known, release, false)).toEqual({ kind: 'follow', past: expected });
  });

  test.each([
    ['is older', past(v3), v2],
    ['was replaced before, although it was published again', past(v2, v1), { ...v1, updated: v3.updated }],
  ])('does not follow one that %s, unless it is allowed', (_what, known, release) => {
    expect(followChannel(known, release, false)).toEqual({
      kind: 'backwards',
      from: known.followed[0]?.version,
    });
    expect(followChannel(known, release, true)).toMatchObject({
      kind: 'follow',
      past: { followed: [release, known.followed[0]] },
    });
  });

  test('remembers a limited number of releases', () => {
    let known: ChannelPast | undefined;
    for (let index = 0; index < 100; index += 1) {
      const following = followChannel(known, { key: `k${index}`, version: `v${index}` }, false);
      known = following.kind === 'follow' ? following.past : known;
    }

    expect(known?.followed).toHaveLength(20);
  });
});
