import { describe, expect, test } from '@jest/globals';
import { hasPodEnded } from '../../../../domain/cluster/observed.ts';
import { aPod } from '../../../support/builders.ts';

describe('hasPodEnded', () => {
  test.each([
    ['Pending', false],
    ['Running', false],
    ['Unknown', false],
    ['Succeeded', true],
    ['Failed', true],
  ])('%s: %s', (phase, finished) => {
    expect(hasPodEnded(aPod({ phase }))).toBe(finished);
  });
});
