import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { inTime } from './network/in-time.ts';
import { pause } from './pause.ts';
import { isReady, type RedisConnection } from './redis.ts';
import { isOlderThanCopy, type SavedEpoch } from './saved-state/saved-epoch.ts';
import type { Epoch } from './state/epoch.ts';
import type { Epochs } from './state/epochs.ts';

const CHECK_EVERY_MS = 1_000;
/** The API server can be unreachable: then the copy is read later. */
const SAVED_WITHIN_MS = 3_000;
const SAVED_AGAIN_MS = 2_000;

/** Notices that Redis is new, has lost its data or went back to an older state, and has the state rebuilt. */
export interface EpochKeeper {
  /** The open epoch, as far as this process knows. */
  current(): Epoch | undefined;
  /** What the rebuild waits for; undefined while the state is whole. */
  problem(): string | undefined;
  /** Called whenever another epoch has been opened. */
  onOpened(listener: (epoch: Epoch) => void): void;
  /** Checks now, and not only in a second. */
  check(): Promise<void>;
  stop(): void;
}

export interface Missing {
  /** When this process last found the state whole; undefined if it never did. */
  readonly seenAt: number | undefined;
}

export interface EpochKeeperOptions {
  readonly state: Pick<Epochs, 'checkEpoch' | 'closeEpoch'> & { now(): number };
  readonly redis: RedisConnection;
  /** The epoch of the copy outside of Redis; undefined if there is none. */
  readonly readSavedEpoch: () => Promise<SavedEpoch | undefined>;
  /** Rebuilds the state, or returns what it has to wait for. */
  readonly rebuild: (missing: Missing) => Promise<string | undefined>;
  readonly log: Logger;
  readonly checkEveryMs?: number;
}

/** Every process does this: an API without workers accepts requests as well. */
export function keepEpoch({
  state,
  redis,
  readSavedEpoch,
  rebuild,
  log,
  checkEveryMs = CHECK_EVERY_MS,
}: EpochKeeperOptions): EpochKeeper {
  const stopping = new AbortController();
  const listeners: ((epoch: Epoch) => void)[] = [];
  let current: Epoch | undefined;
  let known: Epoch | undefined;
  /** The id of an epoch that must be closed. */
  let older: string | undefined;
  /** When the copy is to be compared with Redis; undefined once it was. */
  let comparesAt: number | undefined = 0;
  let seenAt: number | undefined;
  let problem: string | undefined = NOT_READ;
  /** Why this process could not rebuild the state; it counts until somebody has, also while another process tries. */
  let failure: string | undefined;
  let checking: Promise<void> | undefined;

  async function check(): Promise<void> {
    if (!isReady(redis)) return;
    let epoch = await readOrClose();
    if (epoch === undefined) {
      current = undefined;
      problem ??= REBUILDING;
      const waitsFor = await rebuild({ seenAt }).catch(noteFailure);
      problem = failure ?? waitsFor;
      if (waitsFor === undefined) epoch = await readOrClose();
    }
    if (epoch === undefined) return;
    problem = undefined;
    failure = undefined;
    current = epoch;
    seenAt = state.now();
    if (known?.id === epoch.id) return;
    known = epoch;
    for (const listener of listeners) listener(epoch);
  }

  /** Undefined also if what is open is the epoch of an older state: it is closed. */
  async function readOrClose(): Promise<Epoch | undefined> {
    // Before Redis: a copy that is saved meanwhile does not count.
    const copy = await readCopy();
    const { epoch, saves, isOlder } = await state.checkEpoch();
    if (epoch === undefined) return undefined;
    const mustClose = isOlder || epoch.id === older || isOlderThanCopy({ epoch, saves }, copy);
    if (!mustClose) return epoch;
    if (older !== epoch.id)
      log.warn('Redis went back to an older state: the state is rebuilt from the cluster');
    older = epoch.id;
    current = undefined;
    problem = OLDER;
    await state.closeEpoch(epoch.id);
    older = undefined;
    return undefined;
  }

  async function readCopy(): Promise<SavedEpoch | undefined> {
    if (comparesAt === undefined || performance.now() < comparesAt) return undefined;
    try {
      const copy = await inTime({ timeoutMs: SAVED_WITHIN_MS }, readSavedEpoch);
      comparesAt = undefined;
      return copy;
    } catch (error) {
      comparesAt = performance.now() + SAVED_AGAIN_MS;
      log.debug({ reason: messageOf(error) }, 'the saved copy cannot be compared with Redis yet');
      return undefined;
    }
  }

  function noteFailure(error: unknown): string {
    failure = `the state could not be rebuilt: ${messageOf(error)}`;
    return failure;
  }

  function checkOnce(): Promise<void> {
    checking ??= check()
      .catch((error: unknown) => {
        problem ??= NOT_READ;
        log.debug({ reason: messageOf(error) }, 'whether Redis has lost its data cannot be checked');
      })
      .finally(() => {
        checking = undefined;
      });
    return checking;
  }

  async function keep(): Promise<void> {
    while (!stopping.signal.aborted) {
      await checkOnce();
      // The first epoch of a new installation opens as soon as the cluster is read.
      const isStarting = known === undefined;
      await pause(isStarting ? Math.min(STARTING_MS, checkEveryMs) : checkEveryMs, {
        signal: stopping.signal,
        ref: false,
      });
    }
  }

  const again = () => void checkOnce();
  redis.on('ready', again);
  void keep();
  return {
    current: () => current,
    problem: () => problem,
    onOpened: (listener) => {
      listeners.push(listener);
      if (known !== undefined) listener(known);
    },
    check: checkOnce,
    stop: () => {
      redis.off('ready', again);
      stopping.abort();
    },
  };
}

const STARTING_MS = 100;
const REBUILDING = 'runs from before can still write for some seconds';
const OLDER = 'Redis went back to an older state';
const NOT_READ = 'whether Redis has the state has not been checked yet';
