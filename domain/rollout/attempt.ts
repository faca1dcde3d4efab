import * as z from 'zod';
import { Symptom } from '../symptom.ts';
import { Outcome } from './rollout.ts';

/**
 * How an attempt ended. `lost`: its worker died during the attempt, and another worker detected it. `superseded`: a newer
 * request came while it waited for FDD. `refused`: the request
 * could not be accepted for this namespace, so no attempt was made.
 */
export const ATTEMPT_ENDS = [
  'completed',
  'failed',
  'retrying',
  'skipped',
  'handed over',
  'lost',
  'superseded',
  'refused',
] as const;
export const AttemptEnd = z.enum(ATTEMPT_ENDS).meta({ id: 'AttemptEnd' });
export type AttemptEnd = z.infer<typeof AttemptEnd>;

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** A part of an attempt; it lasts until the next part starts. */
export const AttemptStep = z
  .object({
    kind: z
      .string()
      .describe(
        '`observe`, `plan`, a step of the plan (`apply-application`), or what it waits for (`waiting for FDD`)',
      ),
    text: z.string().describe('What it does, for people'),
    at: z.number().describe('Milliseconds after the start of the attempt'),
    ms: z.number().describe('How long it lasted, in milliseconds'),
  })
  .meta({ id: 'AttemptStep' });
export type AttemptStep = Readonly<z.infer<typeof AttemptStep>>;

/** One attempt to fulfil a namespace's latest request. */
export const Attempt = z
  .object({
    rolloutId: z.string(),
    generation: z.number().int(),
    attempt: z.number().int().describe('Counted from 1 for each request; 0 for a refused one'),
    jobId: z.string(),
    trigger: z.string(),
    requestedBy: z.string(),
    version: z.string(),
    startedAt: milliseconds,
    endedAt: milliseconds.optional().describe('Left out while it runs'),
    end: AttemptEnd.optional().describe('Left out while it runs'),
    outcome: Outcome.optional(),
    code: z.string().optional(),
    reason: z.string(),
    details: z.array(z.string()).readonly().describe("FDD's log lines, conditions, pod reasons, warnings"),
    symptoms: z
      .array(Symptom)
      .readonly()
      .optional()
      .describe('What was wrong when it failed, worst first; left out if it did not fail'),
    steps: z.array(AttemptStep).readonly(),
    retryDelayMs: z.number().optional().describe('How long the next attempt was delayed'),
    times: z
      .number()
      .int()
      .describe(
        'The number of consecutive identical attempts in this entry; its fields are those of the last one',
      ),
    firstStartedAt: milliseconds.describe('When the first of them started'),
  })
  .meta({ id: 'Attempt' });
export type Attempt = Readonly<z.infer<typeof Attempt>>;

/** What is saved about a bootstrap pod before it is deleted. */
export const BootstrapRecord = z.object({
  exitCode: z.number().int().optional(),
  reason: z.string().optional().describe('How it ended, or why it was not running'),
  log: z.string().describe('The last 64 KiB'),
  events: z.array(z.string()).readonly(),
});
export type BootstrapRecord = Readonly<z.infer<typeof BootstrapRecord>>;

/** The stored record of a namespace's last bootstrap. */
export const LastBootstrap = BootstrapRecord.extend({
  deploymentId: z.string(),
  collectedAt: milliseconds,
}).meta({ id: 'Bootstrap' });
export type LastBootstrap = Readonly<z.infer<typeof LastBootstrap>>;
