import { describe, expect, test } from '@jest/globals';
import {
  countActions,
  differencesFrom,
  type PlannedNamespace,
} from '../../../../domain/deploy/server-plan.ts';

const update: PlannedNamespace = {
  namespace: 'team-a',
  action: 'update',
  reason: 'the image differs',
  from: 'v1',
  version: 'v2',
  release: 'abc',
};

describe('differencesFrom', () => {
  test('finds none as long as the same would be done, whatever the API server thinks of it', () => {
    expect(differencesFrom([{ ...update, denied: 'no' }], [update])).toEqual([]);
  });

  test.each([
    ['another action', { action: 'unchanged' }, 'unchanged v1 to v2 (release abc)'],
    ['another version that runs there', { from: 'v3' }, 'update v3 to v2 (release abc)'],
    ['another release of the same version', { release: 'def' }, 'update v1 to v2 (release def)'],
    [
      'nothing to deploy any more',
      { action: 'refuse', reason: 'config error', version: undefined },
      'refuse: config error',
    ],
  ])('names %s', (_what, change, now) => {
    expect(differencesFrom([update], [{ ...update, ...change }])).toEqual([
      { namespace: 'team-a', planned: 'update v1 to v2 (release abc)', now },
    ]);
  });

  test('names namespaces that came and went', () => {
    const other = { ...update, namespace: 'team-b', from: '' };

    expect(differencesFrom([update], [other])).toEqual([
      { namespace: 'team-a', planned: 'update v1 to v2 (release abc)', now: 'not in the plan' },
      { namespace: 'team-b', planned: 'not in the plan', now: 'update nothing to v2 (release abc)' },
    ]);
  });
});

test('countActions counts what was denied separately', () => {
  expect(countActions([update, { ...update, denied: 'quota' }, { ...update, action: 'unchanged' }])).toEqual({
    update: 1,
    denied: 1,
    unchanged: 1,
  });
});
