import * as z from 'zod';
import { Symptom } from '../symptom.ts';
import { Outcome } from './rollout.ts';

/** How an attempt ended. `lost`: its worker disappeared in the middle of it, and another one noticed. */
export const ATTEMPT_ENDS = ['completed', 'failed', 'retrying', 'skipped', 'handed over', 'lost'] as const;
export const AttemptEnd = z.enum(ATTEMPT_ENDS).meta({ id: 'AttemptEnd' });
export type AttemptEnd = z.infer<typeof AttemptEnd>;

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** A part of an attempt, from its beginning to the beginning of the next part. */
export const AttemptStep = z
  .object({
    kind: z
      .string()
      .describe(
        '`observe`, `plan`, a step of the plan (`apply-application`), or what it waits for (`waiting for FDD`)',
      ),
    text: z.string().describe('What it does, for people'),
    at: z.number().describe('Milliseconds after the attempt began'),
    ms: z.number().describe('How long it lasted, in milliseconds'),
  })
  .meta({ id: 'AttemptStep' });
export type AttemptStep = Readonly<z.infer<typeof AttemptStep>>;

/** One attempt to bring a namespace to what was requested. */
export const Attempt = z
  .object({
    rolloutId: z.string(),
    generation: z.number().int(),
    attempt: z.number().int().describe('Counted from 1 for each request'),
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
      .describe('What was wrong when it failed, the worst first; left out if it did not fail'),
    steps: z.array(AttemptStep).readonly(),
    retryDelayMs: z.number().optional().describe('How long the next attempt was delayed'),
    times: z
      .number()
      .int()
      .describe('This many equal attempts in a row are kept as one; the fields are those of the last'),
    firstStartedAt: milliseconds.describe('When the first of them began'),
  })
  .meta({ id: 'Attempt' });
export type Attempt = Readonly<z.infer<typeof Attempt>>;

/** What is kept of a bootstrap pod before it is deleted. */
export const BootstrapRecord = z.object({
  exitCode: z.number().int().optional(),
  reason: z.string().optional().describe('How it ended, or why it was not running'),
  log: z.string().describe('The last 64 KiB'),
  events: z.array(z.string()).readonly(),
});
export type BootstrapRecord = Readonly<z.infer<typeof BootstrapRecord>>;

/** The last bootstrap of a namespace, as it is kept. */
export const LastBootstrap = BootstrapRecord.extend({
  deploymentId: z.string(),
  collectedAt: milliseconds,
}).meta({ id: 'Bootstrap' });
export type LastBootstrap = Readonly<z.infer<typeof LastBootstrap>>;
