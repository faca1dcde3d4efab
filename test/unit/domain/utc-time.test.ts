import { expect, test } from '@jest/globals';
import { utcTime } from '../../../domain/utc-time.ts';

test('a time is the same in every time zone, to the second', () => {
  expect(utcTime(Date.UTC(2026, 10, 23, 8, 14, 3, 999))).toBe('2026-11-23 08:14:03 UTC');
});
