import { describe, expect, test } from '@jest/globals';
import { reviewTarget } from '../../../../domain/deploy/review-target.ts';
import { invalid, ok } from '../../../../domain/release/result.ts';
import { aConfig } from '../../../support/builders.ts';

const plan = { wave: 1, order: 3, because: 'wave 2 of 4', release: 'abc', version: 'v2', channel: 'stable' };

describe('reviewTarget', () => {
  test('admits a namespace that still follows its channel, or whose release is not from a channel', () => {
    expect(reviewTarget(plan, ok(aConfig({ tag: 'stable' })), [plan])).toEqual({ kind: 'admit' });
    expect(reviewTarget({ ...plan, channel: '' }, ok(aConfig({ tag: 'any' })), [])).toEqual({
      kind: 'admit',
    });
  });

  test('takes the release of the channel that the namespace follows now, if the rollout has it', () => {
    const latest = { ...plan, channel: 'latest', release: 'def', version: 'v3' };

    expect(reviewTarget(plan, ok(aConfig({ tag: 'latest' })), [plan, latest])).toEqual({
      kind: 'adapt',
      plan: { ...latest, because: 'wave 2 of 4; follows channel "latest" now' },
    });
  });

  test('lets a namespace leave that follows a channel which the rollout does not have', () => {
    expect(reviewTarget(plan, ok(aConfig({ tag: 'latest' })), [plan])).toMatchObject({
      kind: 'leave',
      state: 'cancelled',
      reason: expect.stringContaining('channel "latest"'),
    });
  });

  test('lets a namespace leave that is gone, and fails one whose configuration is wrong', () => {
    expect(reviewTarget(plan, undefined, [plan])).toMatchObject({ kind: 'leave', code: 'namespace_gone' });
    expect(reviewTarget(plan, invalid('tag is missing'), [plan])).toEqual({
      kind: 'leave',
      state: 'failed',
      code: 'config_error',
      reason: 'tag is missing',
    });
  });
});
