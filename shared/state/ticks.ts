import type { Epoch } from './epochs.ts';

/** What is known of an epoch: from earlier answers of Redis, or from the copy outside of it. */
export interface KnownTick {
  /** The epoch's id. */
  readonly id: string;
  /** When the epoch was open for certain, in milliseconds since 1970. */
  readonly at: number;
  readonly tick: number;
}

/** An answer of Redis: the open epoch, and a number that only falls if Redis goes back to an older state. */
export interface Tick {
  readonly epoch: Epoch | undefined;
  /** Undefined if Redis does not count: it is full. */
  readonly tick: number | undefined;
}

/** How far Redis has counted as this process knows: up to the latest answer, and its own writes since then. */
export interface Ticks {
  /** Runs a write that Redis counts. */
  counted<T>(write: () => Promise<T>): Promise<T>;
  /** Resolves with the answer, and with what was known just before it. */
  ask(ask: () => Promise<Tick>): Promise<Tick & { readonly known: KnownTick | undefined }>;
}

export function openTicks(): Ticks {
  let asked = 0;
  let answered = 0;
  let latest: KnownTick | undefined;
  let written = 0;
  return {
    counted: async (write) => {
      const after = asked;
      const reply = await write();
      // Redis answers in order: what was sent before the latest question is in its answer.
      if (after >= answered) written += 1;
      return reply;
    },
    ask: async (ask) => {
      asked += 1;
      const question = asked;
      const { epoch, tick } = await ask();
      const known = latest && { ...latest, tick: latest.tick + written };
      latest = epoch && (tick === undefined ? known : { id: epoch.id, at: epoch.at, tick });
      written = 0;
      answered = question;
      return { epoch, tick, known };
    },
  };
}
