import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SpanKind } from '@opentelemetry/api';
import { request } from 'undici';
import { SkipperError } from '../../domain/errors.ts';
import { inTime } from '../network/in-time.ts';
import { inSpan } from '../telemetry/spans.ts';
import { decodeDocument, decodeText } from './decode-document.ts';
import type { EgressPolicy } from './egress-policy.ts';

/** Release metadata and a fiaas.yml are a few hundred bytes; anything larger is something else. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 3;
const SHOWN_LENGTH = 120;

/** With these the server can answer "not modified". */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

export type Document =
  | {
      readonly kind: 'content';
      readonly text: string;
      readonly contentType?: string;
      readonly validators: Validators;
    }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'absent' };

export interface FetchOptions {
  /** For the whole response, including redirects. */
  readonly timeoutMs: number;
  readonly egress: EgressPolicy;
}

/** The folder behind a `file:` URL or plain path; undefined for an HTTP base. */
export function directoryOf(baseUrl: string): string | undefined {
  if (/^https?:\/\//i.test(baseUrl)) return undefined;
  return resolve(baseUrl.startsWith('file:') ? fileURLToPath(baseUrl) : baseUrl);
}

/**
 * GETs a small document with a conditional request, within time and size limits. Throws `release_source_unavailable`, or
 * `invalid_release` if it leads to an address that is not allowed.
 */
export function fetchDocument(
  url: string,
  validators: Validators,
  { timeoutMs, egress }: FetchOptions,
): Promise<Document> {
  const { host, pathname } = URL.canParse(url) ? new URL(url) : { host: url, pathname: '' };
  const attributes = { 'http.request.method': 'GET', 'server.address': host, 'url.path': pathname };
  return inSpan('release server GET', attributes, fetchInTime, SpanKind.CLIENT);

  async function fetchInTime(): Promise<Document> {
    try {
      return await inTime({ timeoutMs }, (signal) =>
        fetchFollowing(url, validators, signal, MAX_REDIRECTS, egress),
      );
    } catch (error) {
      if (error instanceof SkipperError) throw error;
      const reason = String(error instanceof Error ? error.message || error.name : error);
      throw unavailable(url, reason, { cause: error });
    }
  }
}

async function fetchFollowing(
  url: string,
  validators: Validators,
  signal: AbortSignal,
  redirectsLeft: number,
  egress: EgressPolicy,
): Promise<Document> {
  const response = await request(url, {
    headers: {
      accept: 'application/json, application/yaml, text/plain, */*',
      'accept-encoding': 'gzip, deflate, br',
      'user-agent': 'fiaas-skipper',
      ...egress.authorizationFor(url),
      ...(validators.etag === undefined ? {} : { 'if-none-match': validators.etag }),
      ...(validators.lastModified === undefined ? {} : { 'if-modified-since': validators.lastModified }),
    },
    signal,
    dispatcher: egress.dispatcher,
  });
  const { statusCode, headers } = response;
  if (statusCode === 304 || statusCode === 404 || statusCode >= 300) await response.body.dump();
  if (statusCode === 304) return { kind: 'not-modified' };
  if (statusCode === 404) return { kind: 'absent' };
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    if (redirectsLeft === 0) throw unavailable(url, `more than ${MAX_REDIRECTS} redirects`);
    const next = new URL(String(headers.location), url).href;
    egress.assertRedirectAllowed(url, next);
    return fetchFollowing(next, validators, signal, redirectsLeft - 1, egress);
  }
  if (statusCode !== 200) {
    const seconds = Number(headers['retry-after']);
    const wait = Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {};
    throw unavailable(url, `HTTP ${statusCode}`, wait);
  }
  const decoded = await decodeDocument(
    await readLimited(url, response.body),
    String(headers['content-encoding'] ?? ''),
    MAX_DOCUMENT_BYTES,
  );
  if (!decoded.ok) throw unavailable(url, `the response (${typeOf(headers)}) ${decoded.reason}`);
  const text = decoded.value;
  return {
    kind: 'content',
    text,
    contentType: typeOf(headers),
    validators: { etag: firstOf(headers.etag), lastModified: firstOf(headers['last-modified']) },
  };
}

function typeOf(headers: Record<string, string | string[] | undefined>): string {
  return firstOf(headers['content-type']) ?? 'no content type';
}

/** Enough of a document to recognise it. */
export function beginningOf(text: string): string {
  return text.slice(0, SHOWN_LENGTH).replace(/\s+/g, ' ').trim();
}

async function readLimited(url: string, body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_BYTES) throw unavailable(url, `larger than ${MAX_DOCUMENT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads `name` (a relative path) from a release directory; its digest serves as ETag. */
export async function readDocument(
  directory: string,
  name: string,
  validators: Validators,
): Promise<Document> {
  const path = resolve(directory, name);
  if (relative(directory, path).startsWith('..')) return { kind: 'absent' };
  try {
    if ((await stat(path)).size > MAX_DOCUMENT_BYTES) {
      throw unavailable(path, `larger than ${MAX_DOCUMENT_BYTES} bytes`);
    }
    const decoded = decodeText(await readFile(path));
    if (!decoded.ok) throw unavailable(path, decoded.reason);
    const text = decoded.value;
    const etag = createHash('sha256').update(text).digest('hex');
    return validators.etag === etag
      ? { kind: 'not-modified' }
      : { kind: 'content', text, validators: { etag } };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'absent' };
    if (error instanceof SkipperError) throw error;
    throw unavailable(path, String(error), { cause: error });
  }
}

/**
 * The path of a spec URL in a mirrored directory: published metadata contains absolute URLs, so the longest tail of the
 * URL's path that exists below the directory counts.
 */
export function locateInDirectory(directory: string, specUrl: string): string {
  const path = URL.canParse(specUrl) ? new URL(specUrl).pathname : specUrl;
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '..' && segment !== '.');
  for (let start = 0; start < segments.length; start += 1) {
    const tail = segments.slice(start).join('/');
    if (existsSync(join(directory, tail))) return tail;
  }
  return segments.join('/');
}

function unavailable(
  where: string,
  reason: string,
  options: { cause?: unknown; retryAfterMs?: number } = {},
): SkipperError {
  return new SkipperError('release_source_unavailable', `release source ${where}: ${reason}`, options);
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
