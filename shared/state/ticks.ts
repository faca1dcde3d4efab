import { randomUUID } from 'node:crypto';
import type { ChainableCommander } from 'ioredis';
import type { RedisConnection } from '../redis.ts';
import { type Epoch, StoredEpoch } from './epoch.ts';
import { valuesOf } from './values-of.ts';

/** The open epoch, and what Redis has counted in it. */
export interface Counted {
  /** Undefined if none is open. */
  readonly epoch: Epoch | undefined;
  /** How often a copy was to be saved outside of Redis. */
  readonly saves: number;
  /** Redis has counted less than this process knows it had: it has gone back to an older state. */
  readonly isOlder: boolean;
}

/**
 * How far Redis must have counted: the writes that it has confirmed to this process, and those of all processes at the latest
 * check. Redis counts in the same script or transaction as it writes (lua/includes/count.lua).
 */
export interface Ticks {
  /** For a script: the id of this process, its own writes, and those of all processes. */
  expected(): readonly [process: string, own: number, total: number];
  countIn(transaction: ChainableCommander): ChainableCommander;
  /** Runs a write that Redis counts. */
  count<T>(write: () => Promise<T>): Promise<T>;
  read(): Promise<Counted>;
  /** The epoch has been closed: the next one counts from its own beginning. */
  forget(): void;
}

/** 30 days, as in lua/includes/count.lua: a process that comes back after its count has expired would take that for a loss. */
const TTL_SECONDS = 2_592_000;

export function openTicks(redis: RedisConnection, prefix: string): Ticks {
  const id = randomUUID();
  const totalKey = `${prefix}:ticks`;
  const ownKey = `${totalKey}:${id}`;
  let known = NOTHING;
  let inFlight = 0;

  async function readCounters() {
    const reading = redis
      .pipeline()
      .get(`${prefix}:epoch`)
      .getex(ownKey, 'EX', TTL_SECONDS)
      .mget(totalKey, `${prefix}:saves`);
    const [epoch, own, counters] = valuesOf(await reading.exec());
    const [total = 0, saves = 0] = (counters as (string | null)[]).map(Number);
    return { found: { epoch: StoredEpoch.safeParse(epoch).data, own: Number(own), total }, saves };
  }

  return {
    expected: () => [id, known.own, known.total],
    countIn: (transaction) => transaction.incr(totalKey).incr(ownKey).expire(ownKey, TTL_SECONDS),
    count: async (write) => {
      const { epoch } = known;
      inFlight += 1;
      try {
        const reply = await write();
        // Another epoch counts from its own beginning.
        if (known.epoch?.id === epoch?.id) known = { ...known, own: known.own + 1 };
        return reply;
      } finally {
        inFlight -= 1;
      }
    },
    read: async () => {
      // What is confirmed from now on need not be in the answer.
      const before = known;
      const isQuiet = inFlight === 0;
      const { found, saves } = await readCounters();
      const isOlder = hasLess(found, before);
      if (!isOlder) known = withFound(known, found, isQuiet);
      return { epoch: found.epoch, saves, isOlder };
    },
    forget: () => {
      known = NOTHING;
    },
  };
}

interface Known {
  /** Undefined if none is open. */
  readonly epoch: Epoch | undefined;
  readonly own: number;
  readonly total: number;
}

const NOTHING: Known = { epoch: undefined, own: 0, total: 0 };

function hasLess(found: Known, known: Known): boolean {
  if (found.epoch === undefined || known.epoch === undefined) return false;
  if (found.epoch.id !== known.epoch.id) return found.epoch.at < known.epoch.at;
  return found.own < known.own || found.total < known.total;
}

/**
 * Own writes count when they are confirmed, which can be noticed after an answer that contains them: from that answer as well, they
 * would count twice. If none was in flight, the answer has those, too, whose confirmation was lost.
 */
function withFound(known: Known, found: Known, isQuiet: boolean): Known {
  if (found.epoch === undefined) return NOTHING;
  if (known.epoch?.id !== found.epoch.id) return found;
  return {
    epoch: found.epoch,
    own: isQuiet ? Math.max(known.own, found.own) : known.own,
    total: Math.max(known.total, found.total),
  };
}
