import { describe, expect, test } from '@jest/globals';
import { AUDIT_KINDS, type AuditEntry } from '../../../../domain/audit/audit-entry.ts';
import { outageEndEntry, outageEntry, pastOutageEntry } from '../../../../domain/audit/outage-entries.ts';
import { CHOSEN_EVENTS, eventKindOf } from '../../../../domain/notify/event-kind.ts';
import { groupEntries, type PlacedEntry } from '../../../../domain/notify/group-entries.ts';
import type { Receiver } from '../../../../domain/notify/notify-config.ts';
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
      'Time: 2023-11-14 22:13:20 UTC',
      'The cause, and what to do: skipper why NAMESPACE',
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
      'Time: 2023-11-14 22:13:20 UTC',
      'The cause, and what to do: skipper why team-000',
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

  test('a failure and its recovery are both sent: an earlier message can have reported the failure', () => {
    const recovered = entry({ kind: 'namespace.recovered', namespaces: ['team-000'], count: 1 });

    const messages = groupEntries([...failing(1, 'crash-loop'), recovered], RECEIVER);

    expect(messages.map(({ title }) => title)).toEqual([
      'FDD fails in team-000',
      'FDD works again in team-000',
    ]);
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

  test('a long reason keeps its end, which says what to do', () => {
    const reason = `3 of the canary failed: ${'x'.repeat(2_000)}. Roll back (skipper rollback r1)`;
    const [message] = groupEntries([entry({ kind: 'rollout.paused', rolloutId: 'r1', reason })], RECEIVER);
    const [item] = message?.items ?? [];

    expect(item?.reason).toHaveLength(600);
    expect(item?.reason).toMatch(/^3 of the canary failed: x+…x+\. Roll back \(skipper rollback r1\)$/);
  });

  test('what waits for a person says what to do', () => {
    const texts = groupEntries(
      [
        entry({ kind: 'rollout.approval-wanted', rolloutId: 'r1' }),
        entry({ kind: 'heal.quarantined', namespaces: ['team-a'], count: 1 }),
        entry({ kind: 'rollout.failed', rolloutId: 'r2' }),
        entry({ kind: 'rollout.failed', rolloutId: 'r3' }),
      ],
      RECEIVER,
    ).map((message) => toText(message, SENDER));

    expect(texts[0]).toContain('\nTo continue: skipper rollout approve r1 --reason "…"\n');
    expect(texts[1]).toContain('\nCorrect the cause, then: skipper quarantine release team-a --reason "…"\n');
    expect(texts[2]).toContain('\nCorrect the cause, then: skipper rollout retry ROLLOUT --reason "…"\n');
  });

  describe('an outage', () => {
    const outage = { kind: 'cluster', beganAt: 1_700_000_000_000, reason: 'no route' } as const;
    const redis = { ...outage, kind: 'redis' } as const;
    const END = 1_700_000_090_000;
    const messagesOf = (entries: readonly AuditEntry[], events: Receiver['events'] = CHOSEN_EVENTS) =>
      groupEntries(entries.map(entry), { name: 'ops', events }).map(({ title, items }) => [
        title,
        items[0]?.reason,
      ]);

    test('that lasts is in the present', () => {
      expect(messagesOf([outageEntry(outage, END)])).toEqual([
        [
          'The Kubernetes API server does not answer',
          'the Kubernetes API has been unreachable since 2023-11-14 22:13:20 UTC: no route',
        ],
      ]);
    });

    test('that was noted when it was over is in the past', () => {
      const past =
        'was unreachable from 2023-11-14 22:13:20 UTC until 2023-11-14 22:14:50 UTC (1m 30s): no route';

      expect(messagesOf([pastOutageEntry(redis, END)])).toEqual([['Redis did not answer', `Redis ${past}`]]);
      expect(messagesOf([pastOutageEntry(outage, END)])).toEqual([
        ['The Kubernetes API server did not answer', `the Kubernetes API ${past}`],
      ]);
    });

    test('that ended while it was collected is one message, if the receiver wants the end', () => {
      const both = [outageEntry(outage, END - 1), outageEndEntry(outage, END)];

      expect(messagesOf(both).map(([title]) => title)).toEqual(['The outage has ended']);
      expect(messagesOf(both, ['cluster-outage'])).toHaveLength(1);
      expect(messagesOf([...both, outageEntry(outage, END + 1)])).toHaveLength(2);
    });
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
        'Time: 2023-11-14 22:13:20 UTC',
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
