import { describe, expect, test } from '@jest/globals';
import { listWaits, type WaitsInput } from '../../../../domain/explain/list-waits.ts';
import type { NamespaceRecord } from '../../../../domain/rollout/namespace-record.ts';
import type { DecidedTarget, Situation } from '../../../../domain/rollout/situation.ts';
import { resolveStrategy, Strategy } from '../../../../domain/rollout/strategy.ts';

const NOW = Date.UTC(2026, 10, 29, 1);
const MINUTE = 60_000;
const hold = { reason: 'broken disk', by: 'jo', at: 1 };
const completed = {
  state: 'completed',
  admittedAt: NOW - MINUTE,
  finishedAt: NOW - 20_000,
  isHealthyNow: true,
} as const;
const running = { state: 'running', admittedAt: NOW, startedAt: NOW } as const;

function aTarget(namespace: string, wave: number, fields: Partial<DecidedTarget> = {}): DecidedTarget {
  return { namespace, wave, order: wave, state: 'pending', isHealthyNow: false, ...fields };
}

function aSituation(
  targets: readonly DecidedTarget[],
  {
    state = 'running' as Situation['rollout']['state'],
    ...fields
  }: Readonly<Record<string, unknown>> & {
    state?: Situation['rollout']['state'];
  } = {},
): Situation {
  const strategy = Strategy.parse({ type: 'Progressive', waves: [3], maxConcurrency: 2, ...fields });
  return {
    rollout: { id: 'R1', state },
    targets,
    strategy: resolveStrategy(strategy, targets.length),
    now: NOW,
  };
}

function waitsOf(overrides: Partial<WaitsInput> = {}): [string, string, number?][] {
  const input: WaitsInput = {
    namespace: 'team-a',
    version: 'v2',
    isBehind: true,
    annotations: undefined,
    hold: undefined,
    ignored: undefined,
    closures: [],
    rollouts: [],
    record: undefined,
    ...overrides,
  };
  return listWaits(input).map(({ kind, text, until }) => (until ? [kind, text, until] : [kind, text]));
}

function aRecord(fields: Partial<NamespaceRecord>): NamespaceRecord {
  return { generation: 2, handled: 1, reason: '', attempt: 3, failures: 1, ...fields } as NamespaceRecord;
}

describe('listWaits', () => {
  test('nothing holds a namespace that has its release, or gets it now', () => {
    expect(waitsOf({ isBehind: false, ignored: hold })).toEqual([]);
    expect(waitsOf({ record: aRecord({ phase: 'rolling out' }) })).toEqual([]);
  });

  test('lists everything, in order', () => {
    const waits = waitsOf({
      annotations: { hold: 'audit' },
      hold: { ...hold, pin: 'v1' },
      ignored: hold,
      closures: [
        { kind: 'window', reason: 'waits for the window X until Y', until: NOW + MINUTE },
        {
          kind: 'freeze',
          reason: 'waits for the end of the freeze (audit) until Z',
          until: NOW + 2 * MINUTE,
        },
      ],
      rollouts: [
        {
          situation: aSituation([aTarget('canary', 0, completed), aTarget('team-a', 1)], { state: 'paused' }),
          stateReason: 'paused by jo: lunch',
        },
      ],
      record: aRecord({ phase: 'backoff', retryAt: NOW + MINUTE }),
    });

    expect(waits).toEqual([
      ['pin', 'pinned to v1 by jo: broken disk'],
      ['hold', 'held by annotation skipper.fiaas.io/hold of its ConfigMap: audit'],
      ['ignored', 'release v2 is ignored: broken disk (jo)'],
      ['freeze', 'waits for the end of the freeze (audit) until Z', NOW + 2 * MINUTE],
      ['window', 'waits for the window X until Y', NOW + MINUTE],
      ['paused', 'rollout R1 is paused by jo: lunch'],
      ['wave', 'rollout R1 holds it back in wave 2 of 2, as number 1 of 1; wave 1 has not ended'],
      ['soak', 'wave 1 of 2 soaks until 2026-11-29 01:00:40 UTC', NOW + 40_000],
      ['backoff', 'attempt 3 failed: the next one begins at 2026-11-29 01:01:00 UTC', NOW + MINUTE],
    ]);
  });

  test('says its place, an approval that is missing, and that there is no room', () => {
    const targets = [
      aTarget('canary', 0, { ...completed, finishedAt: NOW - 2 * MINUTE }),
      aTarget('b', 1, running),
      aTarget('c', 1, running),
      aTarget('d', 1, { order: 7 }),
      aTarget('team-a', 1, { order: 8 }),
    ];
    const rollouts = [{ situation: aSituation(targets, { waves: [5], approval: true }), stateReason: '' }];

    expect(waitsOf({ rollouts })).toEqual([
      ['wave', 'rollout R1 holds it back in wave 2 of 2, as number 2 of 2'],
      ['approval', 'wave 2 needs an approval: skipper rollout approve R1'],
      ['concurrency', '2 targets are in progress, as many as maxConcurrency allows (2)'],
    ]);
  });

  test.each<[string, Partial<WaitsInput>, [string, string, number?][]]>([
    [
      'the limit of namespaces in flight',
      { record: aRecord({ phase: 'queued', reason: 'waits: 5 namespaces are changed' }) },
      [['in-flight', 'waits: 5 namespaces are changed']],
    ],
    [
      'a pause after the admission',
      { record: aRecord({ phase: 'held', reason: 'rollout R1 is paused: nothing new is written' }) },
      [['paused', 'rollout R1 is paused: nothing new is written']],
    ],
    [
      'the budget of requests',
      { record: aRecord({ phase: 'applying' }), scarceRequests: 12.55 },
      [
        [
          'api-budget',
          'all workers share 12.6 requests per second to the API server (--kube-api-qps), and all are in use',
        ],
      ],
    ],
    [
      'an earlier failure',
      { record: aRecord({ handled: 2, phase: 'done', lastState: 'failed', finishedAt: NOW }) },
      [
        [
          'backoff',
          'its release failed here: the release check does not retry it before 2026-11-29 01:10:00 UTC',
          NOW + 10 * MINUTE,
        ],
      ],
    ],
  ])('%s', (_what, overrides, expected) => {
    expect(waitsOf(overrides)).toEqual(expected);
  });
});
