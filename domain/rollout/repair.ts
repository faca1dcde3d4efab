import * as z from 'zod';

/** How a namespace is repaired, from the mildest to the strongest. */
export const MEANS = ['wait', 'restart', 'deploy', 'bootstrap'] as const;
export const Means = z.enum(MEANS).meta({ id: 'HealMeans' });
export type Means = z.infer<typeof Means>;

/** What healing asks of a run, as the desired state keeps it with the generation. */
export const Repair = z.object({
  means: Means,
  rule: z.string().describe('The rule of healing that caused it'),
  evidence: z.string(),
  pods: z
    .array(z.string())
    .readonly()
    .optional()
    .describe('The pods that a restart deletes: no other pod ever gets one of these names'),
});
export type Repair = Readonly<z.infer<typeof Repair>>;
