import type { StateConnection } from './state-connection.ts';

/** Hashes that hold what operators have decided, and what cannot be read from the cluster. */
const HASHES = [':holds', ':ignored-releases', ':channel-pasts'] as const;
/** A worker that saves and dies is replaced after this long. */
const SAVER_MS = 10_000;

/** What must survive a loss of Redis, and whether it has changed. */
export interface Saveable {
  /** Two texts that change with what is saved: `decisions` at decisions, `progress` as targets end. */
  saveMarks(): Promise<{ readonly decisions: string; readonly progress: string }>;
  /** By the key without its prefix. */
  savedHashes(): Promise<Record<string, Record<string, string>>>;
  /** True for one worker at a time. */
  isSaver(worker: string): Promise<boolean>;
}

export function openSaveable({ redis, prefix, guarded }: StateConnection): Saveable {
  return {
    saveMarks: async () => {
      const [revision, ids, paused] = await guarded(() =>
        Promise.all([
          redis.get(`${prefix}:save-revision`),
          redis.smembers(`${prefix}:open-rollouts`),
          redis.hexists(`${prefix}:deploy:meta`, 'paused'),
        ]),
      );
      const marks = await Promise.all(
        ids.sort().map(async (id) => {
          const key = `${prefix}:rollout:${id}:state`;
          const [changes, state, seq] = await guarded(() => redis.hmget(key, 'revision', 'state', 'seq'));
          return { decided: `${id} ${changes} ${state}`, seq };
        }),
      );
      return {
        decisions: [revision, paused, ...marks.map(({ decided }) => decided)].join('\n'),
        progress: marks.map(({ seq }) => seq).join(' '),
      };
    },
    savedHashes: async () => {
      const hashes = await guarded(() => Promise.all(HASHES.map((key) => redis.hgetall(`${prefix}${key}`))));
      return Object.fromEntries(HASHES.map((key, index) => [key, hashes[index] ?? {}]));
    },
    isSaver: async (worker) => {
      const key = `${prefix}:saver`;
      const isNew = (await guarded(() => redis.set(key, worker, 'PX', SAVER_MS, 'NX'))) === 'OK';
      if (isNew) return true;
      if ((await guarded(() => redis.get(key))) !== worker) return false;
      await guarded(() => redis.pexpire(key, SAVER_MS));
      return true;
    },
  };
}
