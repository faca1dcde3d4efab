import * as z from 'zod';

/** What can keep a namespace from its release, in the order in which it is listed. */
export const WAIT_KINDS = [
  'pin',
  'hold',
  'ignored',
  'freeze',
  'window',
  'paused',
  'wave',
  'soak',
  'approval',
  'concurrency',
  'in-flight',
  'api-budget',
  'backoff',
] as const;

/** One of the things that hold a namespace. */
export const Wait = z
  .object({
    kind: z.enum(WAIT_KINDS),
    text: z.string().describe('For people'),
    until: z
      .number()
      .int()
      .optional()
      .describe('When it ends, in milliseconds since the epoch; left out if nobody knows'),
    rolloutId: z.string().optional().describe('The rollout that the text names'),
  })
  .meta({ id: 'Wait' });
export type Wait = Readonly<z.infer<typeof Wait>>;
