import { describe, expect, test } from '@jest/globals';
import {
  afterFailure,
  type Failure,
  type FailurePolicy,
  MAX_THROTTLED,
  mayBeOutage,
  SHORTEST_WAIT_MS,
} from '../../../../domain/deploy/after-failure.ts';
import { ERROR_CODES, type ErrorCode } from '../../../../domain/errors.ts';

const POLICY: FailurePolicy = {
  maxAttempts: 3,
  backoff: { baseMs: 1_000, capMs: 60_000 },
  random: () => 0.5,
};
const FIRST = { attempt: 1, throttled: 0, lost: 0 };
/** Codes whose reaction does not follow from their class. */
const SPECIAL: Partial<Record<ErrorCode, string>> = {
  shutting_down: 'hand-over',
  superseded_worker: 'abandon',
  redis_unavailable: 'abandon',
};
const BY_CLASS = { permanent: 'fail', retryable: 'retry', skipped: 'skip' } as const;
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

function aFailure(code: ErrorCode, retryAfterMs?: number): Failure {
  return { code, errorClass: ERROR_CODES[code], retryAfterMs };
}

describe('afterFailure', () => {
  test.each(CODES.map((code) => [code, SPECIAL[code] ?? BY_CLASS[ERROR_CODES[code]]] as const))(
    '%s in a first attempt leads to %s',
    (code, kind) => {
      expect(afterFailure(aFailure(code), FIRST, POLICY).kind).toBe(kind);
    },
  );

  test('an unclassified error is retried', () => {
    expect(afterFailure({ code: 'unexpected', errorClass: 'retryable' }, FIRST, POLICY).kind).toBe('retry');
  });

  test.each(
    CODES.map(
      (code) => [code, SPECIAL[code] ?? (ERROR_CODES[code] === 'skipped' ? 'skip' : 'fail')] as const,
    ),
  )('%s in the last attempt leads to %s', (code, kind) => {
    const last = { attempt: POLICY.maxAttempts, throttled: MAX_THROTTLED, lost: 0 };

    expect(afterFailure(aFailure(code), last, POLICY).kind).toBe(kind);
  });

  test.each([
    [2, 0, 'retry'],
    [3, 0, 'fail'],
    [3, 1, 'retry'],
  ])(
    'attempt %d, of which %d lost their worker, that somebody changed back leads to %s',
    (attempt, lost, kind) => {
      const policy = { ...POLICY, maxAttempts: 8 };

      expect(afterFailure(aFailure('changed_by_others'), { attempt, throttled: 0, lost }, policy).kind).toBe(
        kind,
      );
    },
  );

  test.each([
    [1, 0, 'retry'],
    [2, 0, 'retry'],
    [3, 0, 'fail'],
    [4, 0, 'fail'],
  ])('attempt %d, throttled %d times, that fails with a conflict leads to %s', (attempt, throttled, kind) => {
    expect(afterFailure(aFailure('conflict'), { attempt, throttled, lost: 0 }, POLICY).kind).toBe(kind);
  });

  test.each([
    [1, 0, { kind: 'retry', throttled: true }],
    [3, MAX_THROTTLED - 1, { kind: 'retry', throttled: true }],
    [1, MAX_THROTTLED, { kind: 'retry', throttled: false }],
    [3, MAX_THROTTLED, { kind: 'fail' }],
  ])(
    'attempt %d that was throttled %d times before leads, throttled again, to %j',
    (attempt, throttled, decision) => {
      expect(afterFailure(aFailure('rate_limited'), { attempt, throttled, lost: 0 }, POLICY)).toMatchObject(
        decision,
      );
    },
  );

  test('only "too many requests" does not count as an attempt', () => {
    const retried = CODES.map((code) => [code, afterFailure(aFailure(code), FIRST, POLICY)] as const);
    const uncounted = retried.filter(([, decision]) => decision.kind === 'retry' && decision.throttled);

    expect(uncounted.map(([code]) => code)).toEqual(['rate_limited']);
  });

  const LAST = { attempt: POLICY.maxAttempts, throttled: MAX_THROTTLED, lost: 0 };
  const DUE_TO_AN_OUTAGE = [
    'progress_deadline',
    'bootstrap_failed',
    'unauthorized',
    'cluster_unavailable',
    'bootstrap_pod_stuck',
  ];

  test('while the API server is unreachable, failures that the outage can explain lead to a rest, even in the last attempt', () => {
    const kinds = CODES.map((code) => {
      const failure = { ...aFailure(code), isClusterAway: true };
      return [code, afterFailure(failure, LAST, POLICY).kind] as const;
    });

    expect(kinds.filter(([, kind]) => kind === 'rest').map(([code]) => code)).toEqual(
      CODES.filter((code) => DUE_TO_AN_OUTAGE.includes(code)),
    );
    expect(CODES.filter(mayBeOutage)).toEqual(CODES.filter((code) => DUE_TO_AN_OUTAGE.includes(code)));
  });

  test.each([
    [0, 2_000],
    [0.5, 6_000],
    [1, 10_000],
  ])('namespaces resume after a rest, spread over eight seconds (jitter %d)', (random, delayMs) => {
    const failure = { ...aFailure('cluster_unavailable'), isClusterAway: true };

    expect(afterFailure(failure, LAST, { ...POLICY, random: () => random })).toEqual({
      kind: 'rest',
      delayMs,
    });
  });

  test('an attempt that lost its worker or Redis does not count', () => {
    const attempt = POLICY.maxAttempts + 1;

    expect(afterFailure(aFailure('conflict'), { attempt, throttled: 0, lost: 2 }, POLICY).kind).toBe('retry');
    expect(afterFailure(aFailure('conflict'), { attempt, throttled: 0, lost: 1 }, POLICY).kind).toBe('fail');
  });

  describe('waits before the next attempt', () => {
    function delayAfter(failure: Failure, run = FIRST, random = 0.5): number | undefined {
      const decision = afterFailure(failure, run, { ...POLICY, maxAttempts: 20, random: () => random });
      return decision.kind === 'retry' ? decision.delayMs : undefined;
    }

    test.each([
      [1, 500],
      [2, 1_000],
      [3, 2_000],
      [10, 30_000],
    ])('after attempt %d: with jitter, twice as long as before, up to the cap', (attempt, delayMs) => {
      expect(delayAfter(aFailure('conflict'), { attempt, throttled: 0, lost: 0 })).toBe(delayMs);
    });

    test('by the number of throttled attempts, not by the attempt', () => {
      expect(delayAfter(aFailure('rate_limited'), { attempt: 1, throttled: 3, lost: 0 })).toBe(4_000);
      expect(delayAfter(aFailure('rate_limited'), { attempt: 5, throttled: 0, lost: 0 })).toBe(500);
    });

    test('never less than the shortest wait', () => {
      expect(delayAfter(aFailure('conflict'), FIRST, 0)).toBe(SHORTEST_WAIT_MS);
    });

    test.each([
      [0, 7_000],
      [0.5, 7_500],
      [0.999, 7_999],
    ])('not less than Retry-After; jitter of %d spreads it over a second', (random, delayMs) => {
      expect(delayAfter(aFailure('rate_limited', 7_000), FIRST, random)).toBe(delayMs);
      expect(delayAfter(aFailure('cluster_unavailable', 7_000), FIRST, random)).toBe(delayMs);
    });

    test('longer than Retry-After if the backoff is longer', () => {
      expect(delayAfter(aFailure('conflict', 100), { attempt: 6, throttled: 0, lost: 0 })).toBe(16_000);
    });
  });
});
