import { expect, test } from '@jest/globals';
import { createWorkerEar } from '../../../../api/fleet-view/hear-workers.ts';

const beats = (...entries: readonly (readonly [string, string])[]) => new Map(entries);

test('counts workers whose heartbeats change, and forgets silent ones', () => {
  const hear = createWorkerEar();

  expect(hear(beats(['a', '1'], ['b', '1']), 0)).toBe(2);
  expect(hear(beats(['a', '2'], ['b', '1']), 14_000)).toBe(2);
  expect(hear(beats(['a', '3'], ['b', '1']), 15_000)).toBe(1);
  expect(hear(beats(['a', '3'], ['b', '2']), 20_000)).toBe(2);
});

test('a Redis that has lost the heartbeats makes no worker silent at once', () => {
  const hear = createWorkerEar();
  hear(beats(['a', '1']), 0);

  expect(hear(beats(), 14_000)).toBe(1);
  expect(hear(beats(), 15_000)).toBe(0);
  expect(hear(beats(['a', '1']), 16_000)).toBe(1);
});
