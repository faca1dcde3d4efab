import { describe, expect, test } from '@jest/globals';
import type { AuditEntry } from '../../../../domain/audit/audit-entry.ts';
import { AUDIT_FAMILIES, fitsFilter, isKnownKind } from '../../../../domain/audit/audit-filter.ts';
import { parseMoment } from '../../../../domain/audit/parse-moment.ts';

const ENTRY: AuditEntry = {
  at: 1,
  kind: 'rollout.paused',
  by: 'jo',
  namespaces: ['a'],
  rolloutId: 'r1',
  reason: '',
  outcome: 'ok',
};

describe('fitsFilter', () => {
  test.each([
    [{}, true],
    [{ kinds: ['rollout.paused'] }, true],
    [{ kinds: ['rollout'] }, true],
    [{ kinds: ['heal', 'rollout'] }, true],
    [{ kinds: ['rollout.failed'] }, false],
    [{ kinds: [] }, false],
    [{ by: 'jo' }, true],
    [{ by: 'j' }, false],
    [{ namespace: 'a' }, true],
    [{ namespace: 'b' }, false],
    [{ rollout: 'r1' }, true],
    [{ rollout: 'r2' }, false],
    [{ outcome: 'ok' as const }, true],
    [{ outcome: 'failed' as const }, false],
    [{ by: 'jo', namespace: 'b' }, false],
  ])('%j: %s', (filter, fits) => {
    expect(fitsFilter(ENTRY, filter)).toBe(fits);
  });

  test.each([
    ['rollout.requested', true],
    ['rollout.paused', true],
    ['plan.carried-out', true],
    ['rollout.skipped', false],
    ['rollout.retried', false],
    ['rollout.joined', false],
    ['namespace.failing', false],
  ] as const)('%s is about every namespace of its rollout: %s', (kind, isAbout) => {
    const fits = (rollouts: string[]) =>
      fitsFilter({ ...ENTRY, kind }, { namespace: 'b' }, new Set(rollouts));

    expect([fits(['r1']), fits(['r2'])]).toEqual([isAbout, false]);
  });

  test('an entry without namespaces is about none', () => {
    expect(fitsFilter({ ...ENTRY, namespaces: undefined }, { namespace: 'a' })).toBe(false);
  });
});

test('kinds and their families are known, nothing else', () => {
  expect(AUDIT_FAMILIES).toContain('heal');
  expect(['rollout.paused', 'rollout', 'roll', 'rollout.', ''].map(isKnownKind)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

describe('parseMoment', () => {
  const now = Date.parse('2026-11-29T08:00:00Z');

  test.each([
    ['2h', '2026-11-29T06:00:00Z'],
    ['90s', '2026-11-29T07:58:30Z'],
    ['7d', '2026-11-22T08:00:00Z'],
    ['2026-11-28', '2026-11-28T00:00:00Z'],
    ['2026-11-28T10:15', '2026-11-28T10:15:00Z'],
    ['2026-11-28T10:15:30+01:00', '2026-11-28T09:15:30Z'],
  ])('%s', (text, expected) => {
    expect(parseMoment(text, now)).toBe(Date.parse(expected));
  });

  test.each(['', '2', '2 h', 'yesterday', '2026-13-01', '-2h', '9999999h'])('not %j', (text) => {
    expect(parseMoment(text, now)).toBeUndefined();
  });
});
