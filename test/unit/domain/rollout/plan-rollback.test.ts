import { describe, expect, test } from '@jest/globals';
import { planRollback, type RollbackCandidate } from '../../../../domain/rollout/plan-rollback.ts';

const VERSIONS = new Map([
  ['bad', 'v3'],
  ['good', 'v2'],
  ['older', 'v1'],
]);

function aCandidate(overrides: Partial<RollbackCandidate> = {}): RollbackCandidate {
  return {
    namespace: 'team-a',
    isNamed: false,
    isInFleet: true,
    isAdmitted: true,
    isUnchanged: false,
    release: 'bad',
    wanted: 'bad',
    earlier: ['good', 'bad', 'good', 'older'],
    ...overrides,
  };
}

function plan(candidate: RollbackCandidate, to?: string) {
  return planRollback([candidate], { id: 'r1', to, versions: VERSIONS });
}

describe('planRollback', () => {
  test.each([
    ['the best earlier release', {}, undefined, 'good'],
    ['never the release that is taken back', { earlier: ['bad', 'older'] }, undefined, 'older'],
    ['a release that is still stored', { earlier: ['expired', 'older'] }, undefined, 'older'],
    ['the named version', {}, 'v1', 'older'],
    ['the named version, also if the rollout changed no release', { isUnchanged: true }, 'v1', 'older'],
    [
      'an earlier release where nothing is known about the wanted one',
      { wanted: undefined },
      undefined,
      'good',
    ],
    [
      'an earlier release of a named target that was changed since',
      { isNamed: true, wanted: 'x' },
      undefined,
      'good',
    ],
  ])('returns to %s', (_what, overrides, to, release) => {
    expect(plan(aCandidate(overrides), to)).toEqual([{ kind: 'return', namespace: 'team-a', release }]);
  });

  test.each([
    [
      'no earlier release is known',
      { earlier: ['bad'] },
      undefined,
      /^no earlier verified release is known$/,
    ],
    ['the version is not known', {}, 'v9', /with version v9 is known$/],
    ['the version is the one that is taken back', {}, 'v3', /with version v3 is known$/],
    [
      'another release was requested since',
      { wanted: 'good' },
      undefined,
      /another release was requested .* r1/,
    ],
    [
      'its release has not changed',
      { isUnchanged: true },
      undefined,
      /^rollout r1 has not changed its release/,
    ],
    ['it has left the fleet', { isInFleet: false }, undefined, /^it is not a FIAAS namespace any more$/],
    [
      'it is named, but was not reached',
      { isNamed: true, isAdmitted: false },
      undefined,
      /r1 has not reached it/,
    ],
  ])('leaves a target alone if %s', (_what, overrides, to, reason) => {
    expect(plan(aCandidate(overrides), to)).toEqual([
      { kind: 'leave', namespace: 'team-a', reason: expect.stringMatching(reason) },
    ]);
  });

  test('leaves out what the rollout has not reached', () => {
    expect(plan(aCandidate({ isAdmitted: false }))).toEqual([]);
  });
});
