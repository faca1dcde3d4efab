import { isRising, type LatencyTrend, NO_LATENCY, withSample } from '../domain/deploy/api-latency.ts';
import { type ErrorCode, SkipperError, toError } from '../domain/errors.ts';
import type { Metrics } from '../shared/metrics.ts';
import { pause } from '../shared/pause.ts';
import type { ApiBudget, DrawnRequests, WantedRequests } from '../shared/state/api-budget.ts';

/** Errors that show a congested API server. */
const CONGESTION: readonly (ErrorCode | undefined)[] = ['rate_limited', 'cluster_unavailable'];

/** Lets a worker's requests to the API server through, as fast as the budget that all workers share allows. */
export interface Pace {
  /**
   * Resolves when a request may be sent. Rejects if the signal is aborted, or the budget cannot be read, or with the error that
   * `check` throws: it is called just before the request is sent.
   */
  enter(entry: Entry): Promise<void>;
  /** Reports the end of a request that has entered; `ms` is its duration. */
  left(ms: number, error?: unknown): void;
}

export interface Entry {
  readonly isUrgent: boolean;
  readonly signal: AbortSignal;
  readonly check: () => void;
}

export interface PaceOptions {
  /** The most that all workers together may send per second; 0: no limit. */
  readonly qps: number;
  /**
   * How many requests are sent at the same time: fewer than there are connections, so that none waits for one after its check.
   */
  readonly maxSending?: number;
  readonly budget: Pick<ApiBudget, 'draw'>;
  readonly metrics: Pick<Metrics, 'apiBudget' | 'apiBudgetWaiting' | 'apiRequests'>;
}

const MAX_SENDING = 60;
/**
 * Each draw takes one more than is needed, for a request that follows soon: a write that waits for Redis after its read loses
 * against a client that keeps writing.
 */
const SPARE_FOR_MS = 1_000;

interface Waiting extends Omit<Entry, 'isUrgent'> {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export function paceRequests({ qps, maxSending = MAX_SENDING, budget, metrics }: PaceOptions): Pace {
  const lines: { urgent: Waiting[]; others: Waiting[] } = { urgent: [], others: [] };
  let latency: LatencyTrend = NO_LATENCY;
  let sending = 0;
  /** 0 without a spare request. */
  let spareUntil = 0;
  let isCongested = false;
  let isDrawing = false;
  let resting = new AbortController();

  /** One draw for all that wait, in a loop that ends when nobody does. */
  async function drawUntilEmpty(): Promise<void> {
    isDrawing = true;
    try {
      // Requests of the same turn share a draw.
      await undefined;
      while (isWanted()) {
        const waitMs = await draw();
        if (!isWanted()) break;
        resting = new AbortController();
        await pause(waitMs, { signal: resting.signal });
      }
    } catch (error) {
      for (const waiting of takeAll()) waiting.reject(toError(error));
    } finally {
      isDrawing = false;
    }
  }

  async function draw(): Promise<number> {
    dropAborted();
    const congested = isCongested;
    isCongested = false;
    const free = maxSending - sending;
    const urgent = Math.min(lines.urgent.length, free);
    const others = Math.min(lines.others.length, free - urgent);
    if (qps === 0) return letIn({ urgent, others, waitMs: 0 });
    const drawn = await budget.draw({ qps, ...withSpare({ urgent, others }), congested });
    metrics.apiBudget.set(drawn.rate);
    const isSpare = drawn.urgent > urgent || drawn.others > others;
    spareUntil = isSpare ? Date.now() + SPARE_FOR_MS : 0;
    return letIn({
      ...drawn,
      urgent: Math.min(drawn.urgent, urgent),
      others: Math.min(drawn.others, others),
    });
  }

  /** Takes the spare request of the last draw, if there is one. */
  function takeSpare(): boolean {
    if (Date.now() >= spareUntil || sending >= maxSending) return false;
    spareUntil = 0;
    return true;
  }

  function letIn({ urgent, others, waitMs }: Omit<DrawnRequests, 'rate'>): number {
    for (const waiting of [...lines.urgent.splice(0, urgent), ...lines.others.splice(0, others)]) {
      try {
        waiting.check();
        sending += 1;
        waiting.resolve();
      } catch (error) {
        waiting.reject(toError(error));
      }
    }
    showWaiting();
    return waitMs;
  }

  function isWanted(): boolean {
    return isCongested || (sending < maxSending && lines.urgent.length + lines.others.length > 0);
  }

  function dropAborted(): void {
    for (const line of ['urgent', 'others'] as const) {
      for (const { signal, reject } of lines[line].filter(({ signal }) => signal.aborted)) {
        reject(toError(signal.reason));
      }
      lines[line] = lines[line].filter(({ signal }) => !signal.aborted);
    }
  }

  function takeAll(): Waiting[] {
    const all = [...lines.urgent, ...lines.others];
    lines.urgent = [];
    lines.others = [];
    showWaiting();
    return all;
  }

  function showWaiting(): void {
    metrics.apiBudgetWaiting.set(lines.urgent.length + lines.others.length);
  }

  function wake(): void {
    if (!isDrawing) void drawUntilEmpty();
  }

  return {
    enter: async ({ isUrgent, signal, check }) => {
      signal.throwIfAborted();
      if (takeSpare()) {
        check();
        sending += 1;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        lines[isUrgent ? 'urgent' : 'others'].push({ signal, check, resolve, reject });
        showWaiting();
        if (isUrgent) resting.abort();
        wake();
      });
    },
    left: (ms, error) => {
      metrics.apiRequests.inc();
      sending -= 1;
      const code = error instanceof SkipperError ? error.code : undefined;
      latency = withSample(latency, ms);
      isCongested ||= qps > 0 && (CONGESTION.includes(code) || isRising(latency));
      if (isWanted()) wake();
    },
  };
}

/** One more of the kind that waits; nothing if nobody does. */
function withSpare({ urgent, others }: Pick<WantedRequests, 'urgent' | 'others'>) {
  if (urgent > 0) return { urgent: urgent + 1, others };
  return { urgent, others: others === 0 ? 0 : others + 1 };
}
