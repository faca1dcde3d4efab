import type { z } from 'zod';
import { messageOf } from '../domain/errors.ts';
import { ApiError } from './api-error.ts';
import { parseAnswer } from './parse-answer.ts';
import { refusal } from './refusal.ts';

const TIMEOUT_MS = 60_000;

export interface ApiAddress {
  /** Without a trailing slash. */
  readonly server: string;
  readonly token?: string | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Replaces the timeout. */
  readonly signal?: AbortSignal | undefined;
}

/** Requests to the API. Each throws an ApiError if it gets no usable answer. */
export interface ApiCalls {
  get<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    options?: CallOptions,
  ): Promise<z.infer<Schema>>;
  post<Schema extends z.ZodType>(
    path: string,
    body: { readonly json: unknown; readonly schema: Schema },
    options?: CallOptions,
  ): Promise<z.infer<Schema>>;
  /** The body as a stream, until the signal ends it. */
  stream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

export function openApiCalls(address: ApiAddress): ApiCalls {
  const { server, token, fetch: send = fetch } = address;
  const headers = {
    ...address.headers,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };

  async function open(path: string, init: RequestInit): Promise<Response> {
    const response = await send(server + path, { ...init, headers: { ...headers, ...init.headers } });
    if (response.ok) return response;
    throw await refusalOf(server, response);
  }

  function read<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    init: RequestInit,
    { timeoutMs = TIMEOUT_MS, ...options }: CallOptions = {},
  ): Promise<z.infer<Schema>> {
    const signal = options.signal ?? AbortSignal.timeout(timeoutMs);
    return reached(server, async () => {
      const response = await open(path, {
        ...init,
        headers: { ...init.headers, ...options.headers },
        signal,
      });
      if (!contentTypeOf(response).includes('json')) throw await refusalOf(server, response);
      return parseAnswer(schema, await response.text(), `the answer to ${init.method} ${path}`);
    });
  }

  return {
    get: (path, schema, options) => read(path, schema, { method: 'GET' }, options),
    post: (path, { json, schema }, options) => {
      const contentType = { 'content-type': 'application/json' };
      return read(
        path,
        schema,
        { method: 'POST', headers: contentType, body: JSON.stringify(json) },
        options,
      );
    },
    stream: (path, signal) =>
      reached(server, async () => {
        const { body } = await open(path, { headers: { accept: 'text/event-stream' }, signal });
        if (body === null) throw new Error('the answer is empty');
        return body;
      }),
  };
}

async function refusalOf(server: string, response: Response): Promise<ApiError> {
  return refusal(server, {
    status: response.status,
    contentType: contentTypeOf(response),
    retryAfter: response.headers.get('retry-after'),
    text: await response.text(),
  });
}

function contentTypeOf(response: Response): string {
  return response.headers.get('content-type') ?? '';
}

/** Describes a failed connection; other errors have their own messages. */
async function reached<T>(server: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    // "fetch failed" does not help, its cause does.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new ApiError(`no answer from ${server}: ${messageOf(cause)}`, {
      kind: 'unreachable',
      isPassing: true,
    });
  }
}
