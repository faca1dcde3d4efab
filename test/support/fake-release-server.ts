import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createEgressPolicy,
  type EgressPolicy,
  type EgressPolicyOptions,
} from '../../shared/releases/egress-policy.ts';
import type { ChannelStore } from '../../shared/releases/kept-channel.ts';

export type ReleaseAnswer = (response: ServerResponse, headers: IncomingHttpHeaders) => void;

/** A release server that the test controls: responses by path; everything else is 404. */
export interface FakeReleaseServer {
  readonly url: string;
  /** Every request in order: `GET /path`, with `304` if that was the response. */
  readonly requests: readonly string[];
  answer(path: string, answer: ReleaseAnswer | string): void;
  close(): Promise<void>;
}

export async function startFakeReleaseServer(): Promise<FakeReleaseServer> {
  const requests: string[] = [];
  const answers = new Map<string, ReleaseAnswer>();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    response.once('close', () => {
      requests.push(`${path}${response.statusCode === 304 ? ' 304' : ''}`);
    });
    const answer = answers.get(path);
    if (answer) answer(response, request.headers);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (path, answer) => {
      answers.set(path, typeof answer === 'string' ? withEtag(answer) : answer);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Serves a text like GitHub Pages: with an ETag, and conditionally. */
export function withEtag(text: string, etag = `"${text.length}-${text.slice(0, 99).replace(/\W/g, '')}"`) {
  return (response: ServerResponse, headers: IncomingHttpHeaders) => {
    if (headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
    else response.writeHead(200, { etag }).end(text);
  };
}

/** The egress policy if only the base URL is set. */
export function anOutbound(
  options: Partial<EgressPolicyOptions> & Pick<EgressPolicyOptions, 'baseUrl'>,
): EgressPolicy {
  return createEgressPolicy({
    allowedHosts: [],
    ca: undefined,
    httpProxy: undefined,
    httpsProxy: undefined,
    noProxy: undefined,
    ...options,
  });
}

export interface FakeChannelStore extends ChannelStore {
  readonly saved: Map<string, string>;
}

export function createFakeChannelStore(saved = new Map<string, string>()): FakeChannelStore {
  return {
    saved,
    load: async (tag) => saved.get(tag),
    save: async (tag, json) => {
      saved.set(tag, json);
    },
  };
}
