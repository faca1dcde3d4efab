import { afterEach, describe, expect, test } from '@jest/globals';
import { askReason } from '../../../../cli/ask-reason.ts';
import { waitForRollout } from '../../../../cli/deploy/wait-command.ts';
import { EXIT } from '../../../../cli/exit-code.ts';
import { changeRollout } from '../../../../cli/rollout/change-rollout.ts';
import { describeEvent, newEvents } from '../../../../cli/rollout/describe-event.ts';
import { drawWaves } from '../../../../cli/rollout/describe-rollout.ts';
import { describeStrategy } from '../../../../cli/rollout/describe-strategy.ts';
import { listRollouts } from '../../../../cli/rollout/list-rollouts.ts';
import { nextCommands } from '../../../../cli/rollout/next-commands.ts';
import { rollBack } from '../../../../cli/rollout/roll-back.ts';
import { showRollout } from '../../../../cli/rollout/show-rollout.ts';
import { painter } from '../../../../cli/text/paint.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import { countTargets } from '../../../../domain/rollout/rollout.ts';
import type { RolloutEvent } from '../../../../domain/rollout/rollout-status.ts';
import type { RolloutView } from '../../../../domain/rollout/rollout-view.ts';
import { asCommand } from '../../../support/as-command.ts';
import {
  type FakeApi,
  type FakeHandler,
  sendJson,
  sendProblem,
  startFakeApi,
} from '../../../support/fake-api.ts';
import { makeIo } from '../../../support/fake-io.ts';
import '../../../support/fake-one-realm.ts';
import { makeRollout, makeTarget, PROGRESSIVE } from '../../../support/rollout-view.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function serve(handlers: Readonly<Record<string, FakeHandler>>) {
  api = await startFakeApi(handlers);
  return createApiClient({ server: api.url, token: undefined });
}

const answer =
  (body: unknown, status = 200): FakeHandler =>
  (_, response) =>
    sendJson(response, body, status);

function anEvent(event: Partial<RolloutEvent> = {}): RolloutEvent {
  return { at: NOW - 60_000, kind: 'decided', state: 'running', by: '', reason: 'wave 1 begins', ...event };
}

const FAILED = makeTarget('team-a', 'failed', {
  reason: 'pod x-1: CrashLoopBackOff',
  cause: 'CrashLoopBackOff',
  wave: 0,
  admittedAt: 1,
});
const REST = ['team-b', 'team-c', 'team-d'].map((name) => makeTarget(name, 'pending', { wave: 1 }));

/** The canary has failed. */
const PAUSED = makeRollout([FAILED, ...REST], {
  state: 'paused',
  trigger: 'release',
  requestedBy: 'release check',
  createdAt: NOW - 120_000,
  releases: [{ channel: 'stable', image: 'fdd:2', version: '2' }],
  strategy: PROGRESSIVE,
  newerRelease: 'replace',
  stateReason: '1 target of the canary failed',
  because: 'nothing new is admitted',
  waves: [
    { size: 1, isCanary: true, maxFailures: 0, counts: countTargets([FAILED]) },
    { size: 3, isCanary: false, maxFailures: 1, counts: countTargets(REST) },
  ],
  events: [
    anEvent({ kind: 'paused', state: 'paused', reason: '1 target of the canary failed' }),
    anEvent({ at: NOW - 90_000 }),
    anEvent({ at: NOW - 120_000, kind: 'created', state: 'pending', by: 'release check', reason: 'new' }),
  ],
});

describe('a reason', () => {
  test.each([
    ['is that of the flag', { given: ' OPS-1 ', line: 'other' }, 'OPS-1'],
    ['is asked for on a terminal', { line: 'OPS-2' }, 'OPS-2'],
  ])('%s', async (_, { given, line }: { given?: string; line?: string }, expected) => {
    expect(await askReason(given, makeIo({ line: line ?? '' }))).toBe(expected);
  });

  test.each([
    ['a pipe', undefined, {}],
    ['an empty answer', undefined, { line: '' }],
    ['an empty flag', ' ', { line: 'x' }],
  ])('is required: %s is wrong usage', async (_, given, io) => {
    await expect(askReason(given, makeIo(io))).rejects.toMatchObject({
      exitCode: EXIT.refused,
      details: [expect.stringContaining('--reason')],
    });
  });
});

