import * as z from 'zod';
import { Repair } from './repair.ts';
import { isOpen, type Rollout, rolloutState, type TargetCounts, TargetState } from './rollout.ts';

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** A cause, and the namespaces that failed because of it. */
export const FailureGroup = z
  .object({ cause: z.string(), namespaces: z.array(z.string()).readonly() })
  .meta({ id: 'FailureGroup' });
export type FailureGroup = Readonly<z.infer<typeof FailureGroup>>;

/** What changes about a rollout while it runs, as stored in Redis. */
export const RolloutStatus = z.object({
  state: TargetState,
  reason: z.string().describe('Why it is in this state'),
  because: z.string().describe('What it does now, and what the rest waits for'),
  changedAt: milliseconds.describe('When its state changed'),
  endedAt: milliseconds.optional(),
  failures: z.array(FailureGroup).readonly().describe('What failed when its state changed, grouped by cause'),
  approvedWave: z.number().int().optional().describe('The last wave that was approved, counted from 0'),
  deadlinesFrom: milliseconds
    .optional()
    .describe('The time that targets can take is counted from here at the earliest'),
  wakeAt: milliseconds.optional().describe('When the next decision is due'),
  revision: z.number().int(),
  seq: z.number().int().describe('Counts the targets that have ended'),
});
export type RolloutStatus = Readonly<z.infer<typeof RolloutStatus>>;

/** One line of the timeline of a rollout. */
export const RolloutEvent = z
  .object({
    at: milliseconds,
    kind: z.enum([
      'created',
      'decided',
      'paused',
      'resumed',
      'cancelled',
      'retried',
      'skipped',
      'approved',
      'rolled back',
      'changed',
    ]),
    state: TargetState.describe('The state of the rollout from then on'),
    by: z.string().describe('Who did it; empty for a decision of Skipper itself'),
    reason: z.string(),
    namespaces: z.array(z.string()).readonly().optional().describe('The namespaces that it is about'),
  })
  .meta({ id: 'RolloutEvent' });
export type RolloutEvent = Readonly<z.infer<typeof RolloutEvent>>;

/** How a rollout reaches a target; stored with it. */
export const TargetPlan = z.object({
  wave: z.number().int().describe('Counted from 0'),
  order: z.number().int().describe('Its place among all targets, counted from 0'),
  because: z.string().default('').describe('Why it is in this wave'),
  release: z.string().describe('Key of its release'),
  version: z.string().default(''),
  channel: z.string().default('').describe('The release channel that its release was read from'),
  configVersion: z.string().optional(),
  force: z.boolean().optional(),
  repair: Repair.optional().describe('What healing asks of its run'),
  admittedAt: milliseconds.optional().describe('When its desired state was written'),
  wasAdmitted: z.boolean().optional().describe('It was admitted before it was retried'),
  isExcused: z.boolean().optional(),
  isUnchanged: z.boolean().optional().describe('Its release was the last one that was verified there before'),
  previous: z
    .string()
    .optional()
    .describe('Key of the release that was verified before; left out if that is the same'),
});
export type TargetPlan = Readonly<z.infer<typeof TargetPlan>>;

/**
 * The state that people see. A rollout that holds nothing back has the state of its targets until it has ended: its own is
 * decided a moment later.
 */
export function shownState(
  { strategy }: Pick<Rollout, 'strategy'>,
  counts: TargetCounts,
  status: Pick<RolloutStatus, 'state'> | undefined,
): TargetState {
  if (status === undefined) return rolloutState(counts);
  if (!isOpen(status.state) || status.state === 'paused') return status.state;
  return strategy === undefined || strategy.type === 'All' ? rolloutState(counts) : status.state;
}
