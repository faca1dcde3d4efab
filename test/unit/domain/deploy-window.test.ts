import { describe, expect, test } from '@jest/globals';
import { parseDeployWindow, parseSpan } from '../../../domain/deploy-window.ts';

describe('parseDeployWindow', () => {
  test('reads days, times and time zone', () => {
    expect(parseDeployWindow('Mon,Wed-Thu 22:00-02:00; Sat 00:00-24:00 America/New_York')).toEqual({
      ok: true,
      window: {
        text: 'Mon,Wed-Thu 22:00-02:00; Sat 00:00-24:00',
        timeZone: 'America/New_York',
        spans: [
          { days: [1, 3, 4], from: 1_320, to: 120 },
          { days: [6], from: 0, to: 1_440 },
        ],
      },
    });
  });

  test.each(['', 'Europe/Oslo', 'Mon 09:00-16:00 Mars/Olympus', 'Mon 09:00-16:00 +02:00'])(
    'refuses %j',
    (text) => {
      expect(parseDeployWindow(text)).toMatchObject({ ok: false });
    },
  );
});

describe('parseSpan', () => {
  test('a range of days can contain the weekend', () => {
    expect(parseSpan('Fri-Mon 10:00-11:00')?.days).toEqual([5, 6, 7, 1]);
  });

  test.each([
    'Mon 9:00-16:00',
    'Mon 09:00-09:00',
    'Mon 24:00-25:00',
    'Mon 09:60-10:00',
    'Mon 09:00-24:01',
    'Monday 09:00-16:00',
    '09:00-16:00',
    'Mon-Fri',
  ])('refuses %j', (text) => {
    expect(parseSpan(text)).toBeUndefined();
  });
});
