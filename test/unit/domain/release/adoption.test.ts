import { describe, expect, test } from '@jest/globals';
import { type Adoption, adoptionLag, publicationTime } from '../../../../domain/release/adoption.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const HOUR_MS = 3_600_000;

describe('publicationTime', () => {
  test.each<[string, string | undefined, number]>([
    ['the time that the channel names', '2026-11-23T11:00:00+00:00', NOW - HOUR_MS],
    ['the first sight, if the channel names no time', undefined, NOW],
    ['the first sight, if the time is not valid', 'yesterday', NOW],
    ['the first sight, if the time is in the future', '2026-11-23T13:00:00Z', NOW],
    ['the first sight, if Skipper saw it long after', '2022-08-16T08:59:10+00:00', NOW],
  ])('is %s', (_what, updated, at) => {
    expect(publicationTime(updated, NOW)).toBe(at);
  });
});

describe('adoptionLag', () => {
  const adoption: Adoption = {
    outcome: 'updated',
    publishedAt: NOW - HOUR_MS,
    isKnown: false,
    previousPublishedAt: NOW - 24 * HOUR_MS,
    now: NOW,
  };

  test.each<[string, Partial<Adoption>, number | undefined]>([
    ['counts from the publication', {}, HOUR_MS],
    ['counts if nothing is known about the release before', { previousPublishedAt: undefined }, HOUR_MS],
    [
      'leaves out the first FDD of a namespace',
      { outcome: 'bootstrapped', previousPublishedAt: undefined },
      undefined,
    ],
    [
      'leaves out a namespace that had it',
      { outcome: 'unchanged', previousPublishedAt: undefined },
      undefined,
    ],
    ['counts what a failed attempt has written', { outcome: 'redeployed' }, HOUR_MS],
    ['leaves out a release that was verified there before', { isKnown: true }, undefined],
    ['leaves out a rollback', { previousPublishedAt: NOW }, undefined],
    ['leaves out a release that no check has seen', { publishedAt: undefined }, undefined],
  ])('%s', (_what, different, lag) => {
    expect(adoptionLag({ ...adoption, ...different })).toBe(lag);
  });
});
