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
  ])('%s: %s', (phase, finished) => {
    expect(hasBootstrapEnded(aPod({ phase }))).toBe(finished);
  });

  test.each([0, 1])('with exit code %d beside a sidecar that runs on', (exitCode) => {
    expect(hasBootstrapEnded(aPod({ phase: 'Running', terminated: { exitCode } }))).toBe(true);
  });
});
