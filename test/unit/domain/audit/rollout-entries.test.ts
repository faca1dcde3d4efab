import { describe, expect, test } from '@jest/globals';
import { AuditEntry } from '../../../../domain/audit/audit-entry.ts';
import {
  commandEntries,
  type DecidedRollout,
  decisionEntries,
  joinEntries,
  requestEntries,
} from '../../../../domain/audit/rollout-entries.ts';
import type { Decision } from '../../../../domain/rollout/decide-rollout.ts';
import type { TargetPlan } from '../../../../domain/rollout/rollout-status.ts';
import { aRollout } from '../../../support/builders.ts';

const STABLE = { channel: 'stable', image: 'fiaas/fdd:v2', version: 'v2' };
const PROGRESSIVE = {
  type: 'Progressive',
  waves: [{ size: 3, isCanary: false, maxFailures: 1 }],
  maxConcurrency: 1,
  maxFailures: 1,
  minSuccessMs: 0,
  progressDeadlineMs: 60_000,
  approval: false,
} as const;
const NOTHING: Decision = { admit: [], fail: [], because: '' };

function aPlan(): TargetPlan {
  return { wave: 0, order: 0, because: '', release: 'key', version: 'v2', channel: 'stable' };
}

describe('a request', () => {
  test('of a person has the address and the reason', () => {
    const rollout = aRollout({
      trigger: 'cli',
      requestedBy: '10.0.0.1',
      reason: 'a fix',
      releases: [STABLE],
      strategy: PROGRESSIVE,
    });

    expect(requestEntries({ rollout, namespaces: ['team-a'] })).toEqual([
      {
        at: rollout.createdAt,
        kind: 'rollout.requested',
        by: '10.0.0.1',
        trigger: 'cli',
        from: '10.0.0.1',
        rolloutId: rollout.id,
        release: 'v2',
        channel: 'stable',
        namespaces: ['team-a'],
        count: 1,
        reason: 'a fix',
        outcome: 'ok',
      },
    ]);
  });

  test('of the release check is of Skipper, one of the board of the board', () => {
    const by = (trigger: 'release' | 'retry', requestedBy: string) =>
      requestEntries({ rollout: aRollout({ trigger, requestedBy }), namespaces: [] })[0];

    expect(by('release', 'release-check')).toMatchObject({ by: 'skipper', trigger: 'release' });
    expect(by('release', 'release-check')).not.toHaveProperty('from');
    expect(by('release', 'release-check')?.reason).toContain('differ from their channel or configuration');
    expect(by('retry', 'release-check')?.reason).toContain('retries what has failed');
    expect(by('retry', 'board')?.reason).toBe('');
    expect(by('retry', 'board')).toMatchObject({ by: 'board', trigger: 'board' });
  });

  test('that waits for an operator, and one that carries out a plan, are two entries', () => {
    const rollout = aRollout({ trigger: 'release', strategy: PROGRESSIVE });
    const kinds = (parts: object) =>
      requestEntries({ rollout, namespaces: ['a'], ...parts }).map(({ kind }) => kind);

    expect(kinds({ pausedBecause: 'moved backwards' })).toEqual([
      'rollout.requested',
      'rollout.approval-wanted',
    ]);
    expect(kinds({ planId: 'plan-1' })).toEqual(['plan.carried-out', 'rollout.requested']);
  });

  test('that reaches all namespaces at once begins with it, unless it waits for an operator', () => {
    const rollout = aRollout({
      trigger: 'api',
      requestedBy: '10.0.0.1',
      reason: 'a fix',
      strategy: undefined,
    });
    const started = requestEntries({ rollout, namespaces: ['a'] })[1];
    const waiting = requestEntries({ rollout, namespaces: ['a'], pausedBecause: 'moved backwards' });

    expect(started).toMatchObject({ kind: 'rollout.started', by: '10.0.0.1', reason: 'a fix', count: 1 });
    expect(waiting.map(({ kind }) => kind)).not.toContain('rollout.started');
  });

  test('for thousands of namespaces names the first and counts all', () => {
    const namespaces = Array.from({ length: 5_000 }, (_, index) => `ns-${index}`);
    const [entry] = requestEntries({ rollout: aRollout(), namespaces });

    expect(entry?.count).toBe(5_000);
    expect(entry?.namespaces).toHaveLength(20);
    expect(JSON.stringify(entry).length).toBeLessThan(1_024);
  });
});

