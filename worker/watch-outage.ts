import type { Logger } from 'pino';
import { errorClassOf, messageOf, SkipperError } from '../domain/errors.ts';
import { KubernetesError } from '../shared/kubernetes/classify-error.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import { pause } from '../shared/pause.ts';

/** The API server must answer a probe within this time. */
const ANSWER_MS = 5_000;
const PROBE_EVERY_MS = 1_000;
/** Resting workers resume at different times, so that they do not all hit the API server at once. */
export const RESUME_SPREAD_MS = 3_000;

/** Whether the whole API server is unreachable, as opposed to one failed request. */
export interface Outage {
  /** Why the worker rests; undefined while it works. */
  current(): string | undefined;
  /** Checks whether the API server answers at all. If it does not, the worker rests until it does. */
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
    log.warn(
      { reason },
      'the Kubernetes API server does not answer: this worker takes no jobs until it does',
    );
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
    log.info('the Kubernetes API server answers again: this worker resumes taking jobs');
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
