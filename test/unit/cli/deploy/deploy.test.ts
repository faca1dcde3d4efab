import { afterEach, describe, expect, test } from '@jest/globals';
import { awaitRollout } from '../../../../cli/deploy/await-rollout.ts';
import { type DeployOptions, deploy } from '../../../../cli/deploy/deploy-command.ts';
import { describePlan } from '../../../../cli/deploy/describe-plan.ts';
import { parseStrategy } from '../../../../cli/deploy/parse-strategy.ts';
import { requestDeploy } from '../../../../cli/deploy/request-deploy.ts';
import {
  describeEnd,
  describeProgress,
  drawProgress,
  newlyEnded,
  summarize,
} from '../../../../cli/deploy/rollout-progress.ts';
import { waitForRollout } from '../../../../cli/deploy/wait-command.ts';
import { EXIT } from '../../../../cli/exit-code.ts';
import { painter } from '../../../../cli/text/paint.ts';
import { createApiClient } from '../../../../client/api-client.ts';
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
import { makeRollout as makeRolloutOf, makeTarget, PROGRESSIVE } from '../../../support/rollout-view.ts';
import '../../../support/fake-one-realm.ts';

type Target = RolloutView['targets'][number];

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function serve(handlers: Readonly<Record<string, FakeHandler>>) {
  api = await startFakeApi(handlers);
  return createApiClient({ server: api.url, token: undefined });
}

function makeRollout(...targets: Target[]): RolloutView {
  return makeRolloutOf(targets);
}

/** Returns the rollouts one after the other; the last one stays. */
function inTurn(...rollouts: readonly RolloutView[]): FakeHandler {
  const left = [...rollouts];
  return (_, response) => sendJson(response, left.length > 1 ? left.shift() : left[0]);
}

const DONE = makeTarget('a', 'completed', { outcome: 'updated', startedAt: 0, finishedAt: 12_000 });
const FAILED = makeTarget('b', 'failed', {
  reason: 'exceeded quota: pods\x1b[2J',
  startedAt: 0,
  finishedAt: 400,
});
const plain = painter({ hasColor: false });

