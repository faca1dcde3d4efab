import { DateTime } from 'luxon';
import * as z from 'zod';
import { isTimeZone, TIME_ZONE_ADVICE } from '../deploy-window.ts';
import type { FreezePeriod } from './closure.ts';
import { Trigger } from './rollout.ts';

const MOMENT = 'must be a date or a time, such as 2026-12-20 or 2026-12-20T18:00';
const Moment = z
  .string({ error: MOMENT })
  .regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2})?$/, { error: MOMENT })
  .refine((text) => DateTime.fromISO(text).isValid, { error: MOMENT });

/** A period without deploys, as in the policy file. A date without a time is the whole day. */
export const Freeze = z
  .strictObject({
    from: Moment,
    to: Moment.describe('A date is part of the freeze, a time is not'),
    timeZone: z
      .string({ error: TIME_ZONE_ADVICE })
      .refine(isTimeZone, { error: TIME_ZONE_ADVICE, abort: true }),
    reason: z.string({ error: 'must say why' }).min(1, { error: 'must say why' }),
    triggers: z
      .array(Trigger)
      .min(1, { error: 'must name at least one trigger' })
      .readonly()
      .optional()
      .describe('The requests that wait; left out: those that no person makes'),
  })
  .superRefine((freeze, context) => {
    const { from, to } = toPeriod(freeze);
    if (to <= from) context.addIssue({ code: 'custom', path: ['to'], message: 'must be after from' });
  });
export type Freeze = Readonly<z.infer<typeof Freeze>>;

export function toPeriod({ from, to, timeZone, reason }: Freeze): FreezePeriod {
  const end = DateTime.fromISO(to, { zone: timeZone });
  return {
    from: DateTime.fromISO(from, { zone: timeZone }).toMillis(),
    to: (to.includes('T') ? end : end.plus({ days: 1 })).toMillis(),
    timeZone,
    reason,
  };
}
