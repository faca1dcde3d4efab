import { z } from 'zod';
import { jsonText } from '../json-text.ts';
import type { StateConnection } from './state-connection.ts';

/** Hashes that hold what operators have decided, and what cannot be read from the cluster. */
const HASHES = [':holds', ':ignored-releases', ':channel-pasts', ':healing'] as const;
const TEXTS = [':healing-status'] as const;
/** A worker that saves and dies is replaced after this long. */
const SAVER_MS = 10_000;
/** Longer than the time between two attempts. */
const PROBLEM_MS = 180_000;

/** What must survive a loss of Redis, and whether it has changed. */
export interface Saveable {
  /** Two texts that change with what is saved: `decisions` at decisions, `progress` as targets end. */
  saveMarks(): Promise<{ readonly decisions: string; readonly progress: string }>;
  /** By the key without its prefix. */
  savedHashes(): Promise<Record<string, Record<string, string>>>;
  savedTexts(): Promise<Record<string, string>>;
  /** Notes why it cannot be saved, for a while; undefined: it was saved. */
  noteSaveProblem(problem: string | undefined): Promise<void>;
  saveProblem(): Promise<string | undefined>;
  /** How often copies were saved, with the one that follows. */
  countSave(): Promise<number>;
  /** It was saved without regard to the texts: they have changed. */
  noteSaved(): Promise<void>;
  /** True for one worker at a time. */
  isSaver(worker: string): Promise<boolean>;
}

export function openSaveable(connection: StateConnection): Saveable {
  const { redis, prefix, guarded } = connection;
  const healingMark = markHealing(connection);
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
        decisions: [revision, paused, await healingMark(), ...marks.map(({ decided }) => decided)].join('\n'),
        progress: marks.map(({ seq }) => seq).join(' '),
      };
    },
    savedHashes: async () => {
      const hashes = await guarded(() => Promise.all(HASHES.map((key) => redis.hgetall(`${prefix}${key}`))));
      return Object.fromEntries(HASHES.map((key, index) => [key, hashes[index] ?? {}]));
    },
    savedTexts: async () => {
      const texts = await guarded(() => redis.mget(TEXTS.map((key) => `${prefix}${key}`)));
      return Object.fromEntries(TEXTS.flatMap((key, index) => (texts[index] ? [[key, texts[index]]] : [])));
    },
    noteSaveProblem: async (problem) => {
      const key = `${prefix}:save-problem`;
      if (problem === undefined) await guarded(() => redis.del(key));
      else await guarded(() => redis.set(key, problem, 'PX', PROBLEM_MS));
    },
    saveProblem: async () => (await guarded(() => redis.get(`${prefix}:save-problem`))) ?? undefined,
    countSave: () => guarded(() => redis.incr(`${prefix}:saves`)),
    noteSaved: async () => {
      await guarded(() => redis.incr(`${prefix}:save-revision`));
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

/**
 * Whether healing is stopped, what is in quarantine, and the steps, which the cap and the waits count. Each pass changes more
 * than that, which the next one finds again: it is read only once for each pass.
 */
function markHealing({ redis, prefix, guarded }: StateConnection): () => Promise<string> {
  let known = { revision: '', mark: '' };
  return async () => {
    const revision = (await guarded(() => redis.get(`${prefix}:healing-revision`))) ?? '';
    if (revision === known.revision) return known.mark;
    const [status, healing] = await guarded(() =>
      Promise.all([redis.get(`${prefix}:healing-status`), redis.hgetall(`${prefix}:healing`)]),
    );
    const marks = Object.entries(healing).map(([name, json]) => `${name} ${markOf(json)}`);
    known = { revision, mark: [StoredStop.safeParse(status).data?.stopped?.at, ...marks.sort()].join(', ') };
    return known.mark;
  };
}

function markOf(json: string): string {
  const { steps, quarantine } = StoredSteps.safeParse(json).data ?? { steps: [] };
  const last = steps.at(-1);
  return [quarantine?.since, steps.length, last?.at, last?.endedAt].join(' ');
}

const milliseconds = z.number();
const StoredSteps = jsonText(
  z.object({
    steps: z.array(z.object({ at: milliseconds, endedAt: milliseconds.optional() })),
    quarantine: z.object({ since: milliseconds }).optional(),
  }),
);

const StoredStop = jsonText(z.object({ stopped: z.object({ at: milliseconds }).optional() }));
