import { describe, expect, test } from '@jest/globals';
import { DEFAULT_EVENTS } from '../../../../domain/notify/event-kind.ts';
import { isSilenced } from '../../../../domain/notify/is-silenced.ts';
import { groupWaitMs, parseNotifyConfig } from '../../../../domain/notify/notify-config.ts';

const EXAMPLE = `
groupWait: 10s
receivers:
  - name: ops
    type: slack
    urlFile: /var/run/secrets/slack-url
    events: [rollout-paused, rollout-failed, quarantined]
    silences: ["Sat,Sun 00:00-24:00"]
    timeZone: Europe/Oslo
  - name: hook
    type: webhook
    url: https://hooks.example.com/skipper
    secretFile: /var/run/secrets/hook
`;

function problemsOf(text: string): readonly string[] {
  const result = parseNotifyConfig(text);
  return result.ok ? [] : result.problems;
}

describe('parseNotifyConfig', () => {
  test('reads the example of the documentation', () => {
    const result = parseNotifyConfig(EXAMPLE);

    expect(result).toMatchObject({
      ok: true,
      content: {
        receivers: [
          { name: 'ops', events: ['rollout-paused', 'rollout-failed', 'quarantined'] },
          { name: 'hook', events: DEFAULT_EVENTS },
        ],
      },
    });
    expect(result.ok && groupWaitMs(result.content)).toBe(10_000);
  });

  test.each(['', '# nothing yet\n', '{}', 'receivers: []'])('reads %j as no receivers', (text) => {
    expect(parseNotifyConfig(text)).toEqual({ ok: true, content: { groupWait: '30s', receivers: [] } });
  });

  test.each([
    [
      'a field that does not exist',
      'groupWait: 5s\nreciever: []',
      ['line 2: reciever is not a known field: fields are groupWait, receivers'],
    ],
    [
      'a wrong time',
      'groupWait: 5',
      ['line 1: groupWait must be a duration with its unit, such as 30s, 5m or 1h'],
    ],
    ['a long time', 'groupWait: 2h', ['line 1: groupWait must be at most 1h']],
    [
      'an unknown event',
      'receivers:\n  - name: a\n    type: slack\n    urlFile: /x\n    events:\n      - rollout-paused\n      - rollout-pawsed\n',
      [expect.stringMatching(/^line 7: receivers\[0\]\.events\[1\] must be an event: release-found, /)],
    ],
    [
      'no URL',
      'receivers:\n  - {name: a, type: slack}\n',
      ['line 2: receivers[0].urlFile must be given, or url'],
    ],
    [
      'two URLs',
      'receivers:\n  - {name: a, type: slack, urlFile: /x, url: "https://x.example.com"}\n',
      ['line 2: receivers[0].url must be left out: there is a urlFile'],
    ],
    [
      'a secret for Slack',
      'receivers:\n  - name: a\n    type: slack\n    urlFile: /x\n    secretFile: /y\n',
      [
        'line 5: receivers[0].secretFile must be left out: Slack does not check signatures; its URL is the secret',
      ],
    ],
    [
      'two of the same name',
      'receivers:\n  - {name: a, type: slack, urlFile: /x}\n  - {name: a, type: slack, urlFile: /y}\n',
      ['line 3: receivers[1].name must differ: a is there twice'],
    ],
    [
      'silences without a time zone',
      'receivers:\n  - {name: a, type: slack, urlFile: /x, silences: ["Sat 00:00-24:00"]}\n',
      [
        'line 2: receivers[0].timeZone must be the name of a time zone, such as Europe/Oslo or UTC: the silences need one',
      ],
    ],
    [
      'a wrong silence',
      'receivers:\n  - {name: a, type: slack, urlFile: /x, timeZone: UTC, silences: [weekend]}\n',
      ['line 2: receivers[0].silences[0] must be days and times, such as "Mon-Fri 09:00-16:00"'],
    ],
    ['no YAML', 'receivers: [', [expect.stringMatching(/^line 1: the file is not valid YAML: /)]],
  ])('refuses %s', (_what, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  test('does not repeat a wrong URL, which can be a secret', () => {
    expect(problemsOf('receivers:\n  - {name: a, type: slack, url: "hooks.slack.com/secret"}\n')).toEqual([
      'line 2: receivers[0].url must be a URL that begins with https:// or http://',
    ]);
  });
});

describe('isSilenced', () => {
  const receiver = {
    name: 'ops',
    type: 'slack',
    urlFile: '/x',
    events: DEFAULT_EVENTS,
    silences: ['Sat,Sun 00:00-24:00', 'Mon-Fri 22:00-06:00'],
    timeZone: 'Europe/Oslo',
  } as const;

  test.each([
    ['2026-11-27T22:59:00Z', true],
    ['2026-11-28T12:00:00Z', true],
    ['2026-11-29T22:59:00Z', true],
    ['2026-11-30T05:30:00Z', false],
    ['2026-11-30T12:00:00Z', false],
    ['2026-11-30T21:30:00Z', true],
  ])('at %s: %s', (at, expected) => {
    expect(isSilenced(receiver, Date.parse(at))).toBe(expected);
  });

  test('never, without silences', () => {
    expect(isSilenced({ ...receiver, silences: undefined }, Date.parse('2026-11-28T12:00:00Z'))).toBe(false);
  });
});