describe('skipper rollout show', () => {
  test('prints state, requester, releases, strategy, waves, failures, timeline and commands', async () => {
    const io = makeIo({ isInteractive: true, columns: 200, now: NOW });

    expect(
      await showRollout(await serve({ 'GET /api/rollouts/r1': answer(PAUSED) }), 'r1', 'table', io),
    ).toBe(EXIT.ok);
    expect(io.written().split('\n')).toEqual([
      'r1  paused  1 of 4 ended, 1 failed',
      '1 target of the canary failed',
      '',
      'Requested:    2m ago by release check (release)',
      'Releases:     stable → 2',
      expect.stringMatching(/^Strategy: {5}Progressive: a canary of 1, then 1 and 2 namespaces; at most 50/),
      expect.stringMatching(/^ {14}\S/),
      '',
      'Waves',
      '  1 canary [!!!!!!!!!!!!!!!!!!!!] 1 of 1 ended, 1 failed',
      '  2        [--------------------] 0 of 3 ended',
      '',
      'Failures',
      '  - CrashLoopBackOff',
      '    team-a',
      '',
      'Timeline',
      '  1m ago     paused',
      '  1m30s ago  wave 1 begins',
      '  2m ago     created by release check: new',
      '',
      'What you can do',
      '  skipper rollback r1 --reason "…"',
      '      return to the earlier releases, with holds',
      '  skipper rollout retry r1 --reason "…"',
      '      retry what failed, with the same release',
      '  skipper rollout resume r1 --reason "…"',
      '      continue; failures until now do not count',
      '  skipper rollout skip r1 NAMESPACE --reason "…"',
      '      leave a namespace out',
      '  skipper rollout cancel r1 --reason "…"',
      '      end it; what has begun ends as usual',
      '',
    ]);
  });

  test('fits a narrow terminal, and hides control characters', async () => {
    const rollout = { ...PAUSED, stateReason: `failed \x1b[2J ${'word '.repeat(40)}` };
    const io = makeIo({ isInteractive: true, columns: 60, now: NOW });
    await showRollout(await serve({ 'GET /api/rollouts/r1': answer(rollout) }), 'r1', 'table', io);

    expect(io.written()).not.toContain('\x1b');
    for (const line of io.written().split('\n')) expect(line.length).toBeLessThan(60);
  });

  test('in a pipe prints timestamps; for machines the rollout with ISO times', async () => {
    const client = await serve({
      'GET /api/rollouts/r1': answer({ ...PAUSED, eta: { p50: NOW, p90: NOW + 60_000 } }),
    });
    const [pipe, json] = [makeIo({ now: NOW }), makeIo({ now: NOW })];
    await showRollout(client, 'r1', 'table', pipe);
    await showRollout(client, 'r1', 'json', json);

    expect(pipe.written()).toContain('2026-01-01T11:58:00.000Z by release check (release)');
    expect(pipe.written()).toContain('2026-01-01T12:00:00.000Z, at the latest 2026-01-01T12:01:00.000Z');
    expect(JSON.parse(json.written())).toMatchObject({
      createdAt: '2026-01-01T11:58:00.000Z',
      eta: { p50: '2026-01-01T12:00:00.000Z' },
    });
  });
});

