import { z } from 'zod';
import { jsonText } from '../json-text.ts';
import type { StateConnection } from './state-connection.ts';

/** A worker without a report for this long is gone; a resting worker reports every two seconds. */
const HEARD_WITHIN_MS = 20_000;

const Resting = jsonText(z.object({ reason: z.string(), at: z.number() }));

/** Workers that take no jobs because the API server does not answer them. */
export interface RestingWorkers {
  /** Reports that a worker rests, and why; without a reason, that it works again. */
  saveResting(worker: string, reason: string | undefined): Promise<void>;
  /** Why each of them rests, by worker. */
  restingWorkers(): Promise<ReadonlyMap<string, string>>;
}

export function openRestingWorkers({ redis, prefix, guarded }: StateConnection): RestingWorkers {
  const key = `${prefix}:resting`;
  return {
    saveResting: async (worker, reason) => {
      if (reason === undefined) return void (await guarded(() => redis.hdel(key, worker)));
      const entry = JSON.stringify({ reason, at: Date.now() });
      // So that the entries of workers that were killed while resting expire.
      await guarded(() => redis.multi().hset(key, worker, entry).pexpire(key, HEARD_WITHIN_MS).exec());
    },
    restingWorkers: async () => {
      const fields = await guarded(() => redis.hgetall(key));
      return new Map(
        Object.entries(fields).flatMap(([worker, json]): [string, string][] => {
          const { data } = Resting.safeParse(json);
          return data && Date.now() - data.at < HEARD_WITHIN_MS ? [[worker, data.reason]] : [];
        }),
      );
    },
  };
}
