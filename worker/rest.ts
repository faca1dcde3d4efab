import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';

/** What of a BullMQ Worker can rest. */
export interface Restable {
  pause(doNotWaitActive?: boolean): Promise<void>;
  resume(): Promise<unknown>;
}

/** A worker takes jobs while nothing speaks against it. */
export interface Rest {
  begin(reason: string): void;
  end(reason: string): void;
}

/** Several reasons may overlap: only the end of the last one resumes. */
export function createRest(worker: () => Restable, log: Logger): Rest {
  const reasons = new Set<string>();

  function attempt(act: Promise<unknown>): void {
    act.catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'the worker did not pause or resume'),
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
