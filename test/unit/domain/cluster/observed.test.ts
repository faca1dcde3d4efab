import { describe, expect, test } from '@jest/globals';
import { hasBootstrapEnded } from '../../../../domain/cluster/observed.ts';
import { aPod } from '../../../support/builders.ts';

describe('hasBootstrapEnded', () => {
  test.each([
    ['Pending', false],
    ['Running', false],
    ['Unknown', false],
    ['Succeeded', true],
    ['Failed', true],
  ])('phase %s: %s', (phase, finished) => {
    expect(hasBootstrapEnded(aPod({ phase }))).toBe(finished);
  });

  test.each([0, 1])('is true for exit code %d while a sidecar keeps running', (exitCode) => {
    expect(hasBootstrapEnded(aPod({ phase: 'Running', terminated: { exitCode } }))).toBe(true);
  });
});
