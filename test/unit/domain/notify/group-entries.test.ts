import { describe, expect, test } from '@jest/globals';
import { AUDIT_KINDS } from '../../../../domain/audit/audit-entry.ts';
import { CHOSEN_EVENTS, eventKindOf } from '../../../../domain/notify/event-kind.ts';
import { groupEntries, type PlacedEntry } from '../../../../domain/notify/group-entries.ts';
import { toSlack, toText, toWebhook } from '../../../../domain/notify/write-message.ts';

const RECEIVER = { name: 'ops', events: CHOSEN_EVENTS };
const SENDER = { base: 'https://skipper.example.com', environment: undefined };

let placed = 0;
function entry(fields: Partial<PlacedEntry> & Pick<PlacedEntry, 'kind'>): PlacedEntry {
  placed += 1;
  return {
    id: `1700000000000-${placed}`,
    at: 1_700_000_000_000,
    by: 'skipper',
    reason: 'because',
    outcome: 'ok',
    ...fields,
  };
}

const failing = (count: number, cause: string, prefix = 'team') =>
  Array.from({ length: count }, (_, index) =>
    entry({
      kind: 'namespace.failing',
      namespaces: [`${prefix}-${String(index).padStart(3, '0')}`],
      reason: `${prefix}-${index}: ${cause}`,
      cause,
      outcome: 'failed',
    }),
  );

describe('eventKindOf', () => {
  test('finds an entry for each event', () => {
    const found = AUDIT_KINDS.map((kind) => eventKindOf({ kind, outcome: 'ok' }));

    expect(CHOSEN_EVENTS.filter((event) => !found.includes(event))).toEqual([]);
  });

  test('ignores what was refused', () => {
    expect(eventKindOf({ kind: 'rollout.paused', outcome: 'refused' })).toBeUndefined();
  });

  test('ignores the steps of healing, but not what it found', () => {
    const step = { trigger: 'heal', rolloutId: 'r1' } as const;

    expect(eventKindOf({ kind: 'rollout.failed', outcome: 'failed', ...step })).toBeUndefined();
    expect(eventKindOf({ kind: 'namespace.failing', outcome: 'failed', ...step })).toBeUndefined();
    expect(eventKindOf({ kind: 'namespace.failing', outcome: 'ok', trigger: 'heal' })).toBe(
      'namespace-failing',
    );
  });
});

