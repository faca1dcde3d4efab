import { expect, test } from '@jest/globals';
import { AUTOMATIC, laneOf, URGENT } from '../../../../domain/deploy/lane.ts';

test.each([
  ['api', 1, URGENT],
  ['board', 10, URGENT],
  ['api', 11, 10],
  ['release', 1, AUTOMATIC],
  ['retry', 1, AUTOMATIC],
] as const)('a request by %s for %d namespaces has priority %d', (trigger, namespaces, priority) => {
  expect(laneOf(trigger, namespaces)).toBe(priority);
});
