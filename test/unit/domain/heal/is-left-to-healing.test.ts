import { describe, expect, test } from '@jest/globals';
import type { HealingStatus, NamespaceHealing } from '../../../../domain/heal/healing.ts';
import {
  isHealing,
  isLeftToHealing,
  type OutdatedNamespace,
} from '../../../../domain/heal/is-left-to-healing.ts';
import { aFinding, NOW } from '../../../support/healing-builders.ts';

const record = { release: 'one', handledRelease: 'one', lastState: 'completed' };
const failed = { ...record, lastState: 'failed' };
const sick: NamespaceHealing = {
  state: 'waiting',
  reason: '',
  findings: [aFinding('crash-loop')],
  since: NOW,
  steps: [],
};
const parked: NamespaceHealing = {
  ...sick,
  state: 'quarantined',
  quarantine: { since: NOW, rule: 'crash-loop', reason: '', evidence: '', cause: '' },
};

describe('the release check leaves to healing', () => {
  test.each<[string, Partial<OutdatedNamespace>, boolean]>([
    ['a release that was deployed before', {}, true],
    ['not a new release', { release: 'two' }, false],
    ['not a changed configuration', { isReconfigured: true }, false],
    ['not what was never deployed', { record: undefined }, false],
    ['not a deploy that failed where nothing is wrong', { record: failed }, false],
    ['a deploy that failed where something is wrong', { record: failed, healing: sick }, true],
    ['what is in quarantine', { record: failed, healing: parked }, true],
    ['not a release that is new to what is in quarantine', { release: 'two', healing: parked }, false],
    [
      'what is in quarantine, also before its release was handled',
      {
        record: { ...failed, release: 'two' },
        release: 'two',
        healing: parked,
      },
      true,
    ],
  ])('%s', (_what, overrides, expected) => {
    const outdated = { healing: undefined, record, release: 'one', isReconfigured: false, ...overrides };

    expect(isLeftToHealing(outdated)).toBe(expected);
  });
});

describe('healing repairs', () => {
  const status = { mode: 'on', checkedAt: NOW, intervalSeconds: 15 } as HealingStatus;

  test('only if it is on, and makes its passes', () => {
    expect(isHealing('on', status, NOW + 15_000)).toBe(true);
    expect(isHealing('report', status, NOW)).toBe(false);
    expect(isHealing('on', { ...status, mode: 'report' }, NOW)).toBe(false);
    expect(isHealing('on', status, NOW + 3_600_000)).toBe(false);
    expect(isHealing('on', undefined, NOW)).toBe(false);
  });
});
