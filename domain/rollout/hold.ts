import * as z from 'zod';

/** Why a namespace gets no release automatically, and who decided that. */
export const Hold = z
  .object({
    reason: z.string(),
    by: z.string(),
    at: z.number().int().describe('Milliseconds since the epoch'),
    pin: z.string().optional().describe('The version that it stays at; left out if any'),
    rolloutId: z.string().optional().describe('The rollout that was taken back'),
  })
  .meta({ id: 'Hold' });
export type Hold = Readonly<z.infer<typeof Hold>>;
