import { Redis } from 'ioredis';
import { KEY_PREFIX } from '../shared/redis.ts';

/** A namespace's current attempt, as Redis has it. */
export interface RunState {
  /** When it began, in milliseconds since the epoch; undefined if none is open. */
  readonly startedAt: number | undefined;
  readonly isParked: boolean;
}

export interface RunStates {
  /** In the order of the namespaces. */
  read(namespaces: readonly string[]): Promise<RunState[]>;
  parked(): Promise<number>;
  close(): void;
}

/** Reads the runs where workers keep them: the API shows the start of a request, not of each attempt. */
export function openRunStates(redisUrl: string): RunStates {
  const redis = new Redis(redisUrl);
  return {
    read: async (namespaces) => {
      const pipeline = redis.pipeline();
      for (const name of namespaces) pipeline.hmget(`${KEY_PREFIX}:namespace:${name}`, 'open', 'parking');
      const replies = (await pipeline.exec()) ?? [];
      return replies.map(([, fields]) => toRunState(fields as (string | null)[]));
    },
    parked: () => redis.hlen(`${KEY_PREFIX}:parked`),
    close: () => redis.disconnect(),
  };
}

function toRunState([open, parking]: readonly (string | null)[]): RunState {
  const startedAt = open ? (JSON.parse(open) as { s: number }).s : undefined;
  return { startedAt, isParked: Boolean(parking) };
}
