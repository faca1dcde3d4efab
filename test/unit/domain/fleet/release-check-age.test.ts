import { describe, expect, test } from '@jest/globals';
import { explainReleaseCheck } from '../../../../domain/fleet/release-check-age.ts';

const NOW = 10_000_000;

function explained(ageSeconds: number, known = true): string | undefined {
  const since = NOW - ageSeconds * 1000;
  return explainReleaseCheck({ at: known ? since : undefined, since, intervalSeconds: 60 }, NOW);
}

describe('explainReleaseCheck', () => {
  test.each([
    [0, undefined],
    [60, undefined],
    [210, undefined],
    [211, expect.stringMatching(/^The last release check ended 3 min ago, although one is due every 60 s/)],
    [10_000, expect.stringMatching(/ended 2 h ago/)],
  ])('a check of %d seconds ago, due every minute, is explained as %j', (ageSeconds, sentence) => {
    expect(explained(ageSeconds)).toEqual(sentence);
  });

  test('a missing check counts from the start of the process', () => {
    expect(explained(210, false)).toBeUndefined();
    expect(explained(240, false)).toMatch(/^No release check has ended for 4 min/);
  });
});
