import * as z from 'zod';
import { PHASES } from './phase.ts';
import { TargetState } from './rollout.ts';

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** The requested state of a namespace, and the progress of its latest run; stored in the same Redis as the queue. */
export const NamespaceRecord = z
  .object({
    generation: z.number().int().describe('Counts the requests; if greater than `handled`, work is left'),
    handled: z.number().int().describe('The generation that the latest finished run answered'),
    rolloutId: z.string(),
    release: z.string().describe('Key of the requested release'),
    configVersion: z
      .string()
      .optional()
      .describe('resourceVersion of the ConfigMap that decided the request; empty or left out if unknown'),
    trigger: z.string(),
    requestedBy: z.string(),
    requestedAt: milliseconds,
    state: TargetState,
    phase: z.enum(PHASES),
    reason: z.string(),
    attempt: z.number().int(),
    lastFailure: z.string().describe('Why the previous attempt failed; empty during the first attempt'),
    jobId: z.string(),
    changedAt: milliseconds,
    finishedAt: milliseconds.optional(),
    retryAt: milliseconds.optional(),
    failures: z.number().int().describe('Runs in a row that failed'),
    handledRelease: z.string().optional(),
    lastState: z.string().optional(),
    lastCode: z.string().optional().describe('Error code of the latest attempt that failed or was retried'),
    bootstrappedId: z
      .string()
      .optional()
      .describe('The deployment id that the last bootstrap pod was created for'),
    abandonedId: z.string().optional().describe('The deployment id that the last failed run has given up'),
  })
  .meta({ id: 'NamespaceRecord' });
export type NamespaceRecord = Readonly<z.infer<typeof NamespaceRecord>>;
