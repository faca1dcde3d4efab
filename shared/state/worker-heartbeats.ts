import type { StateConnection } from './state-connection.ts';

/** Without any worker for this long, nobody needs the heartbeats of those that were there. */
const KEPT_MS = 3_600_000;

/** A suspended or hung worker keeps its connections, so a connection does not show that a worker is alive. */
export interface WorkerHeartbeats {
  /** Reports that a worker is alive; each beat differs from the previous one. */
  saveHeartbeat(worker: string, beat: number): Promise<void>;
  /** The last beat of each worker. */
  heartbeats(): Promise<ReadonlyMap<string, string>>;
}

export function openWorkerHeartbeats({ redis, prefix, guarded }: StateConnection): WorkerHeartbeats {
  const key = `${prefix}:heartbeats`;
  return {
    saveHeartbeat: async (worker, beat) => {
      await guarded(() => redis.multi().hset(key, worker, beat).pexpire(key, KEPT_MS).exec());
    },
    heartbeats: async () => new Map(Object.entries(await guarded(() => redis.hgetall(key)))),
  };
}