describe('the commands that fit', () => {
  const verbs = (rollout: RolloutView) =>
    nextCommands(rollout).map(({ command }) => command.replace(/^skipper (rollout )?(\w+) .*/, '$2'));
  const done = makeTarget('a', 'completed', { wave: 0, admittedAt: 1 });
  const failed = makeTarget('b', 'failed', { wave: 0, admittedAt: 1 });
  const pending = makeTarget('c', 'pending');

  test.each<[string, RolloutView, string[]]>([
    ['a running rollout', makeRollout([done, pending]), ['watch', 'pause', 'cancel']],
    ['a paused one', { ...makeRollout([pending]), state: 'paused' }, ['resume', 'skip', 'cancel']],
    ['a completed one', makeRollout([done]), ['rollback']],
    ['a failed one', makeRollout([failed]), ['rollback', 'retry']],
    ['one whose namespaces were all refused', makeRollout([makeTarget('e', 'failed')]), []],
    ['one that was cancelled before it began', makeRollout([makeTarget('d', 'cancelled')]), []],
  ])('%s', (_, rollout, expected) => {
    expect(verbs(rollout)).toEqual(expected);
  });

  test('an approval fits while the next wave is not approved', () => {
    const strategy = { ...PROGRESSIVE, approval: true };
    const canary = makeTarget('a', 'completed', { wave: 0, admittedAt: 1 });
    const rest = makeTarget('c', 'pending', { wave: 1 });
    const waiting = makeRollout([canary, rest], { strategy, state: 'running' });

    expect(verbs(waiting)).toContain('approve');
    expect(verbs({ ...waiting, approvedWave: 1 })).not.toContain('approve');
    expect(verbs({ ...waiting, strategy: PROGRESSIVE })).not.toContain('approve');
  });
});

describe('the words', () => {
  test('of a strategy', () => {
    expect(describeStrategy({})).toBe('All: every namespace at once');
    expect(describeStrategy({ trigger: 'unknown' })).toBe('not known');
    expect(describeStrategy({ strategy: { ...PROGRESSIVE, approval: true }, newerRelease: 'replace' })).toBe(
      'Progressive: a canary of 1, then 1 and 2 namespaces; at most 50 in progress; each must stay verified for 1m 30s; each must be verified within 5m; more than 1 failure in all, or a failed canary, pauses it; each wave after the first needs an approval; a newer release replaces what is pending',
    );
  });

  test('of an event', () => {
    expect(describeEvent(anEvent())).toBe('wave 1 begins');
    expect(describeEvent(anEvent({ kind: 'created', by: 'me', reason: '' }))).toBe('created by me');
    expect(
      describeEvent(anEvent({ kind: 'skipped', by: 'me', reason: 'OPS-1', namespaces: ['a', 'b'] })),
    ).toBe('skipped by me: OPS-1 (a, b)');
  });

  test('new events are the unknown ones, oldest first', () => {
    const [first, second] = [anEvent({ at: 1 }), anEvent({ at: 2 })];
    expect(newEvents([], [second, first])).toEqual([first, second]);
    expect(newEvents([first], [second, first])).toEqual([second]);
  });
});

