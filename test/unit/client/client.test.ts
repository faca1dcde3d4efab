import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import fc from 'fast-check';
import * as z from 'zod';
import { readConnection } from '../../../cli/connection.ts';
import { EXIT } from '../../../cli/exit-code.ts';
import { createApiClient } from '../../../client/api-client.ts';
import { openApiCalls } from '../../../client/call-api.ts';
import type { FleetNews } from '../../../client/fleet-news.ts';
import { followFleet } from '../../../client/follow-fleet.ts';
import { refusal } from '../../../client/refusal.ts';
import { readEvents } from '../../../client/server-sent-events.ts';
import { asCommand } from '../../support/as-command.ts';
import {
  type FakeApi,
  type FakeHandler,
  makeFleet,
  makeRow,
  openStream,
  sendJson,
  sendProblem,
  startFakeApi,
} from '../../support/fake-api.ts';

let folder = '';
let api: FakeApi | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skipper-cli-'));
});
afterEach(async () => {
  await api?.close();
  api = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function serve(handlers: Readonly<Record<string, FakeHandler>>, token?: string) {
  api = await startFakeApi(handlers);
  return createApiClient({ server: api.url, token });
}

/** Single calls with any response. */
async function serveCalls(handlers: Readonly<Record<string, FakeHandler>>) {
  api = await startFakeApi(handlers);
  const calls = openApiCalls({ server: api.url });
  return { server: api.url, get: (path: string) => asCommand(calls.get(path, z.unknown())), calls };
}

describe('the connection', () => {
  test('is to localhost unless a variable or a flag is set', () => {
    const env = { SKIPPER_SERVER: 'https://by-variable/' };

    expect(readConnection({}, {}).server).toBe('http://127.0.0.1:5000');
    expect(readConnection({}, env).server).toBe('https://by-variable');
    expect(readConnection({ server: 'http://by-flag:80/skipper/' }, env).server).toBe(
      'http://by-flag/skipper',
    );
  });

  test("reads its token from the flag's file, the variable's file, or the variable", () => {
    const [one, two] = ['one', 'two'].map((token) => {
      const path = join(folder, token);
      writeFileSync(path, `${token}\n`);
      return path;
    });
    const env = { SKIPPER_TOKEN: 'three' };

    expect(readConnection({ tokenFile: one }, { ...env, SKIPPER_TOKEN_FILE: two }).token).toBe('one');
    expect(readConnection({}, { ...env, SKIPPER_TOKEN_FILE: two }).token).toBe('two');
    expect(readConnection({}, env).token).toBe('three');
    expect(readConnection({}, {}).token).toBeUndefined();
  });

  test.each([
    [{ server: 'skipper.example' }, {}, /--server "skipper.example" is not a valid URL/],
    [{}, { SKIPPER_SERVER: 'ftp://x' }, /\$SKIPPER_SERVER "ftp:\/\/x" is not a valid URL/],
    [{ server: 'http://me:secret@x' }, {}, /^--server contains a password/],
    [{ server: 'me:secret@x' }, {}, /^--server contains a password/],
    [{}, { SKIPPER_SERVER: 'htp://me:secret@x' }, /^\$SKIPPER_SERVER contains a password/],
    [{ tokenFile: '/nowhere' }, {}, /--token-file \/nowhere cannot be read/],
    [{ tokenFile: '/dev/null' }, {}, /--token-file \/dev\/null is empty/],
  ])('%j %j is refused', (flags, env, message) => {
    expect(() => readConnection(flags, env)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message), exitCode: EXIT.refused }),
    );
  });
});

