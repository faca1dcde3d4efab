import * as z from 'zod';
import {
  HealingState,
  HealingStatus,
  HealingStep,
  HealMode,
  NamespaceHealing,
  Quarantine,
} from './healing.ts';
import { Rule } from './rule.ts';

const milliseconds = z.number().int().describe('Milliseconds since the epoch');
const count = z.number().int();

/** `ok` means verified by the latest pass; `off`: healing is off, nothing is checked. */
export const RULE_STATES = ['ok', 'holds', 'unknown', 'off'] as const;
export const RuleState = z.enum(RULE_STATES);
export type RuleState = z.infer<typeof RuleState>;

/** One rule in one namespace. */
export const RuleView = z
  .object({
    rule: Rule,
    state: RuleState,
    since: milliseconds.optional().describe('Since when it holds'),
    evidence: z.string().optional().describe('What was seen; of an unknown rule, by the latest pass'),
    by: z.string().optional().describe('The field manager that caused it, if the cluster recorded it'),
    reason: z.string().optional().describe('Why it is unknown'),
  })
  .meta({ id: 'HealRuleView' });
export type RuleView = Readonly<z.infer<typeof RuleView>>;

/** The health rules of one namespace, and what healing does about those that hold. */
export const HealthRules = z
  .object({
    mode: HealMode.optional().describe('Left out if no pass of healing is known'),
    checkedAt: milliseconds.optional().describe('When the latest pass ended'),
    isStale: z.boolean().describe('No recent pass is known: nothing below is verified now'),
    staleAt: milliseconds
      .optional()
      .describe('From then on nothing below counts as verified, if it is not read again'),
    rules: z.array(RuleView).readonly().describe('All rules, causes before effects'),
    healing: NamespaceHealing.optional().describe('Left out if the namespace is well'),
  })
  .meta({ id: 'HealthRules' });
export type HealthRules = Readonly<z.infer<typeof HealthRules>>;

export const HealingEntry = NamespaceHealing.extend({ namespace: z.string() }).meta({ id: 'HealingEntry' });
export type HealingEntry = Readonly<z.infer<typeof HealingEntry>>;

/** `GET /api/healing` */
export const HealingList = z
  .object({
    status: HealingStatus.nullable().describe('The latest pass; null if none is known'),
    isStale: z.boolean().describe('No recent pass is known: the rest is from an earlier one'),
    states: z.partialRecord(HealingState, count).describe('Namespaces in each state, without the filters'),
    namespaces: z.array(HealingEntry).readonly().describe('Those that are not well, worst state first'),
    total: count.describe('Namespaces that the filters show, on all pages'),
    next: z.string().optional().describe('`cursor` of the next page; left out on the last one'),
  })
  .meta({ id: 'HealingList' });
export type HealingList = Readonly<z.infer<typeof HealingList>>;

/** `GET /api/quarantine` */
export const QuarantineList = z
  .object({
    namespaces: z
      .array(Quarantine.extend({ namespace: z.string(), steps: z.array(HealingStep).readonly() }))
      .readonly(),
  })
  .meta({ id: 'QuarantineList' });
export type QuarantineList = Readonly<z.infer<typeof QuarantineList>>;

/** `POST /api/quarantine/release` */
export const ReleasedFromQuarantine = z
  .object({
    released: z.array(z.string()).readonly(),
    unknown: z.array(z.string()).readonly().describe('They were not quarantined'),
  })
  .meta({ id: 'ReleasedFromQuarantine' });
export type ReleasedFromQuarantine = Readonly<z.infer<typeof ReleasedFromQuarantine>>;

/** `POST /api/healing/stop` and `resume` */
export const HealCommandView = z
  .object({
    status: HealingStatus,
    isUnchanged: z
      .boolean()
      .optional()
      .describe('True if healing was not stopped, so that nothing was resumed'),
  })
  .meta({ id: 'HealCommandView' });
export type HealCommandView = Readonly<z.infer<typeof HealCommandView>>;
