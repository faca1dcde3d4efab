import * as z from 'zod';
import { PLAN_ACTIONS } from './plan-action.ts';

/** What a deploy would do in a namespace. */
export const PlannedAction = z.object({
  namespace: z.string(),
  /** A string, because a newer API can have more actions. */
  action: z.string().describe(`One of ${PLAN_ACTIONS.join(', ')}`),
  reason: z.string(),
  version: z.string().optional().describe('The version that it is deployed to'),
  from: z
    .string()
    .optional()
    .describe('The version that its Deployment has now; empty if FDD is not deployed'),
  takesOverFrom: z
    .string()
    .optional()
    .describe('The Helm release that FDD is taken over from; left out if it is not'),
});

/** The answer to a dry run. */
export const PlanView = z
  .object({
    dryRun: z.literal(true),
    counts: z.record(z.string(), z.number().int()).describe('How many namespaces get each action'),
    targets: z
      .array(
        PlannedAction.extend({
          steps: z
            .array(z.record(z.string(), z.unknown()))
            .optional()
            .describe('Left out if omit_steps was set'),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'Plan' });
export type PlanView = Readonly<z.infer<typeof PlanView>>;
