import type { ServerResponse } from 'node:http';
import { type ApiError, failure, tooManyRequests } from './api-error.ts';

/** What goes wrong, and how often. Tests change the numbers while the server runs. */
export interface Faults {
  /** Only requests whose method and path (without the query) match suffer; all do when unset. */
  method?: RegExp;
  path?: RegExp;
  latencyMs: number;
  /** Shares between 0 and 1. */
  rejectRate429: number;
  retryAfterSeconds: number;
  errorRate5xx: number;
  /** The write takes effect, but its connection is dropped before the answer. */
  timeoutAfterWriteRate: number;
  /**
   * While true, open and new watches fall silent: no events, no bookmarks, no end. A watch that was open then stays
   * silent for good, as a connection whose peer is gone; watches opened afterwards work.
   */
  freezeWatches: boolean;
  /** Cuts every open watch; returns how many. */
  dropWatches(): number;
  /** Forgets all history: older resourceVersions and continue tokens are answered with 410. */
  compact(): void;
}

export type FaultControls = Pick<Faults, 'dropWatches' | 'compact'>;

export function createFaults(initial: Partial<Faults>, controls: FaultControls): Faults {
  return {
    latencyMs: 0,
    rejectRate429: 0,
    retryAfterSeconds: 1,
    errorRate5xx: 0,
    timeoutAfterWriteRate: 0,
    freezeWatches: false,
    ...initial,
    ...controls,
  };
}

export function strikes(
  faults: Faults,
  request: { readonly method: string; readonly path: string },
): boolean {
  return (faults.method?.test(request.method) ?? true) && (faults.path?.test(request.path) ?? true);
}

/** The refusal to answer with instead of doing the work, if the dice say so. */
export function refusal(faults: Faults, random: () => number): ApiError | undefined {
  if (faults.rejectRate429 > 0 && random() < faults.rejectRate429) {
    return tooManyRequests('Too many requests, please try again later.', faults.retryAfterSeconds);
  }
  if (faults.errorRate5xx > 0 && random() < faults.errorRate5xx) {
    return failure({
      code: 500,
      reason: 'InternalError',
      message: 'Internal error occurred: simulated fault',
      details: { causes: [{ reason: '', message: 'simulated fault' }] },
    });
  }
  return undefined;
}

export function losesAnswer(faults: Faults, random: () => number): boolean {
  return faults.timeoutAfterWriteRate > 0 && random() < faults.timeoutAfterWriteRate;
}

export function dropConnection(response: ServerResponse): void {
  response.socket?.destroy();
}
