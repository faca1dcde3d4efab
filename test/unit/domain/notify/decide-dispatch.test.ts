import { describe, expect, test } from '@jest/globals';
import { decideDispatch } from '../../../../domain/notify/decide-dispatch.ts';
import type { PlacedEntry } from '../../../../domain/notify/group-entries.ts';

const NOW = 1_700_000_100_000;
const RECEIVER = { name: 'ops', type: 'slack', urlFile: '/x', events: ['rollout-paused'] } as const;

function entry(secondsAgo: number, kind: PlacedEntry['kind'] = 'rollout.paused', number = 0): PlacedEntry {
  const at = NOW - secondsAgo * 1000;
  return { id: `${at}-${number}`, at, kind, by: 'skipper', reason: '', outcome: 'ok' };
}

const decide = (entries: readonly PlacedEntry[], more: Partial<Parameters<typeof decideDispatch>[0]> = {}) =>
  decideDispatch({
    cursor: { after: '0-0' },
    entries,
    isFull: false,
    receiver: RECEIVER,
    groupWaitMs: 30_000,
    now: NOW,
    ...more,
  });

describe('decideDispatch', () => {
  test('waits for the first entry', () => {
    expect(decide([])).toEqual({ step: 'wait' });
  });

  test('passes what is not for the receiver at once', () => {
    const [last] = [entry(1, 'rollout.started')];

    expect(decide([entry(2, 'rollout.completed'), last])).toEqual({ step: 'pass', upTo: last.id });
  });

  test('collects from the first entry for the receiver on', () => {
    expect(decide([entry(60, 'rollout.started'), entry(29), entry(1)])).toEqual({
      step: 'wait',
      until: NOW + 29_000,
    });
  });

  test('claims everything so far when the time is over', () => {
    const last = entry(1, 'rollout.started');

    expect(decide([entry(30), last])).toEqual({ step: 'claim', upTo: last.id });
  });

  test('waits for more of the same as long as it comes, for two minutes', () => {
    expect(decide([entry(60), entry(29)])).toEqual({ step: 'wait', until: NOW + 1_000 });
    expect(decide([entry(60), entry(30)])).toMatchObject({ step: 'claim' });
    expect(decide([entry(119), entry(1)])).toEqual({ step: 'wait', until: NOW + 1_000 });
    expect(decide([entry(120), entry(1)])).toMatchObject({ step: 'claim' });
  });

  test('waits no longer than a groupWait of more than two minutes', () => {
    expect(decide([entry(600), entry(1)], { groupWaitMs: 600_000 })).toMatchObject({ step: 'claim' });
    expect(decide([entry(599), entry(1)], { groupWaitMs: 600_000 })).toMatchObject({ step: 'wait' });
  });

  test('of several kinds, the first that is whole takes the others along', () => {
    const receiver = { ...RECEIVER, events: ['rollout-paused', 'namespace-failing'] } as const;
    const entries = [entry(60, 'namespace.failing'), entry(30), entry(1, 'namespace.failing')];

    expect(decide(entries, { receiver })).toMatchObject({ step: 'claim', upTo: entries[2]?.id });
    expect(decide(entries.slice(0, 1).concat(entry(1, 'namespace.failing')), { receiver })).toMatchObject({
      step: 'wait',
    });
  });

  test('does not wait if there is more than it can read', () => {
    expect(decide([entry(1)], { isFull: true })).toMatchObject({ step: 'claim' });
  });

  test('queues exactly what was claimed, also if there is more by now', () => {
    const claimed = [entry(40), entry(30), entry(30, 'rollout.paused', 1)];
    const upTo = claimed[2]?.id;

    const step = decide([...claimed, entry(30, 'rollout.paused', 2), entry(5)], {
      cursor: { after: '0-0', upTo },
    });

    expect(step).toEqual({ step: 'queue', upTo, entries: claimed });
  });

  test('passes everything during a silence', () => {
    const silenced = { ...RECEIVER, silences: ['Mon-Sun 00:00-24:00'], timeZone: 'UTC' };

    expect(decide([entry(1)], { receiver: silenced })).toMatchObject({ step: 'pass' });
  });

  test('sends what happened before a silence, also during it', () => {
    // NOW is 22:15:00.
    const silenced = { ...RECEIVER, silences: ['Mon-Sun 22:14-23:00'], timeZone: 'UTC' };
    const [before, during] = [entry(90), entry(5)];
    const cursor = { after: '0-0', upTo: during.id };

    expect(decide([before, during], { receiver: silenced })).toEqual({ step: 'claim', upTo: during.id });
    expect(decide([before, during], { receiver: silenced, cursor })).toEqual({
      step: 'queue',
      upTo: during.id,
      entries: [before],
    });
  });
});
