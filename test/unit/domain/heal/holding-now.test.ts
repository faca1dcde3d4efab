import { describe, expect, test } from '@jest/globals';
import type { HealingStatus } from '../../../../domain/heal/healing.ts';
import { holdingNow, quarantinedNow, unjudgedNow } from '../../../../domain/heal/holding-now.ts';
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

type Fields = Partial<HealingStatus> | undefined;

function passOf(status: Fields, findings: readonly Finding[], finishedAt = 0) {
  const record = { lastState: 'completed' as const, finishedAt };
  return { status: status && { ...STATUS, ...status }, healing: { findings }, record };
}

function holding(status: Fields, findings: readonly Finding[], finishedAt = 0) {
  return holdingNow(passOf(status, findings, finishedAt), NOW);
}

function unjudged(status: Fields, findings: readonly Finding[], finishedAt = 0) {
  return unjudgedNow(passOf(status, findings, finishedAt), NOW);
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

describe('unjudgedNow', () => {
  const missing: Finding = { rule: 'crd-missing', since: 1, evidence: 'gone', isFleetWide: true };

  test.each<[string, Fields, string]>([
    ['the latest pass is old', { checkedAt: NOW - 60_001 }, 'no recent pass of healing is known'],
    ['no pass is known', undefined, 'no recent pass of healing is known'],
    ['nothing else is judged', { fleetWide: [missing] }, 'not judged: crd-missing in the whole fleet'],
    [
      'the watches are not up to date',
      { isDeafKnown: false },
      'the watches that find a deaf FDD are off (--deaf-after 0), or not up to date yet',
    ],
  ])('is the rule that held, if %s', (_what, status, why) => {
    expect(unjudged(status, [DEAF])).toEqual({ rule: 'deaf', why });
    expect(holding(status, [DEAF])).toBeUndefined();
  });

  test('is nothing in a namespace in which no rule held, and nothing that the latest pass has judged', () => {
    expect(unjudged({ checkedAt: 1 }, [])).toBeUndefined();
    expect(unjudged({ checkedAt: 1 }, [missing])).toBeUndefined();
    expect(unjudged({}, [DEAF])).toBeUndefined();
    expect(unjudged({ isDeafKnown: false }, [OOM])).toBeUndefined();
  });

  test('is nothing while healing is off, or if a deploy was verified since', () => {
    expect(unjudged({ mode: 'off', checkedAt: 1 }, [DEAF])).toBeUndefined();
    expect(unjudged({ checkedAt: NOW - 60_001 }, [DEAF], NOW - 5_000)).toBeUndefined();
  });
});
