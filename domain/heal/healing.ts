import * as z from 'zod';
import { Means } from '../rollout/repair.ts';
import { TargetState } from '../rollout/rollout.ts';
import { Finding, Rule } from './rule.ts';

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** `off`: nothing is detected. `report`: detected and shown, nothing is done. */
export const HEAL_MODES = ['off', 'report', 'on'] as const;
export const HealMode = z.enum(HEAL_MODES).meta({ id: 'HealMode' });
export type HealMode = z.infer<typeof HealMode>;

/**
 * `watching`: nothing is wrong, or not for long enough. `waiting`: the next step is due at `nextAt`. `healing`: a step is
 * under way, or its effect is awaited. `recovering`: no rule holds any more, but not for long enough to be sure.
 * `left-alone`: it is not healed, `reason` says why. `reported`: what would be done if healing was on. `stopped`: the stop
 * valve, or the cap of the fleet. `quarantined`: everything was tried.
 */
export const HEALING_STATES = [
  'watching',
  'waiting',
  'healing',
  'recovering',
  'left-alone',
  'reported',
  'stopped',
  'quarantined',
] as const;
export const HealingState = z.enum(HEALING_STATES).meta({ id: 'HealingState' });
export type HealingState = z.infer<typeof HealingState>;

/** One step that healing took in a namespace. */
export const HealingStep = z
  .object({
    at: milliseconds,
    means: Means,
    rule: Rule,
    rolloutId: z.string().optional().describe('The rollout that carries it out'),
    endedAt: milliseconds.optional(),
    end: TargetState.optional().describe(
      'How the target of its rollout ended; left out while it is under way',
    ),
    result: z.string().optional().describe('How it ended, for people; left out while it is under way'),
  })
  .meta({ id: 'HealingStep' });
export type HealingStep = Readonly<z.infer<typeof HealingStep>>;

export const Quarantine = z
  .object({
    since: milliseconds,
    rule: Rule,
    reason: z.string(),
    evidence: z.string(),
    cause: z.string().describe('What has to change for it to end automatically: a fingerprint'),
  })
  .meta({ id: 'Quarantine' });
export type Quarantine = Readonly<z.infer<typeof Quarantine>>;

/**
 * What healing knows about one namespace that is not well, or that recovered within the last 120 x `--heal-backoff` (an hour at
 * least): so long its steps are remembered. Stored in Redis and shown to users.
 */
export const NamespaceHealing = z
  .object({
    state: HealingState,
    reason: z.string().describe('What comes next, or why nothing is done'),
    findings: z.array(Finding).readonly().describe('The rules that hold now, the one that is repaired first'),
    since: milliseconds.describe('When a pass first saw that it is not well'),
    ladderSince: milliseconds
      .optional()
      .describe(
        'A quarantine ended then, or what is wanted changed: steps from before do not count as tried',
      ),
    waitsSince: milliseconds
      .optional()
      .describe('Since when it is sick with something that is healed; left out while it is left alone'),
    wellSince: milliseconds.optional().describe('No rule holds since then'),
    comebacks: z
      .number()
      .int()
      .optional()
      .describe('How often a rule has come back that a step had repaired; left out if it has not'),
    wanted: z
      .string()
      .optional()
      .describe('What was wanted at the last step, a fingerprint: steps do not count once it has changed'),
    steps: z.array(HealingStep).readonly().describe('What was done since, or not long before, oldest first'),
    isReported: z.boolean().optional().describe('The audit log has an entry that it fails'),
    nextAt: milliseconds.optional(),
    nextMeans: Means.optional(),
    quarantine: Quarantine.optional(),
  })
  .meta({ id: 'NamespaceHealing' });
export type NamespaceHealing = Readonly<z.infer<typeof NamespaceHealing>>;

/** A cause in the whole fleet, of which the audit log has an entry. */
export const FleetCause = z
  .object({
    rule: Rule,
    since: milliseconds.describe('When it began'),
    evidence: z.string(),
    seenAt: milliseconds.describe('When a pass last found it'),
    isOver: z.boolean().optional().describe('The audit log has an entry that it is over'),
  })
  .meta({ id: 'FleetCause' });
export type FleetCause = Readonly<z.infer<typeof FleetCause>>;

/** The latest pass over the fleet; stored in Redis and shown to users. */
export const HealingStatus = z
  .object({
    mode: HealMode,
    checkedAt: milliseconds,
    intervalSeconds: z.number(),
    fleet: z.number().int().describe('FIAAS namespaces'),
    sick: z.number().int().describe('Namespaces in which a rule holds'),
    rules: z.partialRecord(Rule, z.number().int()).describe('Namespaces in which each rule holds'),
    states: z
      .partialRecord(HealingState, z.number().int())
      .optional()
      .describe('Namespaces in each state of healing, by the latest pass'),
    isDeafKnown: z
      .boolean()
      .describe('The watches that find a deaf FDD are in order; false also if they are off'),
    fleetWide: z
      .array(Finding)
      .readonly()
      .optional()
      .describe(
        'What is wrong in the whole fleet, so that the latest pass has judged no other rule, and repaired nothing; left out if all were judged',
      ),
    fleetCauses: z
      .array(FleetCause)
      .readonly()
      .optional()
      .describe('What was wrong in the whole fleet, by this pass or earlier ones; the last time of each'),
    cap: z.object({
      limit: z.number().int().describe('Namespaces that can be healed within an hour'),
      used: z.number().int(),
      freeAt: milliseconds.optional().describe('When the next one can be healed, if the cap is used up'),
    }),
    stopped: z
      .object({
        at: milliseconds,
        by: z.string().optional().describe('The person who stopped it; left out if it stopped automatically'),
        reason: z.string(),
      })
      .optional(),
    resumedAt: milliseconds.optional().describe('What fell sick before does not stop it again'),
  })
  .meta({ id: 'HealingStatus' });
export type HealingStatus = Readonly<z.infer<typeof HealingStatus>>;
