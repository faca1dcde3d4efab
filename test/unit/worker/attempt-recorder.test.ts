import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Run } from '../../../shared/state/runs.ts';
import { startAttemptRecorder } from '../../../worker/attempt-recorder.ts';
import { aRelease } from '../../support/builders.ts';
import { aBootstrap } from '../../support/details-builders.ts';

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000 });
});
afterEach(() => {
  jest.useRealTimers();
});

const run = {
  rolloutId: 'r1',
  generation: 3,
  attempt: 2,
  trigger: 'api',
  requestedBy: '::1',
  release: aRelease({ version: 'v1' }),
  startedAt: 1,
} as Run;

describe('startAttemptRecorder', () => {
  test('builds an attempt from its run, its steps and its end', () => {
    const recorder = startAttemptRecorder(run, 'job-1');
    recorder.begin('plan', 'decides');
    jest.advanceTimersByTime(40);

    const { attempt, bootstrap } = recorder.ending('retrying', {
      code: 'conflict',
      reason: 'somebody else wrote it',
      retryDelayMs: 5,
    });

    expect(attempt).toEqual({
      rolloutId: 'r1',
      generation: 3,
      attempt: 2,
      jobId: 'job-1',
      trigger: 'api',
      requestedBy: '::1',
      version: 'v1',
      startedAt: 1_000,
      endedAt: 1_040,
      end: 'retrying',
      code: 'conflict',
      reason: 'somebody else wrote it',
      details: [],
      steps: [{ kind: 'plan', text: 'decides', at: 0, ms: 40 }],
      retryDelayMs: 5,
      times: 1,
      firstStartedAt: 1_000,
    });
    expect(bootstrap).toBeUndefined();
  });

  test('returns the bootstrap pod that it received', () => {
    const recorder = startAttemptRecorder(run, 'job-1');
    const details = aBootstrap();

    recorder.keepBootstrap(details);

    expect(recorder.ending('completed', { reason: '' }).bootstrap).toEqual(details);
  });
});
