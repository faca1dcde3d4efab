import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fetchDocument, MAX_DOCUMENT_BYTES } from '../../../../shared/releases/fetch-document.ts';
import {
  anOutbound,
  type FakeReleaseServer,
  startFakeReleaseServer,
} from '../../../support/fake-release-server.ts';

const TEXT = '{"image": "fiaas/fdd:1", "spec": "https://example.com/blåbær.yml"}';
const BYTES = Buffer.from(TEXT);

let server: FakeReleaseServer;

beforeEach(async () => {
  server = await startFakeReleaseServer();
});

afterEach(() => server.close());

function fetchAnswer(body: Buffer, headers: Record<string, string> = {}) {
  server.answer('/doc', (response) => response.writeHead(200, headers).end(body));
  const egress = anOutbound({ baseUrl: server.url });
  return fetchDocument(`${server.url}/doc`, {}, { timeoutMs: 5_000, egress });
}

describe('a release document', () => {
  test.each<[string, Buffer, string]>([
    ['plain', BYTES, ''],
    ['identity', BYTES, 'identity'],
    ['gzip', gzipSync(BYTES), 'gzip'],
    ['x-gzip', gzipSync(BYTES), 'x-gzip'],
    ['brotli', brotliCompressSync(BYTES), 'br'],
    ['deflate', deflateSync(BYTES), 'deflate'],
    ['bare deflate', deflateRawSync(BYTES), 'deflate'],
    ['gzip in brotli', brotliCompressSync(gzipSync(BYTES)), 'GZIP, br'],
    ['with a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), BYTES]), ''],
  ])('is read unchanged: %s', async (_how, body, encoding) => {
    const answer = await fetchAnswer(body, encoding === '' ? {} : { 'content-encoding': encoding });

    expect(answer).toMatchObject({ kind: 'content', text: TEXT });
  });

  test.each<[string, Buffer, Record<string, string>, RegExp]>([
    [
      'not UTF-8',
      Buffer.from('image: bl\xe5', 'latin1'),
      { 'content-type': 'text/plain' },
      /text\/plain\) is not UTF-8/,
    ],
    ['UTF-16', Buffer.from('\ufeffimage: x', 'utf16le'), {}, /no content type\) is not UTF-8/],
    [
      'compressed in an unknown way',
      BYTES,
      { 'content-encoding': 'zstd' },
      /unknown content-encoding "zstd"/,
    ],
    ['not in its declared encoding', BYTES, { 'content-encoding': 'gzip' }, /is not valid gzip/],
    [
      'small, but too large after decompression',
      gzipSync(Buffer.alloc(MAX_DOCUMENT_BYTES + 1, 'a')),
      { 'content-encoding': 'gzip' },
      /is larger than 1048576 bytes/,
    ],
  ])('is rejected with the reason: %s', async (_what, body, headers, message) => {
    await expect(fetchAnswer(body, headers)).rejects.toMatchObject({
      code: 'release_source_unavailable',
      message: expect.stringMatching(message),
    });
  });
});