describe('a request', () => {
  test('has the token, and the path of the server', async () => {
    const { server } = await serveCalls({
      'POST /below/api/deploy': (_, response) => sendJson(response, { id: 'x' }),
    });
    const below = openApiCalls({ server: `${server}/below`, token: 'secret' });
    const body = { json: { namespaces: ['a'] }, schema: z.object({ id: z.string() }) };

    expect(await below.post('/api/deploy', body)).toEqual({ id: 'x' });

    expect(api?.requests[0]).toMatchObject({
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
      body: { namespaces: ['a'] },
    });
  });

  test('that is refused has the API’s message', async () => {
    const client = await serveCalls({
      'GET /x': (_, response) =>
        sendProblem(response, 400, {
          detail: 'wrong',
          errors: [{ field: 'namespaces.0', message: 'is not a valid name' }],
        }),
      'GET /token': (_, response) => sendProblem(response, 401, { detail: 'this needs the token' }),
      'GET /busy': (_, response) =>
        sendProblem(response, 503, { detail: 'Redis is down' }, { 'retry-after': '5' }),
    });

    await expect(client.get('/x')).rejects.toMatchObject({
      message: 'wrong',
      details: ['namespaces.0: is not a valid name'],
      exitCode: EXIT.refused,
    });
    await expect(client.get('/token')).rejects.toMatchObject({
      details: [expect.stringContaining('--token-file')],
      exitCode: EXIT.unreachable,
    });
    await expect(client.get('/busy')).rejects.toMatchObject({ exitCode: EXIT.unreachable });
    const outcome = (path: string) => client.calls.get(path, z.unknown());
    await expect(outcome('/x')).rejects.toMatchObject({ status: 400, isPassing: false });
    await expect(outcome('/token')).rejects.toMatchObject({ status: 401, isPassing: false });
    await expect(outcome('/busy')).rejects.toMatchObject({
      status: 503,
      isPassing: true,
      retryAfterMs: 5_000,
    });
  });

  test('without an answer names the address, and how to change it', async () => {
    const client = await serve({});
    await api?.close();

    await expect(asCommand(client.fleet())).rejects.toMatchObject({
      message: expect.stringMatching(/^no answer from http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/),
      details: [expect.stringMatching(/--server or \$SKIPPER_SERVER/)],
      exitCode: EXIT.unreachable,
    });
    await expect(client.fleet()).rejects.toMatchObject({ status: undefined, isPassing: true });
  });

  test('to a server that is not Skipper reports that', async () => {
    const client = await serveCalls({
      'GET /': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    });

    await expect(client.get('/')).rejects.toMatchObject({
      message: expect.stringContaining("it is not Skipper's API"),
      exitCode: EXIT.unreachable,
    });
  });

  test('whose answer has another format names the field, and the likely reason', async () => {
    const row = { ...makeRow('a'), health: 'of a newer API' };
    const client = await serve({
      'GET /api/fleet': (_, response) => sendJson(response, { ...makeFleet([]), rows: [row] }),
      'GET /api/releases': (_, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end('not JSON'),
    });

    await expect(asCommand(client.fleet())).rejects.toMatchObject({
      message: expect.stringMatching(
        /^the answer to GET \/api\/fleet has an unexpected format \(rows\.0\.health: .*\): .* different versions$/,
      ),
      exitCode: EXIT.unreachable,
    });
    await expect(client.releases()).rejects.toMatchObject({ kind: 'unexpected', isPassing: false });
  });

  test('does not repeat a field error', () => {
    const problem = {
      detail: 'namespaces.0 is not a valid name',
      errors: [{ field: 'namespaces.0', message: 'is not a valid name' }],
    };
    const error = refusal('http://x', {
      status: 400,
      contentType: 'application/problem+json',
      retryAfter: null,
      text: JSON.stringify(problem),
    });

    expect(error.details).toEqual([]);
  });
});

describe('server-sent events', () => {
  const text = [
    ': a comment\n\n',
    'id: a.1\r\nevent: rows\r\ndata: {"ø": "æ→"}\r\n\r\n',
    'data: two\ndata: lines\n\n',
    'event: nothing\n\n',
    'data:unfinished',
  ].join('');
  const expected = [
    { id: 'a.1', event: 'rows', data: '{"ø": "æ→"}' },
    { id: 'a.1', event: 'message', data: 'two\nlines' },
  ];

  test('are the same however the network splits them', async () => {
    const bytes = new TextEncoder().encode(text);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 }),
        async (cuts) => {
          const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
          const chunks = places.slice(1).map((end, index) => bytes.slice(places[index], end));
          const body = new ReadableStream<Uint8Array>({
            start: (controller) => {
              for (const chunk of chunks) controller.enqueue(chunk);
              controller.close();
            },
          });
          const read = [];
          for await (const event of readEvents(body)) read.push(event);

          expect(read).toEqual(expected);
        },
      ),
    );
  });
});

describe('following the fleet', () => {
  const fleet = makeFleet([makeRow('a')]);

  async function firstNews(news: AsyncGenerator<FleetNews>, count: number): Promise<FleetNews[]> {
    const seen: FleetNews[] = [];
    for await (const each of news) {
      seen.push(each);
      if (seen.length === count) break;
    }
    return seen;
  }

  const inOneWord = (news: FleetNews) => (news.kind === 'connection' ? news.connection.state : news.kind);

  test('starts with the whole fleet, and continues at its position after each lost connection', async () => {
    let connections = 0;
    const client = await serve({
      'GET /api/fleet': (_, response) => sendJson(response, fleet),
      'GET /api/fleet/events': (_, response) => {
        connections += 1;
        const send = openStream(response);
        if (connections === 1) {
          send('rows', { position: 'a.2', rows: [makeRow('a', { status: 'FAILED' })], gone: [] }, 'a.2');
          send('of a newer API', {}, 'a.2');
          response.end();
        } else {
          send('reset', makeFleet([], { position: 'b.1' }), 'b.1');
          send('tick', { now: 5 });
        }
      },
    });

    const news = await firstNews(followFleet(client), 7);

    expect(news.map(inOneWord)).toEqual(['live', 'document', 'rows', 'lost', 'live', 'document', 'tick']);
    expect(api?.requests.slice(1).map(({ query }) => query.get('since'))).toEqual(['a.1', 'a.2']);
  });

  test('treats silence as a lost connection', async () => {
    const client = await serve({
      'GET /api/fleet': (_, response) => sendJson(response, fleet),
      'GET /api/fleet/events': (_, response) => void openStream(response),
    });

    const news = await firstNews(followFleet(client, { silenceMs: 100 }), 4);

    expect(news.map(inOneWord)).toEqual(['live', 'document', 'lost', 'live']);
    expect(news[2]).toMatchObject({
      connection: { reason: expect.stringContaining('no data received for 0.1 s') },
    });
  });

  test('ends if the API refuses it, or never answers', async () => {
    const client = await serve({
      'GET /api/fleet': (_, response) => sendJson(response, fleet),
      'GET /api/fleet/events': (_, response) =>
        sendProblem(response, 401, { detail: 'this needs the token' }),
    });
    await expect(firstNews(followFleet(client), 9)).rejects.toThrow('this needs the token');

    await api?.close();
    await expect(firstNews(followFleet(client), 9)).rejects.toThrow('no answer');
  });
});
