/** What a watch knows of itself. */
export interface WatchState {
  /** One whole list has been read since the start. */
  readonly synced: boolean;
  /** The resourceVersion up to which everything has been seen. */
  readonly position: string | undefined;
  readonly lastHeardAt: number;
  readonly relists: number;
  /** Why it does not work at the moment. */
  readonly problem: string | undefined;
  /** It does not work because a right is missing: it will not until somebody grants it. */
  readonly refused: boolean;
  /** Since when it has not held, and why not lately; opening a stream that breaks at once does not end it. */
  readonly trouble?: WatchTrouble | undefined;
}

export interface WatchTrouble {
  readonly since: number;
  readonly reason: string;
}

/** Why a watch broke. */
export interface WatchBreak {
  readonly at: number;
  readonly problem: string;
  readonly refused: boolean;
  /** The server no longer knows the position: only a list helps. */
  readonly isExpired: boolean;
}

/** The bookkeeping of a watch: which objects it knows, how far it has come, whether it works. It knows no clock and no server. */
export interface WatchBooks {
  state(): WatchState;
  /** Something was received. */
  heard(at: number): void;
  add(key: string): void;
  remove(key: string): void;
  /** The objects that are known and not in a whole list. */
  missingFrom(keys: ReadonlySet<string>): string[];
  /** A whole list was read, as of this position. */
  listed(position: string | undefined): void;
  moveTo(position: string | undefined): void;
  works(): void;
  /** It has held: the next break is the first in a row. */
  settled(): void;
  /** Returns how many breaks in a row came before this one. */
  broke(why: WatchBreak): number;
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

  function works(): void {
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
    broke: ({ at, problem, refused, isExpired }) => {
      if (isExpired) state.position = undefined;
      state.trouble = { since: state.trouble?.since ?? at, reason: problem };
      Object.assign(state, { problem, refused });
      failures += 1;
      return failures - 1;
    },
  };
}
