import { expect, test } from '@jest/globals';
import {
  readableCheckResult,
  readableDecision,
  readableDelivery,
  readableDeployResult,
  readableProgress,
} from '../../../../api/board/readable.ts';

test('progress has the percentage that the board draws, and keeps its fields', () => {
  expect(readableProgress({ phase: 'rolling out', detail: '1 of 2' })).toEqual({
    phase: 'rolling out',
    detail: '1 of 2',
    progress: 75,
  });
});

test.each([0, 'text', null, undefined, { phase: 'unknown' }])('progress %j stays unchanged', (progress) => {
  expect(readableProgress(progress)).toBe(progress);
});

test.each([
  [{ outcome: 'updated', version: '2022', durationMs: 3_140 }, 'updated to 2022 in 3.1 s'],
  [{ outcome: 'bootstrapped', version: '2022', durationMs: 12_000 }, 'bootstrapped with 2022 in 12.0 s'],
  [{ outcome: 'unchanged', version: '2022', durationMs: 9 }, 'unchanged at 2022 in 0.0 s'],
  [{ outcome: 'nothing new' }, 'nothing new was requested'],
  [{ outcome: 'skipped', reason: 'skipped: team-a is gone', rolloutId: 'r' }, 'skipped: team-a is gone'],
])('the result %j is summarized as "%s"', (result, summary) => {
  expect(readableDeployResult(result)).toEqual({ summary, ...result });
});

test.each([null, undefined, 'text', { outcome: 'unknown' }])('the result %j stays unchanged', (result) => {
  expect(readableDeployResult(result)).toBe(result);
});

test.each([
  [{ repaired: 0 }, 'no lost jobs'],
  [{ repaired: 2 }, '2 lost jobs queued again'],
  [
    { channels: [{ channel: 'stable', version: 'v' }], namespaces: 40, outdated: 0, repaired: 0 },
    '1 channels read, 0 of 40 namespaces outdated',
  ],
  [
    {
      channels: [{ channel: 'stable', problem: 'HTTP 500' }, { channel: 'latest' }],
      namespaces: 40,
      outdated: 3,
      rolloutId: '2026-x',
      repaired: 1,
    },
    '2 channels read, 1 with a problem, 3 of 40 namespaces outdated, rollout 2026-x, 1 lost jobs queued again',
  ],
])('the release check %j is summarized as "%s"', (result, summary) => {
  expect(readableCheckResult(result)).toEqual({ summary, ...result });
});

test.each([
  [{ state: 'running', admitted: 2, because: 'wave 1 of 3 begins' }, '2 admitted; wave 1 of 3 begins'],
  [{ state: 'paused', admitted: 0, because: 'the rollout is paused' }, 'the rollout is paused'],
])('the decision %j is summarized as "%s"', (result, summary) => {
  expect(readableDecision(result)).toEqual({ summary, ...result });
});

test.each([
  [{ receiver: 'ops', tries: 1 }, 'delivered'],
  [{ receiver: 'ops', tries: 3 }, 'delivered at try 3'],
])('the delivery %j is summarized as "%s"', (result, summary) => {
  expect(readableDelivery(result)).toEqual({ summary, ...result });
});
