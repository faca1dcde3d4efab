import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Job } from 'bullmq';
import type { DeployJob } from '../../../shared/queues.ts';
import type { DesiredState } from '../../../shared/state/desired-state.ts';
import type { Run } from '../../../shared/state/runs.ts';
import type { Lease } from '../../../worker/leases.ts';
import { openContext } from '../../../worker/open-context.ts';
import { aRelease, NAMESPACE, silentLog } from '../../support/builders.ts';
import { createFakeContext } from '../../support/fake-cluster.ts';
import { createFakePace } from '../../support/fake-runs.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A run that records its reports, each with the milliseconds since its start. */
function open() {
  const began = Date.now();
  const reports: [number, string, string][] = [];
  const progress: unknown[] = [];
  const run = { token: 't', generation: 1, rolloutId: 'r1', release: aRelease(), attempt: 1 } as Run;
  const state = {
    report: async (_namespace: string, _run: Run, { phase, reason }: Record<string, string>) => {
      reports.push([Date.now() - began, phase ?? '', reason ?? '']);
    },
  } as unknown as DesiredState;
  const job = {
    id: 'job-1',
    data: { namespace: NAMESPACE },
    updateProgress: async (reported: unknown) => {
      progress.push(reported);
    },
  } as unknown as Job<DeployJob>;
  const lease: Lease = {
    signal: new AbortController().signal,
    interrupted: new AbortController().signal,
    assertOurs: () => undefined,
    end: () => undefined,
  };
  const context = openContext(job, run, lease, {
    ...createFakeContext().context,
    state,
    stopping: new AbortController().signal,
    log: silentLog,
    settleTime: { forRun: () => 60_000 },
    pace: createFakePace(),
    recheckRepair: async () => undefined,
    waker: { blindMs: () => 0, deadEndMs: () => 0 },
  });
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  return { context, reports, progress, pass };
}

describe('progress', () => {
  test('publishes a phase that lasts, to the desired state and to the job', async () => {
    const { context, reports, progress, pass } = open();

    context.progress('waiting for FDD', 'FDD reported RUNNING');
    await pass(600);

    expect(reports).toEqual([[500, 'waiting for FDD', 'FDD reported RUNNING']]);
    expect(progress).toEqual([{ phase: 'waiting for FDD', detail: 'FDD reported RUNNING' }]);
  });

  test('skips a phase that has already ended', async () => {
    const { context, reports, pass } = open();

    context.progress('applying');
    await pass(300);
    context.progress('rolling out', '0 of 1 available');
    await pass(600);

    expect(reports).toEqual([[500, 'rolling out', '0 of 1 available']]);
  });

  test('publishes changes within a phase at most every two seconds, and only the latest detail', async () => {
    const { context, reports, pass } = open();

    context.progress('rolling out', '0 of 3');
    await pass(600);
    for (const detail of ['1 of 3', '2 of 3', '1 of 3']) {
      context.progress('rolling out', detail);
      await pass(400);
    }
    await pass(1_000);
    context.progress('rolling out', '1 of 3');
    await pass(5_000);

    expect(reports).toEqual([
      [500, 'rolling out', '0 of 3'],
      [2_600, 'rolling out', '1 of 3'],
    ]);
  });

  test('does not delay the next phase because of a pending detail', async () => {
    const { context, reports, pass } = open();

    context.progress('waiting for FDD', 'FDD has not taken the deployment up');
    await pass(600);
    context.progress('waiting for FDD', 'FDD reported RUNNING');
    context.progress('rolling out', '0 of 1 available');
    await pass(600);

    expect(reports.at(-1)).toEqual([1_100, 'rolling out', '0 of 1 available']);
  });

  test('ends with the run', async () => {
    const { context, reports, pass } = open();

    context.progress('applying');
    await context.settle();
    await pass(5_000);

    expect(reports).toEqual([]);
  });
});