describe('the description of a rollout', () => {
  test('only targets that have ended since the last read are reported', () => {
    const before = makeRollout(DONE, makeTarget('b', 'running'));
    const after = makeRollout(DONE, FAILED);

    expect(newlyEnded(undefined, after)).toEqual([DONE, FAILED]);
    expect(newlyEnded(before, after)).toEqual([FAILED]);
    expect(newlyEnded(after, after)).toEqual([]);
  });

  test('an ended target has its outcome or reason, and its duration', () => {
    expect(describeEnd(DONE)).toBe('completed after 12s: updated');
    expect(describeEnd(FAILED)).toBe('failed after 0.4s: exceeded quota: pods [2J');
    expect(describeEnd(makeTarget('c', 'superseded'))).toBe('superseded');
  });

  test('counts leave out zeros', () => {
    const rollout = makeRollout(DONE, FAILED, makeTarget('c', 'running'), makeTarget('d', 'pending'));
    expect(describeProgress(rollout.counts)).toBe('2 of 4 ended, 1 failed, 1 running');
  });

  test('the bar fits, shows failures, and is left out without room', () => {
    const rollout = makeRollout(DONE, FAILED, makeTarget('c', 'running'), makeTarget('d', 'pending'));

    for (const columns of [20, 40, 60, 80, 200]) {
      expect(drawProgress(rollout, 11_100, columns, plain).length).toBeLessThanOrEqual(columns);
    }
    expect(drawProgress(rollout, undefined, 100, plain)).toMatch(/^\[#{7}!{8}-{15}\] 2 of 4 ended/);
    expect(drawProgress(rollout, 11_100, 100, plain)).toContain('about 12s left');
    expect(drawProgress(rollout, undefined, 30, plain)).toBe('2 of 4 ended, 1 failed, 1 run…');
  });

  test('the end lists what failed, and what was cancelled or superseded', () => {
    expect(summarize(makeRollout(DONE))).toEqual([]);
    expect(summarize(makeRollout(DONE, FAILED, makeTarget('c', 'cancelled', { reason: 'is gone' })))).toEqual(
      [
        '1 of 3 namespaces failed:',
        '  b: exceeded quota: pods [2J',
        '1 namespace cancelled or superseded:',
        '  c: cancelled, is gone',
      ],
    );
  });

  test('a plan lists its actions from the largest to the smallest', () => {
    const targets = ['unchanged', 'update', 'bootstrap', 'update', 'refuse', 'of a newer API'].map(
      (action) => ({
        namespace: action,
        action,
        reason: '',
        steps: [],
      }),
    );
    const counts = { refuse: 1, unchanged: 1, 'of a newer API': 1, update: 2, bootstrap: 1 };

    expect(describePlan({ dryRun: true, counts, targets })).toBe(
      '6 namespaces: 1 bootstrap, 2 update, 1 unchanged, 1 refuse, 1 of a newer API',
    );
  });
});

describe('waiting for a rollout', () => {
  const clock = () => {
    let now = 0;
    return {
      now: () => now,
      pause: async (ms: number) => {
        now += ms;
      },
    };
  };
  const quiet = { onSeen: () => undefined, onLost: () => undefined, onBack: () => undefined };

  test('ends with the last target, regardless of its result', async () => {
    const running = makeRollout(DONE, makeTarget('b', 'running'));
    const client = await serve({
      'GET /api/rollouts/r1': inTurn(
        running,
        makeRollout(DONE, makeTarget('b', 'paused')),
        makeRollout(DONE, FAILED),
      ),
    });

    const waited = await awaitRollout(client, 'r1', { ...clock(), ...quiet, deadline: undefined });

    expect(waited).toMatchObject({ isEnded: true, rollout: { counts: { failed: 1 } } });
    expect(api?.requests).toHaveLength(3);
  });

  test.each([
    ['a rollout in waves that is paused', { strategy: PROGRESSIVE }],
    [
      'any rollout that an operator has paused',
      { events: [{ at: 1, kind: 'paused', state: 'paused', by: 'me', reason: 'why' }] },
    ],
  ] as const)('ends with %s', async (_, rollout) => {
    const paused = { ...makeRollout(DONE, makeTarget('b', 'pending')), state: 'paused', ...rollout } as const;
    const client = await serve({ 'GET /api/rollouts/r1': inTurn(paused) });

    const waited = await awaitRollout(client, 'r1', { ...clock(), ...quiet, deadline: undefined });

    expect(waited).toMatchObject({ isEnded: false, isStopped: true, rollout: { state: 'paused' } });
  });

  test('does not end while the last targets must stay verified', async () => {
    const soaking = { ...makeRollout(DONE), state: 'running', strategy: PROGRESSIVE } as const;
    const client = await serve({ 'GET /api/rollouts/r1': inTurn(soaking, makeRollout(DONE)) });

    await awaitRollout(client, 'r1', { ...clock(), ...quiet, deadline: undefined });

    expect(api?.requests).toHaveLength(2);
  });

  test('continues while the API is unreachable, and reports that once', async () => {
    let calls = 0;
    const client = await serve({
      'GET /api/rollouts/r1': (request, response) => {
        calls += 1;
        if (calls === 1 || calls === 4)
          return inTurn(makeRollout(calls === 1 ? makeTarget('a', 'running') : DONE))(request, response);
        return calls === 2
          ? void response.destroy()
          : sendProblem(response, 503, { detail: 'Redis is down' });
      },
    });
    const events: string[] = [];

    const waited = await awaitRollout(client, 'r1', {
      ...clock(),
      deadline: 60_000,
      onSeen: ({ state }) => events.push(state),
      onLost: (reason) => events.push(reason),
      onBack: () => events.push('back'),
    });

    expect(waited.isEnded).toBe(true);
    expect(events).toEqual(['running', expect.stringContaining('no answer'), 'back', 'completed']);
  });

  test('ends at the deadline, even while the API is unreachable', async () => {
    const client = await serve({ 'GET /api/rollouts/r1': inTurn(makeRollout(makeTarget('a', 'running'))) });
    const seen = await awaitRollout(client, 'r1', { ...clock(), ...quiet, deadline: 3_000 });
    await api?.close();
    const unseen = await awaitRollout(client, 'r1', { ...clock(), ...quiet, deadline: 3_000 });

    expect(seen).toMatchObject({ isEnded: false, rollout: { id: 'r1' } });
    expect(unseen).toEqual({ isEnded: false, rollout: undefined });
  });

  test('for an unknown rollout, fails with the message of the API', async () => {
    const client = await serve({
      'GET /api/rollouts/r1': (_, response) =>
        sendProblem(response, 404, { detail: 'rollout "r1" does not exist' }),
    });

    await expect(
      asCommand(awaitRollout(client, 'r1', { ...clock(), ...quiet, deadline: undefined })),
    ).rejects.toMatchObject({
      message: 'rollout "r1" does not exist',
      exitCode: EXIT.refused,
    });
  });
});

describe('skipper wait', () => {
  const options = { format: 'table', timeoutMs: 20_000 } as const;

  test('in a pipe prints a line for each end; failures result in exit code 1', async () => {
    const client = await serve({
      'GET /api/rollouts/r1': inTurn(
        makeRollout(DONE, makeTarget('b', 'running')),
        makeRollout(DONE, FAILED),
      ),
    });
    const io = makeIo({ now: 0 });

    expect(await waitForRollout(client, 'r1', options, io)).toBe(EXIT.failed);
    expect(
      io
        .written()
        .replaceAll(/1970-01-01T00:00:\d\d\.\d{3}Z /g, '')
        .trimEnd()
        .split('\n'),
    ).toEqual([
      'a completed after 12s: updated',
      'rollout r1 1 of 2 ended, 1 running',
      'b failed after 0.4s: exceeded quota: pods [2J',
      'rollout r1 2 of 2 ended, 1 failed',
    ]);
    expect(io.warned()).toBe('1 of 2 namespaces failed:\n  b: exceeded quota: pods [2J\n');
  });

  test('of a rollout that has ended prints when that was', async () => {
    const [early, late] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1, 0, 1)];
    const client = await serve({
      'GET /api/rollouts/r1': inTurn(
        makeRollout({ ...FAILED, finishedAt: late }, makeTarget('c', 'completed', { finishedAt: early })),
      ),
    });
    const io = makeIo({ now: Date.UTC(2026, 5, 1) });

    await waitForRollout(client, 'r1', options, io);

    expect(
      io
        .written()
        .replaceAll(/Z (\S+).*/g, 'Z $1')
        .trimEnd()
        .split('\n'),
    ).toEqual([
      '2026-01-01T00:00:00.000Z c',
      '2026-01-01T00:01:00.000Z b',
      '2026-01-01T00:01:00.000Z rollout',
    ]);
  });

  test('on a terminal draws one bar, and leaves failures above it', async () => {
    const client = await serve({
      'GET /api/rollouts/r1': inTurn(
        makeRollout(makeTarget('a', 'running'), FAILED),
        makeRollout(DONE, FAILED),
      ),
    });
    const io = makeIo({ isInteractive: true, columns: 80 });

    await waitForRollout(client, 'r1', options, io);

    expect(io.written().match(/b failed after/g)).toHaveLength(1);
    expect(io.written()).toContain(`\x1b[1A[${'#'.repeat(15)}${'!'.repeat(15)}] 2 of 2 ended, 1 failed`);
  });

  test('for machines prints only the rollout; progress goes to standard error', async () => {
    const client = await serve({ 'GET /api/rollouts/r1': inTurn(makeRollout(DONE)) });
    const io = makeIo();

    expect(await waitForRollout(client, 'r1', { ...options, format: 'json' }, io)).toBe(EXIT.ok);
    expect(JSON.parse(io.written())).toEqual(makeRollout(DONE));
    expect(io.warned()).toContain('a completed');
  });

  test('of a paused rollout exits with 1, and prints why and how to continue', async () => {
    const paused = {
      ...makeRollout(FAILED, makeTarget('c', 'pending')),
      state: 'paused',
      strategy: PROGRESSIVE,
      stateReason: '1 target of the canary failed: quota',
    } as const;
    const io = makeIo();

    const client = await serve({ 'GET /api/rollouts/r1': inTurn(paused) });

    expect(await waitForRollout(client, 'r1', options, io)).toBe(EXIT.failed);
    expect(io.warned()).toContain('rollout r1 is paused: 1 target of the canary failed: quota\n');
    expect(io.warned()).toContain('  skipper rollout resume r1 --reason "…"   # continue');
  });

  test('of a cancelled rollout exits with 1', async () => {
    const cancelled = { ...makeRollout(DONE, makeTarget('c', 'cancelled')), state: 'cancelled' } as const;
    const client = await serve({ 'GET /api/rollouts/r1': inTurn(cancelled) });

    expect(await waitForRollout(client, 'r1', options, makeIo())).toBe(EXIT.failed);
  });

  test('that times out shows the progress, and that the rollout continues', async () => {
    const client = await serve({
      'GET /api/rollouts/r1': inTurn(makeRollout(DONE, makeTarget('b', 'running'))),
    });

    await expect(
      waitForRollout(client, 'r1', { format: 'table', timeoutMs: 1 }, makeIo()),
    ).rejects.toMatchObject({
      exitCode: EXIT.timeout,
      message: expect.stringContaining('1 of 2 ended'),
      details: ['rollout r1 continues; follow it with: skipper wait r1'],
    });
  });
});

