import * as z from 'zod';

/** What happens to a rollout that still runs when its channel has a newer release. */
export const NEWER_RELEASE_MODES = ['replace', 'finish', 'ask'] as const;
export const NewerReleaseMode = z.enum(NEWER_RELEASE_MODES).meta({ id: 'NewerReleaseMode' });
export type NewerReleaseMode = z.infer<typeof NewerReleaseMode>;

/** The size of a wave, and how many of its targets can fail. */
export const Wave = z.object({
  size: z.number().int(),
  isCanary: z.boolean(),
  maxFailures: z.number().int(),
});
export type Wave = Readonly<z.infer<typeof Wave>>;

/** A strategy in concrete numbers for a number of targets. */
export const ResolvedStrategy = z
  .object({
    type: z.enum(['All', 'Progressive']),
    waves: z.array(Wave).readonly(),
    maxConcurrency: z.number().int(),
    maxFailures: z.number().int().describe('How many targets can fail in all'),
    minSuccessMs: z.number(),
    progressDeadlineMs: z.number().optional().describe("Left out if only the worker's own deadline counts"),
    approval: z.boolean(),
  })
  .meta({ id: 'ResolvedStrategy' });
export type ResolvedStrategy = Readonly<z.infer<typeof ResolvedStrategy>>;
