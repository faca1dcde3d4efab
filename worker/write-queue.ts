import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';

/** Writes in order, without delaying the run; a write that fails is dropped, and does not fail the run. */
export interface WriteQueue {
  add(write: () => Promise<unknown>): void;
  /** Resolves when everything added so far is written or dropped. */
  settled(): Promise<void>;
}

export function createWriteQueue(log: Logger): WriteQueue {
  let pending: Promise<unknown> = Promise.resolve();
  return {
    add: (write) => {
      pending = pending.then(write).catch((error: unknown) => {
        log.debug({ reason: messageOf(error) }, 'progress could not be published');
      });
    },
    settled: () => pending.then(() => undefined),
  };
}
