import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';

/** The part of a BullMQ Worker that pauses it. */
export interface Restable {
  pause(doNotWaitActive?: boolean): Promise<void>;
  resume(): Promise<unknown>;
}

/** Pauses a worker while there is a reason for it. */
export interface Rest {
  begin(reason: string): void;
  end(reason: string): void;
}

/** Several reasons can overlap: the worker resumes when the last one ends. */
export function createRest(worker: () => Restable, log: Logger): Rest {
  const reasons = new Set<string>();

  function attempt(act: Promise<unknown>): void {
    act.catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'the worker could not pause or resume'),
    );
  }

  return {
    begin: (reason) => {
      const isFirst = reasons.size === 0;
      reasons.add(reason);
      if (isFirst) attempt(worker().pause(true));
    },
    end: (reason) => {
      if (reasons.delete(reason) && reasons.size === 0) attempt(worker().resume());
    },
  };
}
