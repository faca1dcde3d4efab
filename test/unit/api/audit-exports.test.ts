import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type AuditExportParts, openAuditExports } from '../../../api/audit-exports.ts';
import type { StoredAuditEntry } from '../../../domain/audit/audit-list.ts';
import { silentLog } from '../../support/builders.ts';
import { until } from '../../support/until.ts';

const BATCHES = 100;
const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** A log of batches of megabytes, which counts how many were read. */
function largeLog({ failsAt = Number.POSITIVE_INFINITY } = {}) {
  let reads = 0;
  const state = {
    rolloutsOf: async () => new Set<string>(),
    auditBefore: async (_before: string | undefined, limit: number) => {
      reads += 1;
      if (reads === failsAt) throw new Error('Redis is not connected');
      const entries = Array.from({ length: limit }, (_, index) => anEntry(reads * limit + index));
      return { entries, next: reads < BATCHES ? entries.at(-1)?.id : undefined };
    },
  };
  return { state, reads: () => reads };
}

function anEntry(number: number): StoredAuditEntry {
  const reason = 'x'.repeat(4_000);
  return { id: `${1e9 - number}-0`, at: 1, kind: 'rollout.paused', by: 'jo', reason, outcome: 'ok' };
}

async function listen(parts: Pick<AuditExportParts, 'state' | 'stallMs'>) {
  const exports = openAuditExports({ log: silentLog, ...parts });
  const server = createServer((_request, response) => {
    try {
      exports.begin({}).stream(response);
    } catch (error) {
      response.writeHead((error as { status: number }).status).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return (server.address() as AddressInfo).port;
}

/** Requests an export and reads nothing of it. */
async function ask(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').pause();
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  return socket;
}

const statusOf = async (port: number) => {
  const leaving = new AbortController();
  const { status } = await fetch(`http://127.0.0.1:${port}`, { signal: leaving.signal });
  leaving.abort();
  return status;
};

describe('an export', () => {
  test('reads no more than its client, and ends when that leaves', async () => {
    const log = largeLog();
    const socket = await ask(await listen({ state: log.state }));
    await until(() => log.reads() > 0, 'it begins');
    const unread = await until(async () => {
      const before = log.reads();
      await pause(500);
      return log.reads() === before && before;
    }, 'the client is full');
    socket.destroy();
    await pause(500);

    expect(unread).toBeLessThan(BATCHES / 4);
    expect(log.reads()).toBeLessThanOrEqual(unread + 1);
  });

  test('takes one of four places until it ends', async () => {
    const { state } = largeLog();
    const port = await listen({ state });
    const [first] = await Promise.all([ask(port), ask(port), ask(port), ask(port)]);
    await until(async () => (await statusOf(port)) === 429, 'all places are taken');
    first?.destroy();

    await until(async () => (await statusOf(port)) === 200, 'a place is free');
  });

  test('whose client reads nothing for long is ended', async () => {
    const { state } = largeLog();
    const port = await listen({ state, stallMs: 2_000 });
    await Promise.all([ask(port), ask(port), ask(port), ask(port)]);
    await until(async () => (await statusOf(port)) === 429, 'all places are taken');

    await until(async () => (await statusOf(port)) === 200, 'a place is free');
  });

  test('that cannot be completed says so in its last line, and where to continue', async () => {
    const port = await listen({ state: largeLog({ failsAt: 2 }).state });
    const lines = (await (await fetch(`http://127.0.0.1:${port}`)).text()).trim().split('\n');

    expect(lines).toHaveLength(1_001);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      error: 'the export is incomplete: Redis is not connected',
      next: JSON.parse(lines.at(-2) ?? '').id,
    });
  });
});