describe('a command', () => {
  const known = { rollout: aRollout(), plans: new Map([['a', aPlan()]]) };
  const event = { at: 5, state: 'paused', by: 'jo', reason: 'wait' } as const;

  test('is noted with who gave it and why', () => {
    const entries = commandEntries(known, { ...event, kind: 'paused' }, { by: 'jo', trigger: 'api' });

    expect(entries).toMatchObject([
      { at: 5, kind: 'rollout.paused', by: 'jo', trigger: 'api', reason: 'wait', namespaces: ['a'] },
    ]);
  });

  test('that names namespaces is about those', () => {
    const skipped = { ...event, kind: 'skipped' as const, namespaces: ['b', 'c'] };

    expect(commandEntries(known, skipped, { by: 'jo' })).toMatchObject([
      { kind: 'rollout.skipped', namespaces: ['b', 'c'], count: 2 },
    ]);
  });

  test.each([
    ['skipped', [20, 5]],
    ['retried', [20, 5]],
    ['rolled back', [25]],
  ] as const)('%s about 25 namespaces becomes entries about %j', (kind, counts) => {
    const namespaces = Array.from({ length: 25 }, (_, index) => `team-${10 + index}`);
    const entries = commandEntries(known, { ...event, kind, namespaces }, { by: 'jo' });

    expect(entries.map(({ count }) => count)).toEqual(counts);
  });

  test('has no entry for what is no command', () => {
    expect(commandEntries(known, { ...event, kind: 'created' }, { by: 'jo' })).toEqual([]);
  });

  test('is not needed for namespaces to join', () => {
    const event = {
      at: 1,
      kind: 'changed',
      state: 'running',
      by: '',
      reason: 'new',
      namespaces: ['x'],
    } as const;

    expect(joinEntries(aRollout({ trigger: 'release' }), event)).toMatchObject([
      { kind: 'rollout.joined', by: 'skipper', namespaces: ['x'] },
    ]);
  });
});

describe('a decision', () => {
  const decided: DecidedRollout = {
    rollout: aRollout({ trigger: 'release', releases: [STABLE], strategy: PROGRESSIVE }),
    status: { because: '' },
    targets: new Map([
      ['a', { state: 'completed' }],
      ['b', { state: 'failed' }],
      ['c', { state: 'pending' }],
    ]),
  };

  test('that admits targets only has no entry', () => {
    expect(decisionEntries(decided, { ...NOTHING, admit: ['c'] }, 1)).toEqual([]);
  });

  test.each([
    ['running', 'rollout.started'],
    ['completed', 'rollout.completed'],
    ['superseded', 'rollout.superseded'],
  ] as const)('%s is %s, about all targets', (state, kind) => {
    const change = { state, reason: 'why', failures: [] };

    expect(decisionEntries(decided, { ...NOTHING, change }, 7)).toMatchObject([
      { at: 7, kind, by: 'skipper', trigger: 'release', release: 'v2', count: 3, outcome: 'ok' },
    ]);
  });

  test.each([
    ['paused', 'rollout.paused'],
    ['failed', 'rollout.failed'],
  ] as const)('%s is %s, about what failed, with the most frequent cause', (state, kind) => {
    const failures = [
      { cause: 'image', namespaces: ['a', 'b'] },
      { cause: 'quota', namespaces: ['c'] },
    ];
    const entries = decisionEntries(decided, { ...NOTHING, change: { state, reason: 'r', failures } }, 7);

    expect(entries).toMatchObject([{ kind, namespaces: ['a', 'b', 'c'], cause: 'image', outcome: 'failed' }]);
  });

  test('to begin has no entry if the request has said it', () => {
    const change = { state: 'running', reason: 'why', failures: [] } as const;
    const rollout = aRollout({ strategy: undefined });

    expect(decisionEntries({ ...decided, rollout }, { ...NOTHING, change }, 7)).toEqual([]);
  });

  test('that ends targets has an entry per cause', () => {
    const fail = ['a', 'b'].map((namespace) => ({
      namespace,
      code: 'progress_deadline',
      reason: 'too long',
    }));
    const decision = { ...NOTHING, fail } as Decision;

    expect(decisionEntries(decided, decision, 7)).toMatchObject([
      { kind: 'namespace.failing', namespaces: ['a', 'b'], cause: 'too long', outcome: 'failed' },
    ]);
  });

  test('names every namespace that fails', () => {
    const names = Array.from({ length: 25 }, (_, index) => `team-${10 + index}`);
    const fail = names.map((namespace) => ({ namespace, code: 'progress_deadline', reason: 'too long' }));
    const entries = decisionEntries(decided, { ...NOTHING, fail } as Decision, 7);

    expect(entries.flatMap(({ namespaces }) => namespaces)).toEqual(names);
  });

  test('asks for an approval once', () => {
    const wanted = { ...NOTHING, because: 'wave 2 of 3 waits for an approval', awaitsApproval: true };
    const entries = decisionEntries(decided, wanted, 7);
    const again = decisionEntries({ ...decided, status: { because: wanted.because } }, wanted, 8);

    expect(entries).toMatchObject([{ kind: 'rollout.approval-wanted', namespaces: ['c'] }]);
    expect(again).toEqual([]);
  });

  test('gives valid entries', () => {
    const change = { state: 'failed', reason: 'r', failures: [] } as const;

    for (const entry of decisionEntries(decided, { ...NOTHING, change }, 7)) AuditEntry.parse(entry);
  });
});