describe('skipper rollout watch', () => {
  const choices = { format: 'table', timeoutMs: undefined, isWatch: true } as const;

  test('in a pipe prints decisions and ends in their order, and ends when the rollout is paused', async () => {
    const failed = { ...FAILED, startedAt: NOW - 90_000, finishedAt: NOW - 70_000 };
    const client = await serve({
      'GET /api/rollouts/r1': answer({ ...PAUSED, targets: [failed, ...REST] }),
    });
    const io = makeIo({ now: NOW });

    expect(await waitForRollout(client, 'r1', choices, io)).toBe(EXIT.failed);
    expect(io.written().trimEnd().split('\n')).toEqual([
      '2026-01-01T11:58:00.000Z rollout r1: created by release check: new',
      '2026-01-01T11:58:30.000Z rollout r1: wave 1 begins',
      '2026-01-01T11:58:50.000Z team-a failed after 20s: pod x-1: CrashLoopBackOff',
      '2026-01-01T11:59:00.000Z rollout r1: paused: 1 target of the canary failed',
      '2026-01-01T12:00:00.000Z rollout r1 1 of 4 ended, 1 failed',
    ]);
    expect(io.warned()).toContain('rollout r1 is paused: 1 target of the canary failed\n');
    expect(io.warned()).toContain('skipper rollout resume r1');
  });

  test.each([
    ['completed', EXIT.ok],
    ['failed', EXIT.failed],
    ['cancelled', EXIT.failed],
    ['superseded', EXIT.failed],
  ] as const)('of a rollout that is %s exits with %i, and prints which', async (state, code) => {
    const rollout = makeRollout([makeTarget('a', 'completed')], { state, stateReason: 'because' });
    const client = await serve({ 'GET /api/rollouts/r1': answer(rollout) });
    const io = makeIo();

    expect(await waitForRollout(client, 'r1', choices, io)).toBe(code);
    expect(io.written() + io.warned()).toContain(`rollout r1 is ${state}: because\n`);
  });

  test('prints once that an approval is missing', async () => {
    const done = makeTarget('team-a', 'completed', { wave: 0, admittedAt: 1 });
    const skipped = makeTarget('team-e', 'cancelled', { wave: 1 });
    const waiting = makeRollout([done, skipped, ...REST], {
      state: 'running',
      strategy: { ...PROGRESSIVE, approval: true },
    });
    const client = await serve({ 'GET /api/rollouts/r1': answer(waiting) });
    const io = makeIo({ now: NOW });
    await waitForRollout(client, 'r1', { ...choices, timeoutMs: 0 }, io).catch(() => undefined);

    expect(io.written().match(/to let the next wave begin: skipper rollout approve r1/g)).toHaveLength(1);
  });

  test('on a terminal draws the waves and what the rollout waits for', async () => {
    const client = await serve({ 'GET /api/rollouts/r1': answer(PAUSED) });
    const io = makeIo({ isInteractive: true, columns: 100, now: NOW });

    await waitForRollout(client, 'r1', choices, io);

    expect(io.written()).toContain('  2        [--------------------] 0 of 3 ended');
    expect(io.written()).toContain('nothing new is admitted');
  });
});

test('with little room, the waves are drawn from the first unfinished one on', () => {
  const waveOf = (...targets: (typeof FAILED)[]) => ({
    size: 1,
    isCanary: false,
    maxFailures: 0,
    counts: countTargets(targets),
  });
  const done = waveOf(makeTarget('a', 'completed'));
  const waves = [done, done, waveOf(...REST), waveOf(...REST)];
  const numbers = (room?: number) =>
    drawWaves(waves, { width: 80, paint: painter({ hasColor: false }) }, room).map((line) => Number(line[2]));

  expect(numbers()).toEqual([1, 2, 3, 4]);
  expect(numbers(1)).toEqual([3]);
  expect(numbers(3)).toEqual([2, 3, 4]);
});

describe('skipper rollout list', () => {
  const { targets: _, ...head } = PAUSED;
  const list = { 'GET /api/rollouts': answer({ rollouts: [head], next: 'r0' }) };
  const filter = { state: 'paused', limit: 20, trigger: undefined } as const;

  test('sends the filters, and prints one line for each rollout', async () => {
    const io = makeIo({ now: NOW });
    await listRollouts(await serve(list), { filter, format: 'table' }, io);

    expect(Object.fromEntries(api?.requests[0]?.query ?? [])).toEqual({ state: 'paused', limit: '20' });
    expect(io.written()).toBe(
      [
        'ROLLOUT  STATE   CREATED                   TRIGGER  BY             VERSION  PROGRESS                WHY',
        'r1       paused  2026-01-01T11:58:00.000Z  release  release check  2        1 of 4 ended, 1 failed  1 target of the canary failed',
        '',
      ].join('\n'),
    );
    expect(io.warned()).toBe('skipper: older rollouts: add --before r0\n');
  });

  test('as CSV has counts and ISO times', async () => {
    const io = makeIo();
    await listRollouts(await serve(list), { filter, format: 'csv' }, io);

    expect(io.written().split('\r\n')).toEqual([
      'id,state,trigger,requestedBy,createdAt,versions,pending,running,paused,completed,failed,cancelled,superseded,reason,stateReason',
      'r1,paused,release,release check,2026-01-01T11:58:00.000Z,2,3,0,0,0,1,0,0,,1 target of the canary failed',
      '',
    ]);
  });
});

