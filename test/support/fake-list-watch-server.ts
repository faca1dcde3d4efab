import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One object of the fake resource; tests need no more of it than this. */
export interface FakeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
  };
}

export interface ListAnswer {
  readonly status?: number;
  readonly items?: readonly FakeObject[];
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly body?: unknown;
}

export interface OpenWatch {
  readonly query: URLSearchParams;
  /** Sends one event, as a line of its own. */
  send(type: string, object: unknown): void;
  /** Sends raw bytes: half lines, many lines, nonsense. */
  write(text: string): void;
  end(): void;
  /** Cuts the connection. */
  cut(): void;
}

/** A list and watch endpoint that the test controls: every page, event, silence and cut. */
export interface FakeListWatchServer {
  readonly url: string;
  readonly lists: readonly URLSearchParams[];
  /** Answers lists in order; the last answer is repeated. */
  answerLists(...answers: readonly ListAnswer[]): void;
  /** Answers the next watch requests with a refusal instead of a stream. */
  refuseWatches(...statuses: readonly number[]): void;
  /** The next opened watch, or one that was opened and not taken yet. */
  nextWatch(): Promise<OpenWatch>;
  close(): Promise<void>;
}

export async function startFakeListWatchServer(): Promise<FakeListWatchServer> {
  const lists: URLSearchParams[] = [];
  const opened: OpenWatch[] = [];
  const waiting: ((watch: OpenWatch) => void)[] = [];
  let answers: ListAnswer[] = [{ items: [], resourceVersion: '1' }];
  let refusals: number[] = [];

  function answerList(query: URLSearchParams, response: ServerResponse): void {
    lists.push(query);
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? {};
    const { status = 200, items = [], resourceVersion = '1', continue: next, body } = answer;
    const metadata = { resourceVersion, ...(next === undefined ? {} : { continue: next }) };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? (status === 200 ? { metadata, items } : aRefusal(status))));
  }

  function openWatch(query: URLSearchParams, response: ServerResponse): void {
    const refusal = refusals.shift();
    if (refusal !== undefined) {
      response.writeHead(refusal, { 'content-type': 'application/json' });
      response.end(JSON.stringify(aRefusal(refusal)));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watch: OpenWatch = {
      query,
      send: (type, object) => response.write(`${JSON.stringify({ type, object })}\n`),
      write: (text) => response.write(text),
      end: () => response.end(),
      cut: () => response.destroy(),
    };
    const taker = waiting.shift();
    if (taker) taker(watch);
    else opened.push(watch);
  }

  const server = createServer((request: IncomingMessage, response) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    if (query.get('watch') === 'true') openWatch(query, response);
    else answerList(query, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lists,
    answerLists: (...given) => {
      answers = [...given];
    },
    refuseWatches: (...statuses) => {
      refusals = [...statuses];
    },
    nextWatch: () => {
      const watch = opened.shift();
      if (watch) return Promise.resolve(watch);
      return new Promise((resolve) => waiting.push(resolve));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function aRefusal(code: number, reason = 'Expired') {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `simulated ${code}` };
}
