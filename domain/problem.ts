import * as z from 'zod';
import { TargetState } from './rollout/rollout.ts';

/** The body of every error response, `application/problem+json` (RFC 9457). */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .readonly()
      .optional(),
    state: TargetState.optional().describe(
      'With 409: the state of the rollout, which the command does not fit',
    ),
  })
  .meta({ id: 'Problem' });
export type Problem = Readonly<z.infer<typeof Problem>>;
