import type { Logger } from 'pino';
import { errorClassOf, messageOf, SkipperError } from '../domain/errors.ts';
import { KubernetesError } from '../shared/kubernetes/classify-error.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import { pause } from '../shared/pause.ts';

/** How long the API server may take to say that it is there. */
const ANSWER_MS = 5_000;
const PROBE_EVERY_MS = 1_000;
/** Workers that rest resume at different times, so that the API server does not meet all of them at once. */
export const RESUME_SPREAD_MS = 3_000;

/** Whether the API server is unreachable as a whole, in contrast to one request that failed. */
export interface Outage {
  /** Why the worker rests; undefined while it works. */
  current(): string | undefined;
  /** Checks whether the API server answers at all. If it does not, the worker rests until it does. */
  check(): Promise<string | undefined>;
  stop(): void;
}

export interface OutageOptions {
  readonly client: Pick<KubernetesClient, 'requestText'>;
  /** Takes no more jobs. */
  readonly rest: () => Promise<void>;
  readonly resume: () => Promise<void>;
  /** Called when the rest begins and at each probe of it, and with undefined at its end; never rejects. */
  readonly publish: (reason: string | undefined) => Promise<void>;
  readonly log: Logger;
  readonly probeEveryMs?: number;
  readonly resumeSpreadMs?: number;
}

export function watchOutage({
  client,
  rest,
  resume,
  publish,
  log,
  probeEveryMs = PROBE_EVERY_MS,
  resumeSpreadMs = RESUME_SPREAD_MS,
}: OutageOptions): Outage {
  const stopping = new AbortController();
  let reason: string | undefined;
  let probing: Promise<string | undefined> | undefined;

  /** However many attempts fail at once, one question is enough. */
  function ask(): Promise<string | undefined> {
    probing ??= probe(client, stopping.signal).finally(() => {
      probing = undefined;
    });
    return probing;
  }

  async function restUntilBack(): Promise<void> {
    log.warn({ reason }, 'the Kubernetes API server does not answer: this worker rests');
    await rest();
    for (let isAway = true; isAway && !stopping.signal.aborted; ) {
      await publish(reason);
      await pause(probeEveryMs * (1 + Math.random()), { signal: stopping.signal });
      const problem = await ask();
      isAway = problem !== undefined;
      reason = problem ?? reason;
    }
    await pause(resumeSpreadMs * Math.random(), { signal: stopping.signal });
    reason = undefined;
    if (stopping.signal.aborted) return;
    log.info('the Kubernetes API server answers again: this worker resumes');
    await publish(undefined);
    await resume();
  }

  return {
    current: () => reason,
    check: async () => {
      if (reason !== undefined) return reason;
      const problem = await ask();
      if (problem === undefined || stopping.signal.aborted) return undefined;
      if (reason === undefined) {
        reason = problem;
        restUntilBack().catch((error: unknown) => log.error({ err: error }, 'the rest was interrupted'));
      }
      return reason;
    },
    stop: () => stopping.abort(new SkipperError('shutting_down', 'the worker stops')),
  };
}

/** Why the API server does not answer; a refusal is an answer. */
async function probe(client: OutageOptions['client'], stopping: AbortSignal): Promise<string | undefined> {
  try {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(ANSWER_MS)]);
    await client.requestText({ method: 'GET', path: '/readyz', signal, retryForbidden: false });
    return undefined;
  } catch (error) {
    if (error instanceof KubernetesError && error.code !== 'cluster_unavailable') return undefined;
    return errorClassOf(error) === 'retryable' ? messageOf(error) : undefined;
  }
}
