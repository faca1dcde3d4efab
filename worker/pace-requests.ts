import { isRising, type LatencyTrend, NO_LATENCY, withSample } from '../domain/deploy/api-latency.ts';
import { type ErrorCode, SkipperError, toError } from '../domain/errors.ts';
import type { Metrics } from '../shared/metrics.ts';
import { pause } from '../shared/pause.ts';
import type { ApiBudget } from '../shared/state/api-budget.ts';

/** Errors that show a congested API server. */
const CONGESTION: readonly (ErrorCode | undefined)[] = ['rate_limited', 'cluster_unavailable'];

/** Lets a worker's requests to the API server through, as fast as the budget that all workers share allows. */
export interface Pace {
  /** Resolves when a request may be sent. Rejects if the signal is aborted, or the budget cannot be read. */
  enter(isUrgent: boolean, signal: AbortSignal): Promise<void>;
  /** Reports the end of a request; `ms` is its duration. */
  left(ms: number, error?: unknown): void;
}

export interface PaceOptions {
  /** The most that all workers together may send per second; 0: no limit. */
  readonly qps: number;
  readonly budget: ApiBudget;
  readonly metrics: Pick<Metrics, 'apiBudget' | 'apiBudgetWaiting' | 'apiRequests'>;
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export function paceRequests({ qps, budget, metrics }: PaceOptions): Pace {
  const lines: { urgent: Waiting[]; others: Waiting[] } = { urgent: [], others: [] };
  let latency: LatencyTrend = NO_LATENCY;
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
    const wanted = { urgent: lines.urgent.length, others: lines.others.length };
    const drawn = await budget.draw({ qps, ...wanted, congested });
    for (const waiting of lines.urgent.splice(0, drawn.urgent)) waiting.resolve();
    for (const waiting of lines.others.splice(0, drawn.others)) waiting.resolve();
    metrics.apiBudget.set(drawn.rate);
    showWaiting();
    return drawn.waitMs;
  }

  function isWanted(): boolean {
    return isCongested || lines.urgent.length + lines.others.length > 0;
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
    enter: async (isUrgent, signal) => {
      if (qps === 0) return;
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        lines[isUrgent ? 'urgent' : 'others'].push({ signal, resolve, reject });
        showWaiting();
        if (isUrgent) resting.abort();
        wake();
      });
    },
    left: (ms, error) => {
      metrics.apiRequests.inc();
      if (qps === 0) return;
      const code = error instanceof SkipperError ? error.code : undefined;
      latency = withSample(latency, ms);
      if (!CONGESTION.includes(code) && !isRising(latency)) return;
      isCongested = true;
      wake();
    },
  };
}
