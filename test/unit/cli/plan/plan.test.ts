import { afterEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../../../../cli/exit-code.ts';
import { applyPlan } from '../../../../cli/plan/apply-plan.ts';
import { showPlan } from '../../../../cli/plan/show-plan.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import { countActions, type PlannedNamespace } from '../../../../domain/deploy/server-plan.ts';
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
import { makeRollout, makeTarget } from '../../../support/rollout-view.ts';

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function serve(handlers: Readonly<Record<string, FakeHandler>>) {
  api = await startFakeApi(handlers);
  return createApiClient({ server: api.url, token: undefined });
}

const UPDATE: PlannedNamespace = {
  namespace: 'team-a',
  action: 'update',
  reason: 'the image differs',
  from: '1',
  version: '2',
};
const UNCHANGED = {
  ...UPDATE,
  namespace: 'team-b',
  action: 'unchanged',
  reason: 'already runs 2',
  from: '2',
};
const DENIED = { ...UPDATE, namespace: 'team-c', denied: 'exceeded quota: none', code: 'quota_exceeded' };

function aPlan(...targets: readonly PlannedNamespace[]) {
  return {
    id: 'plan-1',
    createdAt: 1,
    expiresAt: Date.UTC(2026, 0, 2),
    requestedBy: 'jo',
    forceBootstrap: false,
    counts: countActions(targets),
    pending: 0,
    targets,
  };
}

const answer =
  (body: unknown, status = 200): FakeHandler =>
  (_, response) =>
    sendJson(response, body, status);
const ALL = { namespaces: undefined, forceBootstrap: false };
const OPTIONS = {
  format: 'table',
  wait: false,
  isConfirmed: true,
  mayTakeOver: false,
  timeoutMs: 1,
} as const;

describe('skipper plan', () => {
  test('shows each namespace, what is denied, and how to apply the plan', async () => {
    const client = await serve({
      'POST /api/rollouts': answer(aPlan(DENIED, UNCHANGED, UPDATE)),
    });
    const io = makeIo();

    expect(await showPlan(client, ALL, 'table', io)).toBe(EXIT.failed);
    expect(io.written()).toMatch(/team-a +update +1 → 2 +the image differs/);
    expect(io.written()).toMatch(/team-c +denied +1 → 2 +exceeded quota: none/);
    expect(io.written()).toContain('Plan for 3 namespaces: 1 denied, 1 update, 1 unchanged.');
    expect(io.written()).toContain('Apply exactly this, until 2026-01-02 00:00:00 UTC: skipper apply plan-1');
  });

  test('offers nothing to apply if nothing would change', async () => {
    const client = await serve({ 'POST /api/rollouts': answer(aPlan(UNCHANGED)) });
    const io = makeIo();

    expect(await showPlan(client, ALL, 'table', io)).toBe(EXIT.ok);
    expect(io.written()).toContain('There is nothing to apply.');
    expect(io.written()).not.toContain('skipper apply');
  });
});

describe('skipper apply', () => {
  test('starts the rollout of the plan, and says how to follow it', async () => {
    const rollout = makeRollout([makeTarget('team-a', 'pending')]);
    const client = await serve({
      'GET /api/plans/plan-1': answer(aPlan(UPDATE)),
      'POST /api/rollouts': answer(rollout, 202),
    });
    const io = makeIo();

    expect(await applyPlan(client, 'plan-1', OPTIONS, io)).toBe(EXIT.ok);
    expect(io.written()).toContain(`follow it with: skipper rollout watch ${rollout.id}`);
    expect(api?.requests.at(-1)?.body).toEqual({ plan: 'plan-1' });
  });

  test('prints the differences if the fleet has changed', async () => {
    const moved = {
      detail: '1 namespace has changed since the plan was made: plan again',
      errors: [{ field: 'team-a', message: 'planned: update 1 to 2; now: unchanged' }],
    };
    const client = await serve({
      'GET /api/plans/plan-1': answer(aPlan(UPDATE)),
      'POST /api/rollouts': (_, response) => sendProblem(response, 409, moved),
    });

    await expect(asCommand(applyPlan(client, 'plan-1', OPTIONS, makeIo()))).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringContaining('plan again'),
      details: [expect.stringContaining('team-a')],
    });
  });

  test('does not take FDD over from Helm without a confirmation of its own', async () => {
    const takeover = { ...UPDATE, action: 'bootstrap', takesOverFrom: 'helm-1' };
    const client = await serve({ 'GET /api/plans/plan-1': answer(aPlan(takeover)) });

    await expect(applyPlan(client, 'plan-1', OPTIONS, makeIo())).rejects.toMatchObject({
      exitCode: EXIT.refused,
      details: [expect.stringContaining('--take-over-from-helm')],
    });
  });
});