describe('groupEntries', () => {
  test('300 failing namespaces are one message, with causes, counts and ten names each', () => {
    const entries = [...failing(293, 'the image cannot be pulled'), ...failing(7, 'crash-loop', 'other')];

    const messages = groupEntries(entries, RECEIVER);

    expect(messages.map(({ event, title }) => [event, title])).toEqual([
      ['namespace-failing', 'FDD fails in 300 namespaces'],
    ]);
    const [message] = messages;
    const text = message && toText(message, SENDER);
    expect(text?.split('\n')).toEqual([
      'FDD fails in 300 namespaces',
      expect.stringMatching(
        /^- the image cannot be pulled: 293 namespaces: team-000, team-001, .*, team-009 and 283 more$/,
      ),
      '- crash-loop: 7 namespaces: other-000, other-001, other-002, other-003, other-004, other-005, other-006',
      'https://skipper.example.com/status',
    ]);
  });

  test('a hundred causes are ten, and the number of the rest', () => {
    const entries = Array.from({ length: 100 }, (_, index) => failing(1, `cause ${index}`)).flat();

    const [message] = groupEntries(entries, RECEIVER);

    expect(message?.items).toHaveLength(10);
    expect(message && toText(message, SENDER)).toContain('\n- and 90 more\n');
  });

  test('one namespace has the full reason, and the link to its page', () => {
    const [message] = groupEntries(failing(1, 'out of memory'), RECEIVER);

    expect(message && toText(message, SENDER).split('\n')).toEqual([
      'FDD fails in team-000',
      '- team-0: out of memory: team-000',
      'https://skipper.example.com/status/team-000',
    ]);
  });

  test('a namespace that fails for two reasons counts once in the title', () => {
    const [message] = groupEntries(
      [...failing(3, 'the deploy failed'), ...failing(3, 'crash-loop')],
      RECEIVER,
    );

    expect(message?.title).toBe('FDD fails in 3 namespaces');
    expect(message?.items.map(({ count }) => count)).toEqual([3, 3]);
  });

  test('an entry that names only its first namespaces counts all', () => {
    const stopped = entry({
      kind: 'heal.quarantined',
      namespaces: ['a', 'b'],
      count: 40,
      rule: 'oom',
      reason: 'gave up',
    });

    const [message] = groupEntries([stopped], RECEIVER);

    expect(message?.title).toBe('Healing gave up: 40 namespaces in quarantine');
    expect(message?.path).toBe('/healing');
    expect(message && toText(message, SENDER)).toContain('- oom: gave up: 40 namespaces: a, b and 38 more');
  });

  test('rollouts are items of their own, with the latest reason of each', () => {
    const paused = (rolloutId: string, reason: string) =>
      entry({
        kind: 'rollout.paused',
        rolloutId,
        reason,
        cause: 'a cause',
        release: `v-${rolloutId}`,
        count: 3,
      });

    const [one] = groupEntries([paused('a', 'first'), paused('a', 'second')], RECEIVER);
    const [two] = groupEntries([paused('a', 'first'), paused('b', 'other')], RECEIVER);

    expect(one).toMatchObject({ title: 'The rollout of v-a is paused', path: '/rollouts/a' });
    expect(one?.items.map(({ reason, count }) => [reason, count])).toEqual([['second', 3]]);
    expect(two).toMatchObject({ title: '2 rollouts are paused', path: '/rollouts' });
  });

  test('what the receiver has not chosen is left out', () => {
    expect(groupEntries(failing(3, 'x'), { name: 'ops', events: ['rollout-paused'] })).toEqual([]);
  });

  test('the same entries make the same ids', () => {
    const entries = [...failing(3, 'x'), entry({ kind: 'heal.stopped' })];
    const ids = groupEntries(entries, RECEIVER).map(({ id }) => id);

    expect(groupEntries(entries, RECEIVER).map(({ id }) => id)).toEqual(ids);
    expect(ids[0]).toMatch(/^ops_1700000000000-\d+_1700000000000-\d+_namespace-failing$/);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('a message', () => {
  const [message] = groupEntries(
    [
      entry({
        kind: 'rollout.paused',
        rolloutId: 'r/1',
        by: 'ann@example.com',
        reason: '<!channel> a & b\n> c',
        count: 300,
      }),
    ],
    RECEIVER,
  );
  if (message === undefined) throw new Error('no message');

  test('for Slack is text with escaped characters and a link', () => {
    expect(toSlack(message, { ...SENDER, environment: 'staging' })).toEqual({
      text: [
        '*[staging] A rollout is paused*',
        '• &lt;!channel&gt; a &amp; b &gt; c: 300 namespaces (by ann@example.com)',
        '<https://skipper.example.com/rollouts/r%2F1|Open the page>',
      ].join('\n'),
    });
  });

  test('without a public URL has the path only', () => {
    expect(toSlack(message, { base: '/skipper', environment: undefined })).toMatchObject({
      text: expect.stringMatching(/\nPage: \/skipper\/rollouts\/r%2F1$/),
    });
  });

  test('for a webhook has type, timestamp and data', () => {
    expect(toWebhook(message, SENDER)).toMatchObject({
      type: 'rollout-paused',
      timestamp: '2023-11-14T22:13:20.000Z',
      data: {
        title: 'A rollout is paused',
        link: 'https://skipper.example.com/rollouts/r%2F1',
        items: [{ rolloutId: 'r/1', count: 300, by: 'ann@example.com' }],
        moreItems: 0,
      },
    });
  });
});
