import { afterEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../../../cli/exit-code.ts';
import { painter } from '../../../../cli/text/paint.ts';
import { describeWhy, type ExplainedNamespace } from '../../../../cli/why/describe-why.ts';
import { explain } from '../../../../cli/why/why-command.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import type { Health } from '../../../../domain/fleet/fleet-row.ts';
import type { Attempt } from '../../../../domain/rollout/attempt.ts';
import { asCommand } from '../../../support/as-command.ts';
import { aStatus, someDetails } from '../../../support/details-builders.ts';
import { type FakeApi, sendJson, sendProblem, startFakeApi } from '../../../support/fake-api.ts';
import { makeIo } from '../../../support/fake-io.ts';

const NOW = Date.UTC(2026, 0, 1);
const ATTEMPT: Attempt = {
  rolloutId: 'r1',
  generation: 1,
  attempt: 1,
  jobId: 'j1',
  trigger: 'api',
  requestedBy: '',
  version: '20220808113256-eef68a8',
  startedAt: NOW - 90_000,
  endedAt: NOW - 60_000,
  end: 'failed',
  reason: 'exceeded quota: pods',
  details: [],
  steps: [
    { kind: 'observe', text: '', at: 0, ms: 10 },
    { kind: 'waiting for FDD', text: '', at: 10, ms: 29_000 },
  ],
  times: 3,
  firstStartedAt: NOW - 300_000,
};

function makeAnswer(health: Health, answer: Partial<ExplainedNamespace> = {}): ExplainedNamespace {
  return {
    namespace: 'team-a',
    status: 'FAILED',
    channel: 'stable',
    version: '20190215094822-2ace0ea',
    why: {
      health,
      headline: 'The quota of the namespace leaves no room for another pod.',
      because: [
        'pods "fdd" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=5, limited: pods=5',
      ],
      remedy: ['Raise the quota.', 'Deploy again.'],
    },
    attempts: [ATTEMPT],
    now: NOW,
    ...answer,
  };
}

const plain = painter({ hasColor: false });

describe('the explanation', () => {
  test('lists what holds the namespace, in order', () => {
    const holds = [
      { kind: 'pin', text: 'pinned to v1 by jo: broken disk' },
      { kind: 'wave', text: 'rollout R1 holds it back in wave 2 of 3, as number 4 of 9' },
    ] as const;
    const lines = describeWhy(makeAnswer('outdated', { holds }), { width: undefined, paint: plain });

    expect(lines.join('\n')).toContain(`What holds it, in order
  1. pinned to v1 by jo: broken disk
  2. rollout R1 holds it back in wave 2 of 3, as number 4 of 9
`);
  });

  test('on a terminal is wrapped, with relative times', () => {
    const lines = describeWhy(makeAnswer('degraded'), { width: 70, paint: plain });

    for (const line of lines) expect(line.length).toBeLessThanOrEqual(70);
    expect(lines.join('\n')).toBe(`team-a  degraded  FAILED  20190215094822-2ace0ea
The quota of the namespace leaves no room for another pod.

Because
  - pods "fdd" is forbidden: exceeded quota: pods, requested: pods=1,
    used: pods=5, limited: pods=5

What to do
  1. Raise the quota.
  2. Deploy again.

Latest attempts
  STARTED    TOOK  END     WHAT
  1m30s ago  30s   failed  exceeded quota: pods; waiting for FDD took…`);
  });

  test('in a pipe is not truncated, and has timestamps', () => {
    const text = describeWhy(makeAnswer('degraded'), { width: undefined, paint: plain }).join('\n');

    expect(text).toContain('requested: pods=1, used: pods=5, limited: pods=5\n');
    expect(text).toMatch(
      /2025-12-31T23:58:30\.000Z +30s +20220808113256-eef68a8 +failed +exceeded quota: pods; waiting for FDD took 29s; repeated 3 times$/,
    );
  });

  test('leaves out empty sections', () => {
    const why = { health: 'healthy', headline: 'Everything is fine.', because: [], remedy: [] } as const;
    const answer = makeAnswer('healthy', {
      why,
      status: 'OK',
      attempts: [],
      historyProblem: 'Redis is down',
    });

    expect(describeWhy(answer, { width: undefined, paint: plain })).toEqual([
      'team-a  healthy  OK  20190215094822-2ace0ea',
      'Everything is fine.',
      '',
      'Latest attempts are unavailable',
      '  Redis is down',
    ]);
  });

  test('lists only the latest attempts; one without an end is running', () => {
    const running = {
      ...ATTEMPT,
      startedAt: NOW - 1_000,
      endedAt: undefined,
      end: undefined,
      reason: '',
      times: 1,
    };
    const attempts = [running, ...Array.from({ length: 9 }, () => ATTEMPT)];
    const text = describeWhy(makeAnswer('progressing', { attempts }), { width: 100, paint: plain }).join(
      '\n',
    );

    expect(text).toMatch(/1s ago +- .* running/);
    expect(text.match(/ ago /g)).toHaveLength(5);
  });
});

describe('skipper why', () => {
  let api: FakeApi | undefined;
  afterEach(async () => {
    await api?.close();
  });

  test.each([
    ['healthy', EXIT.ok],
    ['progressing', EXIT.ok],
    ['unmanaged', EXIT.ok],
    ['outdated', EXIT.failed],
    ['unknown', EXIT.failed],
    ['degraded', EXIT.failed],
  ] as const)('for a namespace that is %s, exits with code %d', async (health, code) => {
    api = await startFakeApi({
      'GET /api/namespaces/team-a': (_, response) =>
        sendJson(response, { ...aStatus(), ...someDetails(), ...makeAnswer(health) }),
    });
    const client = createApiClient({ server: api.url, token: undefined });
    const [table, json] = [makeIo(), makeIo()];

    expect(await explain(client, 'team-a', 'table', table)).toBe(code);
    expect(await explain(client, 'team-a', 'json', json)).toBe(code);
    expect(table.written()).toContain('leaves no room');
    expect(JSON.parse(json.written())).toMatchObject({
      namespace: 'team-a',
      why: { health },
      attempts: [{ times: 3 }],
    });
  });

  test('for an unknown namespace, fails with the message of the API', async () => {
    api = await startFakeApi({
      'GET /api/namespaces/a%2Fb': (_, response) =>
        sendProblem(response, 404, { detail: '"a/b" is not a FIAAS namespace' }),
    });
    const client = createApiClient({ server: api.url, token: undefined });

    await expect(asCommand(explain(client, 'a/b', 'table', makeIo()))).rejects.toMatchObject({
      message: '"a/b" is not a FIAAS namespace',
      exitCode: EXIT.refused,
    });
  });
});