describe('requesting a deploy', () => {
  const clock = (times: number[]) => ({
    now: () => times.reduce((sum, ms) => sum + ms, 0),
    pause: async (ms: number) => {
      times.push(ms);
    },
  });
  const request = { namespaces: ['a'], forceBootstrap: true };

  test('retries with the same key if the response is lost', async () => {
    let calls = 0;
    const client = await serve({
      'POST /api/deploy': (_, response) => {
        calls += 1;
        if (calls === 1) return void response.destroy();
        if (calls === 2)
          return sendProblem(response, 503, { detail: 'Redis is down' }, { 'retry-after': '5' });
        return sendJson(response, makeRollout(DONE), 202);
      },
    });
    const pauses: number[] = [];
    const reasons: string[] = [];

    const rollout = await requestDeploy(client, request, 'key-1', {
      ...clock(pauses),
      onRetry: (reason) => reasons.push(reason),
    });

    expect(rollout.id).toBe('r1');
    expect(pauses).toEqual([1_000, 5_000]);
    expect(reasons).toEqual([expect.stringContaining('no answer'), 'Redis is down']);
    expect(api?.requests.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'key-1',
      'key-1',
      'key-1',
    ]);
    expect(api?.requests[2]?.body).toEqual({ namespaces: ['a'], force_bootstrap: true });
  });

  test('gives up eventually, and shows how to retry safely', async () => {
    const client = await serve({});
    await api?.close();
    const patience = { ...clock([]), onRetry: () => undefined };

    await expect(requestDeploy(client, request, 'key-1', patience)).rejects.toMatchObject({
      exitCode: EXIT.unreachable,
      details: expect.arrayContaining([expect.stringContaining('--idempotency-key key-1')]),
    });
  });

  test('does not retry a refused request', async () => {
    const client = await serve({
      'POST /api/deploy': (_, response) => sendProblem(response, 400, { detail: 'unknown namespaces: a' }),
    });
    const patience = { ...clock([]), onRetry: () => undefined };

    await expect(requestDeploy(client, request, 'key-1', patience)).rejects.toThrow('unknown namespaces: a');
    expect(api?.requests).toHaveLength(1);
  });
});

