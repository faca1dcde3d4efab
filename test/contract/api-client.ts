import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { parse as parseYaml } from 'yaml';
import { UNTIL_TIMEOUT_MS } from '../support/until.ts';

/** A bare HTTP client: the contract sees exactly what is on the wire. */
export interface ApiClient {
  send(method: Method, path: string, options?: SendOptions): Promise<Answer>;
  watch(path: string, accept?: string): Promise<WatchStream>;
  close(): Promise<void>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface SendOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly token?: string;
  readonly userAgent?: string;
  readonly accept?: string;
}

export interface Answer {
  readonly code: number;
  readonly body: ApiBody;
  readonly retryAfter: string | undefined;
}

/** Loose on purpose: the assertions check what must exist. */
export interface ApiBody {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly metadata: Metadata;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: unknown;
  readonly data?: Readonly<Record<string, string>>;
  readonly items?: readonly ApiBody[];
  readonly text?: string;
  readonly [field: string]: unknown;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly Readonly<Record<string, unknown>>[];
}

export interface WatchEvent {
  readonly type: string;
  readonly object: ApiBody;
}

export interface WatchStream {
  readonly code: number;
  /** Waits for the next event; undefined when the stream ends first. */
  next(): Promise<WatchEvent | undefined>;
  close(): void;
}

export function connect(kubeconfig: string): ApiClient {
  const { url, token } = credentials(kubeconfig);
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false }, bodyTimeout: 0 });

  async function send(method: Method, path: string, options: SendOptions = {}): Promise<Answer> {
    const { body, contentType = 'application/json', userAgent = 'contract/1', accept } = options;
    const answer = await request(url + path, {
      dispatcher,
      method,
      headers: {
        authorization: `Bearer ${options.token ?? token}`,
        'content-type': contentType,
        'user-agent': userAgent,
        ...(accept === undefined ? {} : { accept }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const retryAfter = answer.headers['retry-after'];
    return { code: answer.statusCode, body: parseBody(text), retryAfter: retryAfter?.toString() };
  }

  async function watch(path: string, accept?: string): Promise<WatchStream> {
    const abort = new AbortController();
    const { statusCode, body } = await request(url + path, {
      dispatcher,
      signal: abort.signal,
      headers: { authorization: `Bearer ${token}`, ...(accept === undefined ? {} : { accept }) },
    });
    const events = eventsOf(body);
    return {
      code: statusCode,
      next: () =>
        withinTime(
          events.next().then(({ value }) => value),
          path,
        ),
      close: () => abort.abort(),
    };
  }

  return { send, watch, close: () => dispatcher.destroy() };
}

/** Retries until the answer is accepted. */
export async function eventually<T>(read: () => Promise<T>, isEnough: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + UNTIL_TIMEOUT_MS;
  for (;;) {
    const answer = await read();
    if (isEnough(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`not in ${UNTIL_TIMEOUT_MS} ms: ${JSON.stringify(answer)}`);
    await pause(50);
  }
}

function credentials(kubeconfig: string): { readonly url: string; readonly token: string } {
  const config = parseYaml(kubeconfig) as {
    readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  return { url: config.clusters[0]?.cluster.server ?? '', token: config.users[0]?.user.token ?? '' };
}

function parseBody(text: string): ApiBody {
  try {
    return JSON.parse(text);
  } catch {
    return { text, metadata: { name: '', uid: '', resourceVersion: '' } };
  }
}

async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
    }
  } catch (error) {
    if (!isEndOfStream(error)) throw error;
  }
  return undefined;
}

/** Whether a watch was aborted or cut: then it has simply ended. */
function isEndOfStream(error: unknown): boolean {
  return error instanceof Error && ['AbortError', 'SocketError', 'TypeError'].includes(error.name);
}

async function withinTime<T>(result: Promise<T>, what: string): Promise<T> {
  const abort = new AbortController();
  const timeout = pause(UNTIL_TIMEOUT_MS, undefined, { signal: abort.signal, ref: false }).then(() => {
    throw new Error(`no event in ${UNTIL_TIMEOUT_MS} ms on ${what}`);
  });
  try {
    return await Promise.race([result, timeout]);
  } finally {
    abort.abort();
    timeout.catch(() => undefined);
  }
}
