import type { Connection } from '../cli/connection.ts';
import { CliError } from '../cli/exit-code.ts';
import { messageOf } from '../domain/errors.ts';
import { refusal, unreachable } from './problem.ts';

const TIMEOUT_MS = 60_000;

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Skipper's API. Every method throws an ApiError where there is no answer, or a refusal. */
export interface ApiClient {
  readonly server: string;
  get<Body>(path: string, options?: RequestOptions): Promise<Body>;
  post<Body>(path: string, body: unknown, options?: RequestOptions): Promise<Body>;
  /** The body as it comes, until the signal ends it. */
  stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export function createApiClient({ server, token }: Connection): ApiClient {
  async function send(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(server + path, {
      ...init,
      headers: {
        'user-agent': 'skipper-cli',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...init.headers,
      },
    });
    if (response.ok) return response;
    throw refusal(server, {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      retryAfter: response.headers.get('retry-after'),
      text: await response.text(),
    });
  }

  async function json<Body>(path: string, init: RequestInit, options: RequestOptions = {}): Promise<Body> {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    const headers = { ...init.headers, ...options.headers };
    const asked = { ...init, headers, signal: AbortSignal.timeout(timeoutMs) };
    return told(server, async () => {
      const response = await send(path, asked);
      const contentType = response.headers.get('content-type') ?? '';
      const text = await response.text();
      if (!contentType.includes('json')) {
        throw refusal(server, { status: response.status, contentType, retryAfter: null, text });
      }
      return JSON.parse(text) as Body;
    });
  }

  return {
    server,
    get: (path, options) => json(path, { method: 'GET' }, options),
    post: (path, body, options) =>
      json(
        path,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        },
        options,
      ),
    stream: (path, signal) =>
      told(server, async () => {
        const { body } = await send(path, { headers: { accept: 'text/event-stream' }, signal });
        if (body === null) throw new Error('the answer is empty');
        return body;
      }),
  };
}

/** A failed connection in words; refusals are worded already. */
async function told<T>(server: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CliError) throw error;
    // "fetch failed" says nothing: its cause does.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw unreachable(server, messageOf(cause));
  }
}
