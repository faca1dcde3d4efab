import type { Logger } from 'pino';
import { type ErrorCode, errorClassOf, messageOf, SkipperError } from '../domain/errors.ts';
import { KubernetesError } from '../shared/kubernetes/classify-error.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import { pause } from '../shared/pause.ts';

/** The API server must answer a probe within this time. */
const ANSWER_MS = 5_000;
const PROBE_EVERY_MS = 1_000;
/** Resting workers resume at different times, so that they do not all hit the API server at once. */
export const RESUME_SPREAD_MS = 3_000;

const WHOLE_SERVER: readonly ErrorCode[] = ['cluster_unavailable', 'unauthorized'];

/** Whether the whole API server is unreachable, or refuses this worker's credentials, as opposed to one failed request. */
export interface Outage {
  /** Why the worker rests; undefined while it works. */
  current(): string | undefined;
  /** Checks whether the API server serves this worker at all. If it does not, the worker rests until it does. */
  check(): Promise<string | undefined>;
  stop(): void;
}

export interface OutageOptions {
  readonly client: Pick<KubernetesClient, 'requestText'>;
  /** Stops taking jobs. */
  readonly rest: () => Promise<void>;
  readonly resume: () => Promise<void>;
  /** Called when the rest starts and after each probe, and with undefined at its end; never rejects. */
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

  /** If many attempts fail at once, one probe is enough. */
  function probeOnce(): Promise<string | undefined> {
    probing ??= probe(client, stopping.signal).finally(() => {
      probing = undefined;
    });
    return probing;
  }

  async function restUntilBack(): Promise<void> {
    log.warn({ reason }, 'this worker cannot use the Kubernetes API: it takes no jobs until it can');
    await rest();
    for (let isDown = true; isDown && !stopping.signal.aborted; ) {
      await publish(reason);
      await pause(probeEveryMs * (1 + Math.random()), { signal: stopping.signal });
      const problem = await probeOnce();
      isDown = problem !== undefined;
      reason = problem ?? reason;
    }
    await pause(resumeSpreadMs * Math.random(), { signal: stopping.signal });
    reason = undefined;
    if (stopping.signal.aborted) return;
    log.info('this worker can use the Kubernetes API again: it resumes taking jobs');
    await publish(undefined);
    await resume();
  }

  return {
    current: () => reason,
    check: async () => {
      if (reason !== undefined) return reason;
      const problem = await probeOnce();
      if (problem === undefined || stopping.signal.aborted) return undefined;
      if (reason === undefined) {
        reason = problem;
        restUntilBack().catch((error: unknown) => log.error({ err: error }, 'the rest was interrupted'));
      }
      return reason;
    },
    stop: () => stopping.abort(new SkipperError('shutting_down', 'the worker is stopping')),
  };
}

/** Why no request can succeed. A refusal is an answer, except of the credentials: no namespace is the cause of that. */
async function probe(client: OutageOptions['client'], stopping: AbortSignal): Promise<string | undefined> {
  try {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(ANSWER_MS)]);
    await client.requestText({ method: 'GET', path: '/readyz', signal, retryForbidden: false });
    return undefined;
  } catch (error) {
    if (error instanceof KubernetesError && !WHOLE_SERVER.includes(error.code)) return undefined;
    return errorClassOf(error) === 'retryable' ? messageOf(error) : undefined;
  }
}