const ROLLBACK = { format: 'table', wait: false, timeoutMs: undefined } as const;

describe('a command that changes a rollout', () => {
  const done = { id: 'r1', state: 'running', namespaces: ['b'], left: [], message: 'resumed: it continues' };
  const change = { id: 'r1', command: 'resume', body: { reason: 'OPS-1', namespaces: ['b'] } } as const;

  test('sends the reason, and prints what it did', async () => {
    const io = makeIo();
    const client = await serve({ 'POST /api/rollouts/r1/resume': answer(done) });

    expect(await changeRollout(client, change, 'table', io)).toBe(EXIT.ok);
    expect(api?.requests[0]?.body).toEqual({ reason: 'OPS-1', namespaces: ['b'] });
    expect(io.written()).toBe('rollout r1 resumed: it continues\nfollow it with: skipper rollout watch r1\n');
  });

  test('prints what is left', async () => {
    const io = makeIo();
    const left = ['a', 'b', 'c', 'd', 'e', 'f'];
    const client = await serve({
      'POST /api/rollouts/r1/resume': answer({ ...done, state: 'cancelled', left, message: 'cancelled' }),
    });
    await changeRollout(client, change, 'table', io);

    expect(io.written()).toBe('rollout r1 cancelled\nleft alone: a, b, c, d, e and 1 more\n');
  });

  test('that does not fit the state exits with 2 and the message of the API', async () => {
    const client = await serve({
      'POST /api/rollouts/r1/resume': (_, response) =>
        sendProblem(response, 409, { detail: 'cannot resume a rollout that is running: it must be paused' }),
    });

    await expect(asCommand(changeRollout(client, change, 'table', makeIo()))).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: 'cannot resume a rollout that is running: it must be paused',
    });
  });

  test.each([
    ['completed', EXIT.ok],
    ['failed', EXIT.failed],
  ] as const)('skipper rollback --wait follows the rollback until it has %s', async (state, code) => {
    const begun = makeRollout([makeTarget('a', 'pending')], { id: 'r2', rollsBack: 'r1' });
    const ended = makeRollout([makeTarget('a', state)], { id: 'r2', state, rollsBack: 'r1' });
    const answers = [begun, ended];
    const client = await serve({
      'POST /api/rollouts/r1/rollback': answer(begun, 202),
      'GET /api/rollouts/r2': (_, response) => sendJson(response, answers.shift() ?? ended),
    });
    const io = makeIo();
    const choices = { ...ROLLBACK, format: 'json', wait: true } as const;

    expect(await rollBack(client, { id: 'r1', body: { reason: 'OPS-1' } }, choices, io)).toBe(code);
    expect(answers).toEqual([]);
    expect(JSON.parse(io.written())).toMatchObject({ id: 'r2', state });
    expect(io.warned()).toMatch(/^rollout r2 has started: it rolls rollout r1 back in 1 namespace/);
  });

  test('skipper rollback prints the new rollout, its holds, and what stays', async () => {
    const rollout = makeRollout(
      [makeTarget('a', 'pending'), makeTarget('b', 'cancelled', { reason: 'no earlier release is known' })],
      { id: 'r2', releases: [{ channel: '', image: 'fdd:1', version: '1' }], rollsBack: 'r1' },
    );
    const io = makeIo();
    const client = await serve({ 'POST /api/rollouts/r1/rollback': answer(rollout, 202) });
    await rollBack(client, { id: 'r1', body: { reason: 'OPS-1', to: '1' } }, ROLLBACK, io);

    expect(api?.requests[0]?.body).toEqual({ reason: 'OPS-1', to: '1' });
    expect(io.written().split('\n')).toEqual([
      'rollout r2 has started: it rolls rollout r1 back in 1 namespace to 1',
      'Until you release them, these namespaces get no release automatically: skipper release NAMESPACE…',
      '  b stays: no earlier release is known',
      'follow it with: skipper rollout watch r2',
      '',
    ]);
  });
});
