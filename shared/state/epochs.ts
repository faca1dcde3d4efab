import { type Epoch, StoredEpoch } from './epoch.ts';
import { luaJson } from './lua-json.ts';
import type { RestoreCommand } from './scripts.ts';
import type { StateConnection } from './state-connection.ts';
import type { Counted } from './ticks.ts';

/**
 * What Redis has although no epoch is open: `records` of an older Skipper, or the `older-state` that it went back to, of which
 * nothing is used.
 */
export type LeftBehind = 'nothing' | 'records' | 'older-state';

/** Notices that Redis has lost its data, and fills it again. While no epoch is open, scripts refuse to act upon the state. */
export interface Epochs {
  /** Undefined if Redis is new or has lost its data. */
  epoch(): Promise<Epoch | undefined>;
  /** Throws unless the state is whole. */
  requireEpoch(): Promise<void>;
  /** The epoch, and whether it is that of an older state. */
  checkEpoch(): Promise<Counted>;
  /** Closes the epoch with this id, as Redis has gone back to an older state. */
  closeEpoch(id: string): Promise<void>;
  leftBehind(): Promise<LeftBehind>;
  /** True if this process alone may rebuild the state for a while. */
  claimRebuild(token: string): Promise<boolean>;
  /** Gives the claim back, so that another process can rebuild the state. */
  endRebuild(token: string): Promise<void>;
  /** Deletes the older state, except the history, the audit log, and these keys; false if another process has taken over. */
  sweep(token: string, keep: readonly string[]): Promise<boolean>;
  /** Writes a part of the state; false if another process has taken over. */
  restore(token: string, commands: readonly RestoreCommand[]): Promise<boolean>;
  /** Opens the epoch, which ends the rebuild, and announces what has changed; false if another process has done so. */
  openEpoch(token: string, epoch: Epoch, changed?: readonly string[]): Promise<boolean>;
}

/** A process that dies during a rebuild is replaced after this long; longer than leases from before can last. */
const CLAIM_MS = 10_000;
/** Commands in one script: Redis does nothing else meanwhile. */
const CHUNK = 500;
/** Keys that one script checks. */
const SWEPT_AT_ONCE = 2_000;

export function openEpochs({ redis, prefix, run, guarded, ticks, requireWhole }: StateConnection): Epochs {
  const key = `${prefix}:epoch`;
  const claim = `${prefix}:rebuild`;
  return {
    epoch: async () => StoredEpoch.safeParse(await guarded(() => redis.get(key))).data,
    requireEpoch: requireWhole,
    checkEpoch: () => guarded(ticks.read),
    closeEpoch: async (id) => {
      await run('close-epoch', { id });
      ticks.forget();
    },
    leftBehind: async () => {
      const [wentBack, counters] = await guarded(() =>
        Promise.all([redis.exists(`${prefix}:went-back`), redis.exists(`${prefix}:counters`)]),
      );
      if (wentBack === 1) return 'older-state';
      return counters === 1 ? 'records' : 'nothing';
    },
    claimRebuild: async (token) =>
      (await guarded(() => redis.set(claim, token, 'PX', CLAIM_MS, 'NX'))) === 'OK',
    endRebuild: async (token) => {
      if ((await guarded(() => redis.get(claim))) === token) await guarded(() => redis.del(claim));
    },
    sweep: async (token, keep) => {
      let cursor = '0';
      do {
        const reply = await run('sweep', { token, cursor, keep, count: SWEPT_AT_ONCE, claimMs: CLAIM_MS });
        if (reply === 'lost') return false;
        cursor = String(reply);
      } while (cursor !== '0');
      return true;
    },
    restore: async (token, commands) => {
      for (let start = 0; start < commands.length; start += CHUNK) {
        const reply = await run('restore', {
          token,
          commands: commands.slice(start, start + CHUNK),
          claimMs: CLAIM_MS,
        });
        if (reply !== 'ok') return false;
      }
      return true;
    },
    openEpoch: async (token, epoch, changed = []) =>
      (await run('open-epoch', { token, epoch: luaJson(epoch), changed: linesOf(changed) })) === 'ok',
  };
}

function linesOf(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (let start = 0; start < names.length; start += CHUNK)
    lines.push(names.slice(start, start + CHUNK).join(' '));
  return lines;
}
