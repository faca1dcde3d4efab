import * as z from 'zod';
import { isTimeZone, parseSpan, TIME_ZONE_ADVICE, WINDOW_ADVICE } from '../deploy-window.ts';
import { All, Progressive } from './strategy.ts';

const RULES = {
  windows: z
    .array(
      z
        .string({ error: WINDOW_ADVICE })
        .refine((text) => parseSpan(text) !== undefined, { error: WINDOW_ADVICE }),
      { error: 'must be a list of windows, such as ["Mon-Fri 09:00-16:00"]' },
    )
    .min(1, { error: 'must have at least one window' })
    .readonly()
    .optional()
    .describe('When targets can be admitted; left out: always'),
  timeZone: z
    .string({ error: TIME_ZONE_ADVICE })
    .refine(isTimeZone, { error: TIME_ZONE_ADVICE })
    .optional()
    .describe('Of the windows'),
  followBackwards: z
    .boolean({ error: 'must be true or false' })
    .optional()
    .describe('Only for `release`: a channel that moves backwards is followed automatically'),
};

const NO_TYPE = 'must have the type All or Progressive';
/** Without a type, the strategy is that of the defaults. */
const Rules = z.looseObject({ type: z.undefined().optional(), ...RULES }).superRefine((rules, context) => {
  const keys = Object.keys(rules);
  if (keys.length > 0 && keys.every((key) => key in RULES)) return;
  context.addIssue({ code: 'custom', path: ['type'], message: NO_TYPE });
});

/** The strategy of a trigger's rollouts, and when they can admit targets. */
export const TriggerPolicy = z
  .discriminatedUnion('type', [All.extend(RULES), Progressive.extend(RULES), Rules], { error: NO_TYPE })
  .superRefine(({ windows, timeZone }, context) => {
    const message = `${TIME_ZONE_ADVICE}: the windows need one`;
    if (windows && timeZone === undefined) context.addIssue({ code: 'custom', path: ['timeZone'], message });
  });
export type TriggerPolicy = Readonly<z.infer<typeof TriggerPolicy>>;
