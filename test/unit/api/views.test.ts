import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { rolloutView, statusRow } from '../../../api/views.ts';
import { statusOf } from '../../../domain/cluster/status.ts';
import type { NamespaceRecord } from '../../../domain/rollout/namespace-record.ts';
import type { RolloutTarget } from '../../../domain/rollout/rollout.ts';
import { aRollout, aSettledSnapshot } from '../../support/builders.ts';

const NOW = 1_700_000_000_000;

beforeEach(() => {
  jest.useFakeTimers({ now: NOW });
});
afterEach(() => {
  jest.useRealTimers();
});

function reasonOfRecord(record: Partial<NamespaceRecord>): string | undefined {
  return statusRow(statusOf(aSettledSnapshot()), record as NamespaceRecord).reason;
}

function reasonOfTarget(target: RolloutTarget): string | undefined {
  return rolloutView(aRollout(), new Map([['a', target]]), '').targets[0]?.reason;
}

describe('a failed attempt that is retried', () => {
  const retried = { attempt: 2, reason: 'no answer', retryAt: NOW + 4_200 };
  const sentence = 'attempt 2 failed (conflict): no answer; next in 4.2 s';

  test('is a sentence in a status', () => {
    expect(reasonOfRecord({ ...retried, phase: 'backoff', lastCode: 'conflict' })).toBe(sentence);
  });

  test('is a sentence in a rollout', () => {
    expect(reasonOfTarget({ ...retried, state: 'running', code: 'conflict' })).toBe(sentence);
  });
});

test('any other reason is shown as recorded', () => {
  expect(
    reasonOfRecord({ phase: 'waiting for FDD', reason: 'FDD reported RUNNING', lastCode: 'conflict' }),
  ).toBe('FDD reported RUNNING');
  expect(reasonOfTarget({ state: 'failed', reason: 'no answer', code: 'conflict', attempt: 3 })).toBe(
    'no answer',
  );
  expect(reasonOfTarget({ state: 'running', attempt: 1 })).toBe('');
});
