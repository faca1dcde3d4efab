import { afterEach, describe, expect, test } from '@jest/globals';
import { followAudit, showAudit } from '../../../../cli/audit/show-audit.ts';
import { EXIT } from '../../../../cli/exit-code.ts';
import { createApiClient } from '../../../../client/api-client.ts';
import type { StoredAuditEntry } from '../../../../domain/audit/audit-list.ts';
import {
  type FakeApi,
  type FakeHandler,
  sendJson,
  sendProblem,
  startFakeApi,
} from '../../../support/fake-api.ts';
import { makeIo } from '../../../support/fake-io.ts';
import '../../../support/fake-one-realm.ts';

const AT = Date.UTC(2026, 0, 1, 12);

function anEntry(second: number, overrides: Partial<StoredAuditEntry> = {}): StoredAuditEntry {
  return {
    id: `${AT + second * 1000}-0`,
    at: AT + second * 1000,
    kind: 'rollout.paused',
    by: 'skipper',
    rolloutId: 'r1',
    namespaces: ['team-a', 'team-b', 'team-c'],
    count: 300,
    reason: 'too many\nfailed',
    outcome: 'failed',
    ...overrides,
  };
}

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function serve(handler: FakeHandler) {
  api = await startFakeApi({ 'GET /api/audit': handler });
  return createApiClient({ server: api.url, token: undefined });
}

describe('skipper audit', () => {
  test.each([
    [{}, 'skipper'],
    [{ trigger: 'heal' }, 'skipper (heal)'],
    [{ by: '10.0.0.1', from: '10.0.0.1', trigger: 'cli' }, '10.0.0.1 (cli)'],
    [{ by: 'jo', from: '10.0.0.1', trigger: 'api' }, 'jo (10.0.0.1, api)'],
  ] as const)('names who did it, from where and with what: %j', async (who, expected) => {
    const io = makeIo();
    const client = await serve((_, response) => sendJson(response, { entries: [anEntry(0, who)] }));
    await showAudit(client, { request: { limit: 50 }, format: 'table' }, io);

    expect(io.written()).toContain(`failed   ${expected}  r1`);
  });

  test('lists entries, and how to see older ones', async () => {
    const io = makeIo();
    const client = await serve((_, response) => sendJson(response, { entries: [anEntry(0)], next: '5-0' }));
    const request = { kind: 'rollout', since: '2h', limit: 50 };

    expect(await showAudit(client, { request, format: 'table' }, io)).toBe(EXIT.ok);
    expect(io.written().split('\n')).toEqual([
      expect.stringMatching(/^TIME +WHAT +OUTCOME +BY +ABOUT +WHY$/),
      expect.stringMatching(
        /^2026-01-01T12:00:00.000Z {2}rollout.paused {2}failed +skipper {2}r1, team-a, team-b, team-c and 297 more {2}too many failed$/,
      ),
      '',
    ]);
    expect(io.warned()).toBe('skipper: older entries: add --cursor 5-0\n');
    expect(`${api?.requests[0]?.query}`).toBe('kind=rollout&since=2h&limit=50');
  });

  test('counts the namespaces that an entry does not name', async () => {
    const io = makeIo();
    const entry = anEntry(0, { rolloutId: undefined, namespaces: undefined, count: 40 });
    const client = await serve((_, response) => sendJson(response, { entries: [entry] }));
    await showAudit(client, { request: { limit: 50 }, format: 'table' }, io);

    expect(io.written()).toMatch(/skipper {2}40 namespaces {2}too many failed$/m);
  });

  test.each(['json', 'yaml', 'csv'] as const)('-o %s has the reason and the id', async (format) => {
    const io = makeIo();
    const client = await serve((_, response) => sendJson(response, { entries: [anEntry(0)] }));
    await showAudit(client, { request: {}, format }, io);

    expect(io.written()).toContain('failed');
    expect(io.written()).toContain(`${AT}-0`);
  });

  test('says that nothing matches', async () => {
    const io = makeIo();
    const client = await serve((_, response) => sendJson(response, { entries: [] }));
    await showAudit(client, { request: {}, format: 'table' }, io);

    expect(io.warned()).toBe('skipper: no entries match\n');
  });
});

describe('skipper audit --follow', () => {
  test('prints what is stored, oldest first, then each new entry once, through an outage', async () => {
    const io = makeIo();
    const stored = [anEntry(2, { reason: 'two' }), anEntry(1, { reason: 'one' })];
    let polls = 0;
    const client = await serve(({ query }, response) => {
      if (query.has('since')) polls += 1;
      if (polls === 1) {
        stored.unshift(anEntry(3, { reason: 'three', outcome: 'ok', namespaces: [], count: 0 }));
        return sendProblem(response, 503, { detail: 'Redis is down' });
      }
      if (polls === 4) return sendProblem(response, 401, { detail: 'no token' });
      const limit = Number(query.get('limit') ?? 50);
      return sendJson(response, { entries: stored.slice(0, limit) });
    });

    const followed = followAudit(client, { request: {}, format: 'table', everyMs: 1 }, io);
    await expect(followed).rejects.toThrow(/token/);

    expect(io.written().match(/one|two|three/g)).toEqual(['one', 'two', 'three']);
    expect(io.written()).toContain('rollout.paused by skipper: r1: three');
    expect(io.warned()).toContain('Redis is down; retrying');
  });
});
