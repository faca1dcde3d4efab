import { parseJson } from '../../domain/parse-json.ts';
import { until } from './until.ts';

export interface Target {
  readonly namespace: string;
  readonly state: string;
  readonly reason: string;
  readonly version?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly details?: readonly string[];
  readonly warnings?: readonly string[];
  readonly attempt?: number;
  readonly wave?: number;
  readonly jobId?: string;
  readonly coalesced?: boolean;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly links: Readonly<Record<string, string>>;
}

export interface Rollout {
  readonly id: string;
  readonly state: string;
  readonly trigger: string;
  readonly targets: readonly Target[];
  readonly counts: Readonly<Record<string, number>>;
  readonly links: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: assertions check what must exist
  readonly body: any;
}

export interface HttpOptions {
  readonly method?: string;
  /** Sent as JSON; a string is sent unchanged. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
}

/** Requests of a test to an API. */
export interface WorldRequests {
  http(path: string, options?: HttpOptions): Promise<HttpAnswer>;
  /** POST /api/deploy, which must be accepted. */
  deploy(body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Rollout>;
  rollout(id: string): Promise<Rollout>;
  /** Waits until every target of the rollout has ended. */
  rolloutFinished(id: string): Promise<Rollout>;
  /** Deploys one namespace and returns its target when the rollout has ended. */
  deployed(namespace: string, body?: Readonly<Record<string, unknown>>): Promise<Target>;
}

/** `apiUrl` is the default for requests without a URL. */
export function createRequests(apiUrl: () => string | undefined): WorldRequests {
  async function http(path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    const base = options.url ?? apiUrl();
    if (base === undefined) throw new Error('no API is running');
    return send(base + path, options);
  }

  async function deploy(body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Rollout> {
    const answer = await http('/api/deploy', { method: 'POST', body, headers });
    if (answer.status !== 202) throw new Error(`POST /api/deploy: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  async function rollout(id: string): Promise<Rollout> {
    const { status, text, body } = await http(`/api/rollouts/${id}`);
    if (status !== 200) throw new Error(`GET /api/rollouts/${id}: ${status} ${text}`);
    return body;
  }

  async function rolloutFinished(id: string): Promise<Rollout> {
    let last: Rollout | undefined;
    const finished = async () => {
      last = await rollout(id);
      return last.targets.every(({ state }) => !['pending', 'running', 'paused'].includes(state));
    };
    await until(finished, `rollout ${id} is finished`).catch((error: unknown) => {
      const open = last?.targets.filter(({ state }) => state === 'pending' || state === 'running');
      throw new Error(`${String(error)}: ${JSON.stringify(open)}`);
    });
    return last as Rollout;
  }

  return {
    http,
    deploy,
    rollout,
    rolloutFinished,
    deployed: async (namespace, body = {}) => {
      const { id } = await deploy({ namespaces: [namespace], ...body });
      const [target] = (await rolloutFinished(id)).targets;
      return target as Target;
    },
  };
}

async function send(url: string, { method = 'GET', body, headers }: HttpOptions): Promise<HttpAnswer> {
  const isJson = body !== undefined && typeof body !== 'string';
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    // A connection that is kept can be closed by the server while a busy machine sends on it.
    headers: { connection: 'close', ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
    body: isJson ? JSON.stringify(body) : (body as string | undefined),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parseJson(text) };
}
