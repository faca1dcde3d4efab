import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createApp } from '../../../api/app.ts';
import { openFleetView } from '../../../api/fleet-view/open-fleet-view.ts';
import { openReleaseHook, type ReleaseHookParts } from '../../../api/release-hook.ts';
import type { AuditEntry } from '../../../domain/audit/audit-entry.ts';
import { webhookKey } from '../../../shared/notify/standard-webhooks.ts';
import { createFakeCore, silentFeed } from '../../support/fake-core.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'skipper-hook-'));

const announced = (id: string) => ({ id, from: '10.0.0.7', channel: 'stable' });

function open(text: string, parts: Partial<ReleaseHookParts> = {}) {
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, text);
  return openReleaseHook({ secretFile, ...parts } as ReleaseHookParts);
}

describe('a secret file', () => {
  test.each([
    ['that is empty', ' \n', /--hook-secret-file .* is empty/],
    ['that is not base64', 'whsec_planted!', /--hook-secret-file .*the rest is not base64$/],
  ])('%s keeps the API from starting, without the secret', (_what, text, expected) => {
    expect(() => open(text)).toThrow(expected);
    expect(() => open(text)).not.toThrow('planted');
  });

  test('that cannot be read keeps the API from starting', () => {
    const secretFile = join(folder, 'missing');

    expect(() => openReleaseHook({ secretFile } as ReleaseHookParts)).toThrow(/cannot be read: .*ENOENT/);
  });
});

describe('accept', () => {
  function parts(request: () => Promise<string>) {
    const known = new Set<string>();
    const entries: AuditEntry[] = [];
    const state = {
      audit: async (added: readonly AuditEntry[]) => void entries.push(...added),
      noteHook: async (id: string) => known.size < known.add(id).size,
      forgetHook: async (id: string) => void known.delete(id),
    };
    return { state, releaseChecks: { request }, entries };
  }

  test('requests one check for each id', async () => {
    let checks = 0;
    const own = parts(async () => String(++checks));
    const hook = open('a secret!', own);

    expect([
      await hook.accept(announced('a')),
      await hook.accept(announced('a')),
      await hook.accept(announced('b')),
    ]).toEqual([true, false, true]);
    expect(checks).toBe(2);
    const entry = { kind: 'release.announced', trigger: 'webhook', from: '10.0.0.7', channel: 'stable' };
    expect(own.entries).toMatchObject([
      { ...entry, by: 'a' },
      { ...entry, by: 'b' },
    ]);
  });

  test('forgets the id of a check that could not be requested: its sender tries again', async () => {
    let isDown = true;
    const request = async () => {
      if (isDown) throw new Error('down');
      return '1';
    };
    const own = parts(request);
    const hook = open('a secret!', own);

    await expect(hook.accept(announced('a'))).rejects.toThrow('down');
    expect(own.entries).toEqual([]);
    isDown = false;
    expect(await hook.accept(announced('a'))).toBe(true);
  });
});

describe('new ids', () => {
  test('are limited, and repeated ones take nothing from the limit', async () => {
    const known = new Set(['repeated']);
    const state = {
      audit: async () => undefined,
      noteHook: async (id: string) => known.size < known.add(id).size,
      forgetHook: async (id: string) => void known.delete(id),
    };
    const hook = open('a secret!', { state, releaseChecks: { request: async () => '1' } });
    await hook.accept(announced('repeated'));
    for (let index = 0; index < 100; index += 1) expect(await hook.accept(announced('repeated'))).toBe(false);
    for (let index = 0; index < 29; index += 1)
      expect(await hook.accept(announced(`new-${index}`))).toBe(true);

    await expect(hook.accept(announced('too-many'))).rejects.toMatchObject({
      status: 429,
      code: 'too_many_requests',
    });
    await expect(hook.accept(announced('too-many'))).rejects.toMatchObject({ status: 429 });
    expect(await hook.accept(announced('repeated'))).toBe(false);
  });
});

describe('senders without the secret', () => {
  const SECRET = 'a secret!';
  const BODY = '{"channel": "stable"}';
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function listen() {
    const hookSecretFile = join(folder, 'app-secret');
    writeFileSync(hookSecretFile, SECRET);
    const { core } = createFakeCore({ flags: { hookSecretFile, trustProxy: 'loopback' } });
    Object.assign(core.redis, { status: 'ready' });
    Object.assign(core.state, { noteHook: async () => true });
    Object.assign(core.releaseCheckQueue, { add: async () => ({ id: '1' }) });
    const view = openFleetView(core, silentFeed);
    const server = createApp(core, '1.2.3', view).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(
      () => view.close(),
      () => server.close(),
      () => server.closeAllConnections(),
    );
    return (server.address() as AddressInfo).port;
  }

  /** Sends its headers, and its body never. */
  async function hang(port: number, caller: string): Promise<{ socket: Socket; status(): string }> {
    const socket = connect(port, '127.0.0.1');
    closers.push(() => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    await once(socket, 'connect');
    const headers = [`x-forwarded-for: ${caller}`, 'content-type: application/json', 'content-length: 10'];
    socket.write(`POST /api/hooks/release HTTP/1.1\r\nhost: x\r\n${headers.join('\r\n')}\r\n\r\n`);
    return { socket, status: () => text.split(' ')[1] ?? '' };
  }

  const announce = (port: number, id: string, body = BODY) =>
    fetch(`http://127.0.0.1:${port}/api/hooks/release`, {
      method: 'POST',
      body,
      headers: webhookKey(SECRET).headersFor({ id, at: Date.now(), body }),
    });

  test('take no place of those with it, however many hang', async () => {
    const port = await listen();
    for (let index = 0; index < 20; index += 1) await hang(port, `203.0.113.${index}`);

    expect((await announce(port, 'msg_1')).status).toBe(202);
  });

  test('have few places of their own for each address, until they leave', async () => {
    const port = await listen();
    const hung = await Promise.all(Array.from({ length: 9 }, () => hang(port, '203.0.113.1')));
    await until(() => hung.some(({ status }) => status() === '429'), 'one is refused');
    for (const { socket } of hung) socket.destroy();

    expect(hung.filter(({ status }) => status() === '429')).toHaveLength(1);
    const again = await hang(port, '203.0.113.1');
    again.socket.write('not signed');
    await until(() => again.status() === '401', 'its body is read');
  });

  test('send small bodies only', async () => {
    const port = await listen();

    expect((await announce(port, 'msg_2', ' '.repeat(70_000))).status).toBe(413);
  });
});
