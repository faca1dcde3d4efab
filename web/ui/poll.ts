/** Whether what a page shows is current. */
export type Polling =
  | { readonly state: 'rendered' }
  | { readonly state: 'live' }
  /** `reason` in words. */
  | { readonly state: 'lost'; readonly reason: string };

export interface PollOptions {
  readonly read: () => Promise<void>;
  /** Called before each wait: what has ended is read less often. */
  readonly intervalMs: () => number;
  readonly onState: (state: Polling) => void;
  readonly isHidden: () => boolean;
  readonly setTimer: (run: () => void, ms: number) => unknown;
}

export interface Poll {
  /** Reads now, or once more after what is being read, which can be older; resolves when the page is current. */
  now(): Promise<void>;
}

/** Reads again and again, one at a time; a hidden page reads nothing until it is shown. */
export function startPoll({ read, intervalMs, onState, isHidden, setTimer }: PollOptions): Poll {
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let round = 0;

  function now(): Promise<void> {
    // It begins a moment after the end of the reading before: until then nothing is being read, but another one would be too much.
    if (next !== undefined) return next;
    if (reading === undefined) return begin();
    next = reading.then(() => {
      next = undefined;
      return begin();
    });
    return next;
  }

  function begin(): Promise<void> {
    round += 1;
    const own = round;
    reading = readOnce().finally(() => {
      reading = undefined;
      setTimer(() => tick(own), intervalMs());
    });
    return reading;
  }

  /** A timer that another reading has overtaken does nothing. */
  function tick(own: number): void {
    if (own === round && !isHidden()) void begin();
  }

  async function readOnce(): Promise<void> {
    try {
      await read();
      onState({ state: 'live' });
    } catch (error) {
      onState({ state: 'lost', reason: error instanceof Error ? error.message : String(error) });
    }
  }

  void now();
  return { now };
}
