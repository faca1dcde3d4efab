import { z } from 'zod';
import { jsonText } from '../json-text.ts';

/** The time since Redis last was empty, or went back to an older state. */
export const Epoch = z.object({
  id: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** False if the process that opened it does not know a saved copy: it must not be replaced then. */
  hasReadSaved: z.boolean().optional(),
  /** What was rebuilt, if Redis had lost its data; left out if it was new. */
  rebuilt: z
    .object({
      namespaces: z.number(),
      rollouts: z.number(),
      /** Rollouts that wait for an operator. */
      interrupted: z.number(),
      /** What was saved outside of Redis; left out by an older Skipper. */
      copy: z.enum(['none', 'current', 'old']).optional(),
      copyAt: z.number().optional(),
      /** Redis had an older state, and not none: true, or left out. */
      wentBack: z.boolean().optional(),
    })
    .optional(),
});
export type Epoch = Readonly<z.infer<typeof Epoch>>;

export const StoredEpoch = jsonText(Epoch);
