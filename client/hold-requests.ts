import * as z from 'zod';
import { Hold } from '../domain/rollout/hold.ts';

/** What can be done to the holds of a namespace; the last part of the URL. */
export type HoldCommand = 'hold' | 'pin' | 'release';

export interface HoldBody {
  readonly reason: string;
  /** Only for a pin; undefined is the version that is wanted there now. */
  readonly version?: string | undefined;
}

/** The answer to a hold, a pin or a release. */
export const NamespaceHold = z.object({ namespace: z.string(), hold: Hold.optional() });
export type NamespaceHold = Readonly<z.infer<typeof NamespaceHold>>;
