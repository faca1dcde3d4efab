import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDeployWindow } from '../../../../domain/deploy-window.ts';
import { closureAt, type Schedule } from '../../../../domain/rollout/closure.ts';

function aSchedule(text: string, freezes: Schedule['freezes'] = []): Schedule {
  const parsed = parseDeployWindow(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return { windows: parsed.window, freezes };
}

const OFFICE = 'Mon-Fri 09:00-16:00 Europe/Oslo';

describe('closureAt', () => {
  test.each([
    ['inside', OFFICE, '2026-11-30T08:00:00Z', undefined],
    ['before it opens', OFFICE, '2026-11-30T07:59:59Z', '2026-11-30T08:00:00.000Z'],
    ['its end is not part of it', OFFICE, '2026-11-30T15:00:00Z', '2026-12-01T08:00:00.000Z'],
    ['at the weekend', OFFICE, '2026-11-28T12:00:00Z', '2026-11-30T08:00:00.000Z'],
    ['in summer, one hour earlier by UTC', OFFICE, '2026-07-01T06:59:00Z', '2026-07-01T07:00:00.000Z'],
    ['over the change to winter time', OFFICE, '2026-10-24T12:00:00Z', '2026-10-26T08:00:00.000Z'],
    ['over midnight, on the next day', 'Mon 22:00-02:00 UTC', '2026-12-01T01:59:00Z', undefined],
    [
      'over midnight, it has ended',
      'Mon 22:00-02:00 UTC',
      '2026-12-01T02:00:00Z',
      '2026-12-07T22:00:00.000Z',
    ],
    ['the whole day', 'Sun 00:00-24:00 Asia/Tokyo', '2026-11-29T14:59:00Z', undefined],
    [
      'an hour that the clock skips opens in the week after',
      'Sun 02:10-02:50 Europe/Oslo',
      '2026-03-28T12:00:00Z',
      '2026-03-29T01:10:00.000Z',
    ],
  ])('%s', (_what, text, now, until) => {
    const closure = closureAt(aSchedule(text), Date.parse(now));

    expect(closure && new Date(closure.until).toISOString()).toBe(until);
  });

  test('says what it waits for, and until when', () => {
    expect(closureAt(aSchedule(OFFICE), Date.parse('2026-11-28T12:00:00Z'))).toEqual({
      kind: 'window',
      reason: 'waits for the window Mon-Fri 09:00-16:00 Europe/Oslo until Mon 2026-11-30 09:00 Europe/Oslo',
      until: Date.parse('2026-11-30T08:00:00Z'),
    });
  });

  test('a freeze ends at the next opening of the window', () => {
    const freeze = {
      from: Date.parse('2026-12-19T23:00:00Z'),
      to: Date.parse('2027-01-01T23:00:00Z'),
      timeZone: 'Europe/Oslo',
      reason: 'Christmas',
    };

    expect(closureAt(aSchedule(OFFICE, [freeze]), Date.parse('2026-12-21T10:00:00Z'))).toEqual({
      kind: 'freeze',
      reason: 'waits for the end of the freeze (Christmas) until Mon 2027-01-04 09:00 Europe/Oslo',
      until: Date.parse('2027-01-04T08:00:00Z'),
    });
    expect(closureAt(aSchedule(OFFICE, [freeze]), Date.parse('2026-12-18T10:00:00Z'))).toBeUndefined();
  });

  test('it is open at the time that it names, in every zone and year', () => {
    const zones = fc.constantFrom(
      'Europe/Oslo',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Tokyo',
      'UTC',
    );
    const windows = fc.constantFrom(
      'Mon-Fri 09:00-16:00',
      'Sat 23:30-00:30',
      'Sun 01:00-03:00; Wed 12:00-12:01',
    );
    const times = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2030, 0) });
    fc.assert(
      fc.property(windows, zones, times, (window, zone, now) => {
        const schedule = aSchedule(`${window} ${zone}`);
        const closure = closureAt(schedule, now);
        if (!closure) return;
        expect(closure.until).toBeGreaterThan(now);
        expect(closureAt(schedule, closure.until)).toBeUndefined();
        expect(closureAt(schedule, closure.until - 1)).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});
