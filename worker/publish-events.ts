import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import {
  type ApplicationEvent,
  type EventOrigin,
  toEventManifest,
  toEventSeries,
} from '../domain/audit/application-event.ts';
import { FDD } from '../domain/cluster/names.ts';
import { messageOf } from '../domain/errors.ts';
import { hideSecrets } from '../domain/hide-secrets.ts';
import { KubernetesError } from '../shared/kubernetes/classify-error.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import { APPLICATION_EVENTS, pathOf } from '../shared/kubernetes/resources.ts';
import { pause } from '../shared/pause.ts';

/** A worker writes so many Events at once, and so many per second after that. */
const BURST = 100;
const PER_SECOND = 10;
/** More than these wait for nothing: people who describe an Application want what is new. */
const MOST_WAITING = 1_000;
/** How many Events a worker remembers, so that it need not read their counts. */
const MOST_KNOWN = 2_000;
const DENIED_FOR_MS = 600_000;

const HTTP_FORBIDDEN = 403;
const HTTP_NOT_FOUND = 404;
const HTTP_CONFLICT = 409;

/** Events on Applications. An Event is never worth a deploy: nothing waits for it, and what fails is forgotten. */
export interface EventPublisher {
  publish(event: ApplicationEvent): void;
  stop(): void;
}

export interface EventPublisherOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly cluster: Pick<ClusterCache, 'snapshot'>;
  readonly log: Logger;
  readonly now?: () => number;
  readonly burst?: number;
  readonly perSecond?: number;
}

export function publishEvents({
  client,
  cluster,
  log,
  now = Date.now,
  burst = BURST,
  perSecond = PER_SECOND,
}: EventPublisherOptions): EventPublisher {
  const stopping = new AbortController();
  const { signal } = stopping;
  const instance = `${hostname()}-${process.pid}`;
  const counts = new Map<string, number>();
  const waiting: (ApplicationEvent & { readonly at: number })[] = [];
  let tokens = burst;
  let filledAt = now();
  /** By namespace. */
  const deniedUntil = new Map<string, number>();
  let isSending = false;

  async function sendAll(): Promise<void> {
    isSending = true;
    try {
      for (let event = waiting.shift(); event && !signal.aborted; event = waiting.shift()) {
        await takeToken();
        const { namespace } = event;
        await send(event).catch((error: unknown) => forget(namespace, error));
      }
    } finally {
      isSending = false;
    }
  }

  async function takeToken(): Promise<void> {
    const at = now();
    tokens = Math.min(burst, tokens + ((at - filledAt) / 1000) * perSecond);
    filledAt = at;
    if (tokens < 1) await pause(((1 - tokens) / perSecond) * 1000, { signal, ref: false });
    tokens -= 1;
  }

  async function send({ at, ...event }: ApplicationEvent & { readonly at: number }): Promise<void> {
    const uid = cluster.snapshot(event.namespace).application?.uid;
    if (uid === undefined || signal.aborted || isDenied(event)) return;
    const name = nameOf(event, uid);
    const key = `${event.namespace}/${name}`;
    const known = counts.get(key);
    const count = known ?? (await create(event, { uid, instance, name, at }));
    if (count === undefined) return remember(key, 1);
    const isGone = await patch(event.namespace, name, toEventSeries(count + 1, at)).then(
      () => false,
      (error: unknown) => {
        if (!hasStatus(error, HTTP_NOT_FOUND)) throw error;
        return true;
      },
    );
    if (!isGone) return remember(key, count + 1);
    // Kubernetes removes Events after an hour.
    counts.delete(key);
    if (known !== undefined) await send({ ...event, at });
  }

  /** Undefined if it is created; otherwise how often it has happened before. */
  async function create(event: ApplicationEvent, origin: EventOrigin): Promise<number | undefined> {
    const { namespace } = event;
    const body = toEventManifest({ ...event, note: hideSecrets(event.note) }, origin);
    try {
      await request({ method: 'POST', path: pathOf(APPLICATION_EVENTS, { namespace }), body });
      return undefined;
    } catch (error) {
      if (!hasStatus(error, HTTP_CONFLICT)) throw error;
      // A patch that changes nothing returns the object: reading it would need another right.
      const { series } = await patch(namespace, origin.name, {});
      return series?.count ?? 1;
    }
  }

  function patch(namespace: string, name: string, body: object) {
    const path = pathOf(APPLICATION_EVENTS, { namespace, name });
    return request({ method: 'PATCH', patchType: 'merge', path, body });
  }

  function request(
    call: Pick<Parameters<KubernetesClient['request']>[0], 'method' | 'path' | 'body' | 'patchType'>,
  ) {
    return client.request<{ series?: { count: number } }>({ ...call, retryForbidden: false, signal });
  }

  function remember(key: string, count: number): void {
    counts.delete(key);
    counts.set(key, count);
    const [oldest] = counts.keys();
    if (counts.size > MOST_KNOWN && oldest !== undefined) counts.delete(oldest);
  }

  function isDenied({ namespace }: ApplicationEvent): boolean {
    return now() < (deniedUntil.get(namespace) ?? 0);
  }

  function forget(namespace: string, error: unknown): void {
    if (hasStatus(error, HTTP_FORBIDDEN)) deniedUntil.set(namespace, now() + DENIED_FOR_MS);
    log.debug({ namespace, reason: messageOf(error) }, 'an Event could not be written');
  }

  return {
    publish: (event) => {
      if (signal.aborted) return;
      waiting.push({ ...event, at: now() });
      if (waiting.length > MOST_WAITING) waiting.shift();
      if (!isSending) void sendAll();
    },
    stop: () => stopping.abort(),
  };
}

/** The same for the same cause and the same Application, whichever worker writes it. */
function nameOf({ namespace, reason, cause }: ApplicationEvent, uid: string): string {
  const digest = createHash('sha256').update(`${namespace}\n${uid}\n${reason}\n${cause}`).digest('hex');
  return `${FDD}.${digest.slice(0, 16)}`;
}

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof KubernetesError && error.httpStatus === status;
}
