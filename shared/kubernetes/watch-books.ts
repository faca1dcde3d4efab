import type { ErrorCode } from '../../domain/errors.ts';

/** An API server that has just started denies everything until it has read its RBAC rules. */
const REFUSED_FOR_MS = 10_000;

/** The state of a watch. */
export interface WatchState {
  /** A complete list has been read since the start. */
  readonly synced: boolean;
  /** The resourceVersion up to which the watch is current. */
  readonly position: string | undefined;
  readonly lastHeardAt: number;
  readonly relists: number;
  /** Why it is broken at the moment. */
  readonly problem: string | undefined;
  /** It has been denied for a while: a permission is missing, and it stays broken until the permission is granted. */
  readonly refused: boolean;
  /** When it broke, and the latest reason; opening a stream that breaks at once does not clear it. */
  readonly trouble?: WatchTrouble | undefined;
}

export interface WatchTrouble {
  readonly since: number;
  readonly reason: string;
  /** Of the latest error, if it has one. */
  readonly code?: ErrorCode | undefined;
}

/** Why a watch broke. */
export interface WatchBreak {
  readonly at: number;
  readonly problem: string;
  readonly code?: ErrorCode | undefined;
  readonly refused: boolean;
  /** The server no longer has the position: a new list is needed. */
  readonly isExpired: boolean;
}

/** The bookkeeping of a watch: its objects, its position, its health. Without a clock and without I/O. */
export interface WatchBooks {
  state(): WatchState;
  /** Something was received. */
  heard(at: number): void;
  add(key: string): void;
  remove(key: string): void;
  /** The known objects that are missing from a complete list. */
  missingFrom(keys: ReadonlySet<string>): string[];
  /** A complete list was read, as of this position. */
  listed(position: string | undefined): void;
  moveTo(position: string | undefined): void;
  works(): void;
  /** The stream stayed open: the next break is the first in a row. */
  settled(): void;
  broke(why: WatchBreak): NextAttempt;
}

/** When to open a broken watch again. */
export interface NextAttempt {
  /** The number of consecutive breaks before the last one. */
  readonly failures: number;
  /** The longest delay: the next attempt decides whether a permission is missing. */
  readonly withinMs: number;
}

export function openWatchBooks(startedAt: number): WatchBooks {
  const known = new Set<string>();
  const state: { -readonly [Field in keyof WatchState]: WatchState[Field] } = {
    synced: false,
    position: undefined,
    lastHeardAt: startedAt,
    relists: 0,
    problem: undefined,
    refused: false,
    trouble: undefined,
  };
  let failures = 0;
  let refusedSince: number | undefined;

  function works(): void {
    refusedSince = undefined;
    state.problem = undefined;
    state.refused = false;
  }

  return {
    works,
    state: () => ({ ...state }),
    heard: (at) => {
      state.lastHeardAt = at;
    },
    add: (key) => known.add(key),
    remove: (key) => known.delete(key),
    missingFrom: (keys) => [...known].filter((key) => !keys.has(key)),
    listed: (position) => {
      state.position = position;
      state.synced = true;
      state.relists += 1;
      works();
    },
    moveTo: (position) => {
      state.position = position;
    },
    settled: () => {
      failures = 0;
      state.trouble = undefined;
    },
    broke: ({ at, problem, code, refused, isExpired }) => {
      if (isExpired) state.position = undefined;
      state.trouble = { since: state.trouble?.since ?? at, reason: problem, ...(code ? { code } : {}) };
      refusedSince = refused ? (refusedSince ?? at) : undefined;
      state.problem = problem;
      state.refused = refusedSince !== undefined && at - refusedSince >= REFUSED_FOR_MS;
      failures += 1;
      if (refusedSince === undefined || state.refused) {
        return { failures: failures - 1, withinMs: Number.POSITIVE_INFINITY };
      }
      return { failures: failures - 1, withinMs: REFUSED_FOR_MS - (at - refusedSince) };
    },
  };
}
