import { describe, expect, test } from '@jest/globals';
import type { HealingStatus } from '../../../../domain/heal/healing.ts';
import { holdingNow, quarantinedNow } from '../../../../domain/heal/holding-now.ts';
import type { Finding } from '../../../../domain/heal/rule.ts';

const NOW = 1_000_000;
const STATUS: HealingStatus = {
  mode: 'report',
  checkedAt: NOW - 10_000,
  intervalSeconds: 15,
  fleet: 10,
  sick: 1,
  rules: { deaf: 1 },
  isDeafKnown: true,
  cap: { limit: 5, used: 0 },
};
const DEAF: Finding = { rule: 'deaf', since: 1, evidence: 'no ApplicationStatus within 300 s' };
const OOM: Finding = { rule: 'oom', since: 1, evidence: 'killed' };

function holding(status: Partial<HealingStatus> | undefined, findings: readonly Finding[], finishedAt = 0) {
  const record = { lastState: 'completed' as const, finishedAt };
  return holdingNow({ status: status && { ...STATUS, ...status }, healing: { findings }, record }, NOW);
}

describe('quarantinedNow', () => {
  const quarantine = { since: 1, rule: 'deaf', reason: 'it is still deaf', evidence: '', cause: '' } as const;
  const inQuarantine = (status: Partial<HealingStatus>, finishedAt = 0) =>
    quarantinedNow({
      status: { ...STATUS, ...status },
      healing: { findings: [], quarantine },
      record: { lastState: 'completed', finishedAt },
    });

  test('is what healing has given up, also if its latest pass is old', () => {
    expect(inQuarantine({})).toBe(quarantine);
    expect(inQuarantine({ checkedAt: 1 })).toBe(quarantine);
  });

  test('is nothing while healing is off, or if a deploy was verified since', () => {
    expect(inQuarantine({ mode: 'off' })).toBeUndefined();
    expect(inQuarantine({}, NOW - 5_000)).toBeUndefined();
  });
});

describe('holdingNow', () => {
  test('is the first rule that a recent pass has found, in every mode that checks', () => {
    expect(holding({}, [OOM, DEAF])).toBe(OOM);
    expect(holding({ mode: 'on' }, [DEAF])).toBe(DEAF);
    expect(holding({}, [])).toBeUndefined();
  });

  test('is nothing without a recent pass', () => {
    expect(holding(undefined, [DEAF])).toBeUndefined();
    expect(holding({ checkedAt: NOW - 60_001 }, [DEAF])).toBeUndefined();
    expect(holding({ mode: 'off' }, [DEAF])).toBeUndefined();
  });

  test('leaves out what the pass could not judge, and what is wrong in the whole fleet', () => {
    expect(holding({ isDeafKnown: false }, [DEAF])).toBeUndefined();
    expect(holding({}, [{ ...OOM, rule: 'rights-missing', isFleetWide: true }])).toBeUndefined();
  });

  test('believes a deploy that was verified after the pass', () => {
    expect(holding({}, [DEAF], NOW - 5_000)).toBeUndefined();
    expect(holding({}, [DEAF], NOW - 20_000)).toBe(DEAF);
  });
});
