import * as z from 'zod';

/**
 * What can be wrong with the FDD of a namespace, each found by one pure rule. The order is that of causes before effects: the
 * first rule that holds is the one that is repaired.
 */
export const RULES = [
  'crd-missing',
  'rights-missing',
  'scaled-down',
  'no-deployment',
  'bootstrap-stuck',
  'image-pull',
  'oom',
  'crash-loop',
  'unschedulable',
  'failed-report',
  'progress-deadline',
  'drifted',
  'wrong-image',
  'unreported',
  'unavailable',
  'deaf',
] as const;
export const Rule = z.enum(RULES).meta({ id: 'HealRule' });
export type Rule = z.infer<typeof Rule>;

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** A rule that holds in a namespace. */
export const Finding = z
  .object({
    rule: Rule,
    since: milliseconds.describe(
      'Since when it holds, as far as known: first seen, if the cluster does not show it',
    ),
    evidence: z.string().describe('What was seen, for people'),
    by: z.string().optional().describe('The field manager that caused it, if the cluster recorded it'),
    isFleetWide: z
      .boolean()
      .optional()
      .describe('Its cause is not in the namespace: nothing is repaired there'),
  })
  .meta({ id: 'HealFinding' });
export type Finding = Readonly<z.infer<typeof Finding>>;
