import { z } from 'zod';
import { jsonText } from '../json-text.ts';
import type { StateConnection } from './state-connection.ts';

/** The last release check that ended without an error. */
const ReleaseCheckRecord = z.object({
  at: z.number(),
  /** The interval of the worker that made the check. */
  intervalSeconds: z.number(),
});
export type ReleaseCheckRecord = Readonly<z.infer<typeof ReleaseCheckRecord>>;

export interface LastReleaseCheck {
  saveReleaseCheck(check: ReleaseCheckRecord): Promise<void>;
  /** Undefined if no check was made, or if Redis has lost it. */
  lastReleaseCheck(): Promise<ReleaseCheckRecord | undefined>;
}

export function openLastReleaseCheck({ redis, prefix, guarded }: StateConnection): LastReleaseCheck {
  const key = `${prefix}:last-release-check`;
  return {
    saveReleaseCheck: async (check) => {
      await guarded(() => redis.set(key, JSON.stringify(check)));
    },
    lastReleaseCheck: async () => Stored.safeParse(await guarded(() => redis.get(key))).data,
  };
}

const Stored = jsonText(ReleaseCheckRecord);
