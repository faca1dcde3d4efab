import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { inTime } from './network/in-time.ts';
import { pause } from './pause.ts';
import { isReady, type RedisConnection } from './redis.ts';
import type { Epoch, Epochs } from './state/epochs.ts';
import type { KnownTick, Tick } from './state/ticks.ts';
import { hasGoneBack } from './state/went-back.ts';

const CHECK_EVERY_MS = 1_000;
/** The API server can be unreachable: then what it would show is read later. */
const SAVED_WITHIN_MS = 3_000;

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
  readonly state: Pick<Epochs, 'tick' | 'closeEpoch' | 'doubt' | 'trust'> & { now(): number };
  readonly redis: RedisConnection;
  /** What the copy outside of Redis knows; undefined if there is none. */
  readonly readSavedTick: () => Promise<KnownTick | undefined>;
  /** Rebuilds the state, or returns what it has to wait for. */
  readonly rebuild: (missing: Missing) => Promise<string | undefined>;
  readonly log: Logger;
  readonly checkEveryMs?: number;
}

/** Every process does this: an API without workers accepts requests as well. */
export function keepEpoch({
  state,
  redis,
  readSavedTick,
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
  let isComparedWithSaved = false;
  let reading: Promise<Epoch | undefined> | undefined;
  let seenAt: number | undefined;
  let problem: string | undefined = NOT_READ;
  /** Why this process could not rebuild the state; it counts until somebody has, also while another process tries. */
  let failure: string | undefined;
  let checking: Promise<void> | undefined;

  async function check(): Promise<void> {
    if (!isReady(redis)) return;
    let epoch = await readEpoch();
    if (epoch === undefined) {
      current = undefined;
      problem ??= REBUILDING;
      const waitsFor = await rebuild({ seenAt }).catch(noteFailure);
      problem = failure ?? waitsFor;
      if (waitsFor === undefined) epoch = await readEpoch();
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

  function readEpoch(): Promise<Epoch | undefined> {
    reading ??= readTrusted().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  /** Closes the epoch of an older state; what is open then can be trusted. */
  async function readTrusted(): Promise<Epoch | undefined> {
    const { known, ...found } = await state.tick();
    const { epoch } = found;
    if (epoch !== undefined && (await isOlder({ ...found, epoch }, known))) {
      older = epoch.id;
      log.warn('Redis went back to an older state: the state is rebuilt from the cluster');
      await state.closeEpoch(epoch.id);
      state.trust();
      return undefined;
    }
    state.trust();
    return epoch;
  }

  async function isOlder(
    found: Tick & { readonly epoch: Epoch },
    known: KnownTick | undefined,
  ): Promise<boolean> {
    if (found.epoch.id === older || (known !== undefined && hasGoneBack(known, found))) return true;
    if (isComparedWithSaved) return false;
    try {
      const saved = await inTime({ timeoutMs: SAVED_WITHIN_MS }, readSavedTick);
      isComparedWithSaved = true;
      return saved !== undefined && hasGoneBack(saved, found);
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'the saved copy cannot be compared with Redis yet');
      return false;
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

  /** A rebuild that is under way needs the trust as well. */
  const again = () =>
    void readEpoch()
      .catch(() => undefined)
      .then(checkOnce);
  state.doubt();
  redis.on('close', state.doubt);
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
      redis.off('close', state.doubt);
      stopping.abort();
    },
  };
}

const STARTING_MS = 100;
const REBUILDING = 'runs from before can still write for some seconds';
const NOT_READ = 'whether Redis has the state has not been checked yet';