describe('skipper deploy', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const options: DeployOptions = {
    request: { namespaces: ['a'], forceBootstrap: false },
    format: 'table',
    isDryRun: false,
    isConfirmed: false,
    mayTakeOver: false,
    wait: false,
    timeoutMs: 20_000,
    idempotencyKey: undefined,
  };
  const answers = {
    'POST /api/deploy': ((request, response) => {
      if (!request.body.dry_run) return sendJson(response, makeRollout(makeTarget('a', 'pending')), 202);
      const targets = (request.body.namespaces ?? names).map((namespace: string) => ({
        namespace,
        action: namespace === 'f' ? 'refuse' : 'update',
        version: '2',
        reason: 'because',
        steps: [],
      }));
      const refuse = targets.filter(({ action }: { action: string }) => action === 'refuse').length;
      const counts = { update: targets.length - refuse, ...(refuse > 0 ? { refuse } : {}) };
      return sendJson(response, { dryRun: true, counts, targets });
    }) satisfies FakeHandler,
    'GET /api/rollouts/r1': inTurn(makeRollout(DONE)),
  };
  const deploys = () => api?.requests.filter(({ method, body }) => method === 'POST' && !body.dry_run) ?? [];

  test('shows what it will do, and how to follow it', async () => {
    const io = makeIo();

    expect(await deploy(await serve(answers), options, io)).toBe(EXIT.ok);
    expect(io.written()).toBe(
      'deploying 1 namespace: 1 update\nrollout r1 has started\nfollow it with: skipper wait r1\n',
    );
    expect(api?.requests[0]?.body).toEqual({ namespaces: ['a'], dry_run: true, omit_steps: true });
    expect(deploys()[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    ['a few namespaces need no confirmation', names.slice(0, 5), true, 0, 1],
    ['more namespaces need a confirmation', names, true, 1, 1],
    ['all namespaces need a confirmation', undefined, true, 1, 1],
    ['the answer no deploys nothing', undefined, false, 1, 0],
    ['a pipe needs no confirmation', undefined, undefined, 0, 1],
  ])('%s', async (_, namespaces, answer, questions, deployed) => {
    const io = makeIo(answer === undefined ? {} : { answer });
    const ending = deploy(
      await serve(answers),
      { ...options, request: { ...options.request, namespaces } },
      io,
    );

    if (deployed === 0) await expect(ending).rejects.toMatchObject({ exitCode: EXIT.refused });
    else expect(await ending).toBe(EXIT.ok);
    expect(io.questions).toHaveLength(questions);
    expect(deploys()).toHaveLength(deployed);
  });

  test('--yes skips the question', async () => {
    const io = makeIo({ answer: false });
    const request = { namespaces: undefined, forceBootstrap: true };

    expect(await deploy(await serve(answers), { ...options, request, isConfirmed: true }, io)).toBe(EXIT.ok);
    expect(io.questions).toEqual([]);
  });

  test('--force-bootstrap is in the question', async () => {
    const io = makeIo({ answer: true });
    await deploy(
      await serve(answers),
      { ...options, request: { namespaces: undefined, forceBootstrap: true } },
      io,
    );

    expect(io.questions).toEqual(['Force a bootstrap of all 6 namespaces?']);
  });

  test('--reason and --strategy are sent, but not with the plan', async () => {
    const request = {
      namespaces: ['a'],
      forceBootstrap: false,
      reason: 'OPS-1',
      strategy: { type: 'All' },
    } as const;
    await deploy(await serve(answers), { ...options, request }, makeIo());

    expect(api?.requests[0]?.body).toEqual({ namespaces: ['a'], dry_run: true, omit_steps: true });
    expect(deploys()[0]?.body).toEqual({ namespaces: ['a'], reason: 'OPS-1', strategy: { type: 'All' } });
  });

  test.each([
    ['ALL', { type: 'All' }],
    ['progressive', { type: 'Progressive' }],
    ['{type: Progressive, canary: 2}', { type: 'Progressive', canary: 2 }],
    ['{"type":"Progressive","waves":["10%"]}', { type: 'Progressive', waves: ['10%'] }],
  ])('--strategy %s', (text, strategy) => {
    expect(parseStrategy(text)).toEqual(strategy);
  });

  test.each([
    ['fast', 'must have the type All or Progressive'],
    ['{type: Progressive, canary: few}', 'canary must be a number of namespaces'],
    ['{type: Progressive, waves: [20%, 10%]}', 'waves[1] must be more than 20%'],
    ['{type: Progressive', 'is not valid YAML'],
  ])('--strategy %s is refused, with the field', (text, message) => {
    expect(() => parseStrategy(text)).toThrow(message);
  });

  test('--wait waits with the rollout', async () => {
    const io = makeIo();

    expect(await deploy(await serve(answers), { ...options, wait: true }, io)).toBe(EXIT.ok);
    expect(io.written()).toContain('a completed after 12s: updated');
  });

  test('-o json prints only the rollout', async () => {
    const io = makeIo();
    await deploy(await serve(answers), { ...options, format: 'json' }, io);

    expect(JSON.parse(io.written())).toMatchObject({ id: 'r1' });
    expect(io.warned()).toContain('deploying 1 namespace');
  });

  test('--dry-run deploys nothing, and fails if a namespace would be refused', async () => {
    const client = await serve(answers);
    const [one, all] = [makeIo(), makeIo()];
    const request = { namespaces: undefined, forceBootstrap: false };

    expect(await deploy(client, { ...options, isDryRun: true }, one)).toBe(EXIT.ok);
    expect(await deploy(client, { ...options, isDryRun: true, request }, all)).toBe(EXIT.failed);
    expect(one.written()).toBe(
      'NAMESPACE  ACTION  VERSION  REASON\na          update  2        because\n\nwould deploy 1 namespace: 1 update\n',
    );
    expect(all.written()).toContain('would deploy 6 namespaces: 5 update, 1 refuse');
    expect(deploys()).toEqual([]);
  });

  describe('from which version to which', () => {
    const planned = (...targets: object[]) =>
      serve({
        ...answers,
        'POST /api/deploy': (request, response) => {
          if (!request.body.dry_run) return sendJson(response, makeRollout(makeTarget('a', 'pending')), 202);
          const plain = { reason: 'r', steps: [] };
          return sendJson(response, {
            dryRun: true,
            counts: { bootstrap: 2, update: 1, unchanged: 1 },
            targets: targets.map((target) => ({ ...plain, ...target })),
          });
        },
      });
    const TARGETS = [
      { namespace: 'a', action: 'bootstrap', from: '1', version: '2', takesOverFrom: 'fdd' },
      { namespace: 'b', action: 'bootstrap', from: '', version: '2' },
      { namespace: 'c', action: 'update', from: '1', version: '2' },
      { namespace: 'd', action: 'unchanged', from: '2', version: '2' },
    ];
    const agreed = { ...options, mayTakeOver: true };

    test('is shown by --dry-run, and a takeover has its own word', async () => {
      const io = makeIo();
      await deploy(await planned(...TARGETS), { ...options, isDryRun: true }, io);

      expect(io.written()).toBe(
        [
          'NAMESPACE  ACTION     VERSION           REASON',
          'a          takeover   1 → 2             r',
          'b          bootstrap  not deployed → 2  r',
          'c          update     1 → 2             r',
          'd          unchanged  2                 r',
          '',
          'would deploy 4 namespaces: 1 takeover, 1 bootstrap, 1 update, 1 unchanged',
          '',
        ].join('\n'),
      );
    });

    test('is shown before a handful is deployed', async () => {
      const io = makeIo();
      await deploy(await planned(...TARGETS), agreed, io);

      expect(io.written().split('\n').slice(1, 5)).toEqual([
        '  a: 1 → 2 (takeover)',
        '  b: not deployed → 2 (bootstrap)',
        '  c: 1 → 2 (update)',
        '  d: 2 (unchanged)',
      ]);
    });

    test.each([
      ['is asked about, though all else is confirmed', true, { ...options, isConfirmed: true }, 1, 1],
      ['is not done after a no', false, options, 1, 0],
      ['is not asked about with its flag', true, agreed, 0, 1],
      ['is done in a pipe with its flag', undefined, agreed, 0, 1],
    ])('a takeover %s', async (_, answer, chosen, questions, deployed) => {
      const io = makeIo(answer === undefined ? {} : { answer });
      await deploy(await planned(...TARGETS), chosen, io).catch(() => undefined);

      expect(io.questions).toHaveLength(questions);
      if (questions > 0) expect(io.questions[0]).toBe('Take FDD over from Helm in 1 namespace?');
      expect(deploys()).toHaveLength(deployed);
    });

    test('a takeover is refused in a pipe, also with --yes', async () => {
      const client = await planned(...TARGETS);

      await expect(deploy(client, { ...options, isConfirmed: true }, makeIo())).rejects.toMatchObject({
        exitCode: EXIT.refused,
        message: 'Helm manages FDD in a: nothing was deployed',
        details: [expect.stringContaining('--take-over-from-helm')],
      });
      expect(deploys()).toEqual([]);
    });
  });

  test('--dry-run for machines has every step', async () => {
    const io = makeIo();
    await deploy(await serve(answers), { ...options, isDryRun: true, format: 'yaml' }, io);

    expect(io.written()).toContain('dryRun: true\n');
    expect(api?.requests[0]?.body).toEqual({ namespaces: ['a'], dry_run: true });
  });
});
