import { setImmediate } from 'node:timers/promises';
import pLimit from 'p-limit';
import { HttpProblem } from './problem.ts';

const RETRY_AFTER_SECONDS = '2';

export interface WorkBounds {
  /** What there is too much of, in the refusal. */
  readonly what: string;
  readonly atOnce: number;
  /** So many more wait for their turn; others are refused. */
  readonly waiting: number;
}

/** A bound on expensive work: memory and processor time stay bounded, however many requests come at once. */
export interface BoundedWork {
  /** Takes a place, or refuses with 429; returns what gives the place back. */
  enter(): () => void;
  /** Runs the work once fewer than `atOnce` run. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function boundWork({ what, atOnce, waiting }: WorkBounds): BoundedWork {
  const limit = pLimit(atOnce);
  let places = atOnce + waiting;
  return {
    enter: () => {
      if (places === 0) throw tooMany(what);
      places -= 1;
      let isTaken = true;
      return () => {
        if (isTaken) places += 1;
        isTaken = false;
      };
    },
    run: (work) =>
      limit(async () => {
        // Other requests, such as those for health, get a turn in between.
        await setImmediate();
        return work();
      }),
  };
}

export function tooMany(what: string): HttpProblem {
  return new HttpProblem(429, 'too_many_requests', `too many ${what} at once: nothing was done, try again`, {
    headers: { 'retry-after': RETRY_AFTER_SECONDS },
  });
}
