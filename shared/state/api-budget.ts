import { z } from 'zod';
import { jsonText } from '../json-text.ts';
import type { StateConnection } from './state-connection.ts';

/** How many requests a worker wants to send to the API server. */
export interface WantedRequests {
  /** The most that all workers together may send per second. */
  readonly qps: number;
  /** For an operator's small request. */
  readonly urgent: number;
  readonly others: number;
  /** The API server throttles, is slow, or did not answer: the rate is halved, at most every two seconds. */
  readonly congested: boolean;
}

const Drawn = jsonText(
  z.object({
    urgent: z.number(),
    others: z.number(),
    waitMs: z.number(),
    /** Requests per second that all workers together may send now. */
    rate: z.number(),
  }),
);
/** How many of the wanted requests may be sent now, and after how many milliseconds to ask for the rest. */
export type DrawnRequests = z.infer<typeof Drawn>;

/** The budget of requests to the API server that all workers share. */
export interface ApiBudget {
  draw(wanted: WantedRequests): Promise<DrawnRequests>;
  /** The requests per second that workers share, if they have used them up a moment ago. */
  scarceRequests(): Promise<number | undefined>;
}

/** The part of the budget that is for urgent requests only, as in lua/draw.lua. */
const RESERVED = 0.2;
/** Workers that wait draw again within a second. */
const RECENT_MS = 2_000;

export function openApiBudget({ run, redis, prefix, guarded }: StateConnection): ApiBudget {
  return {
    draw: async (wanted) => Drawn.parse(await run('draw', { ...wanted })),
    scarceRequests: async () => {
      const known = await guarded(() => redis.hmget(`${prefix}:api-budget`, 'tokens', 'rate', 'at'));
      const [tokens = 0, rate = 0, at = 0] = known.map((value) => Number(value ?? Number.NaN));
      const reserved = rate * RESERVED;
      return tokens < reserved + 1 && Date.now() - at < RECENT_MS ? rate : undefined;
    },
  };
}
