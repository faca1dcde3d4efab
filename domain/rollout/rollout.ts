import * as z from 'zod';
import { NewerReleaseMode, ResolvedStrategy } from './resolved-strategy.ts';

/** The states of targets and rollouts. */
export const TARGET_STATES = [
  'pending',
  'running',
  'paused',
  'completed',
  'failed',
  'cancelled',
  'superseded',
] as const;
export const TargetState = z.enum(TARGET_STATES).meta({ id: 'TargetState' });
export type TargetState = z.infer<typeof TargetState>;

/** True if work is left. */
export function isOpen(state: TargetState): boolean {
  return state === 'pending' || state === 'running' || state === 'paused';
}

/** Who or what makes requests. */
export const REQUEST_TRIGGERS = ['api', 'release', 'retry', 'heal', 'cli', 'board', 'webhook'] as const;
export type RequestTrigger = (typeof REQUEST_TRIGGERS)[number];

/** `unknown`: Redis has lost who or what made the request. */
export const TRIGGERS = [...REQUEST_TRIGGERS, 'unknown'] as const;
export const Trigger = z.enum(TRIGGERS).meta({ id: 'Trigger' });
export type Trigger = z.infer<typeof Trigger>;

const IS_BY_PEOPLE: Readonly<Record<Trigger, boolean>> = {
  api: true,
  release: false,
  retry: false,
  heal: false,
  cli: true,
  board: true,
  webhook: false,
  unknown: false,
};

/** True if a person has made the request; Skipper makes the others automatically. */
export function isByPeople(trigger: Trigger): boolean {
  return IS_BY_PEOPLE[trigger];
}

/** An operator's request for up to this many namespaces does not wait behind a rollout, and reaches all of them at once. */
export const URGENT_NAMESPACES = 10;

/** What a finished run did. */
export const OUTCOMES = [
  'created',
  'updated',
  'redeployed',
  'bootstrapped',
  'restarted',
  'verified',
  'unchanged',
  'skipped',
] as const;
export const Outcome = z.enum(OUTCOMES).meta({ id: 'Outcome' });
export type Outcome = z.infer<typeof Outcome>;

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** One namespace of a rollout, as stored in Redis and shown to users. */
export const RolloutTarget = z.object({
  state: TargetState,
  reason: z.string().optional().describe('Why it is in this state'),
  version: z.string().optional(),
  outcome: Outcome.optional(),
  code: z.string().optional().describe('Error code, if it failed'),
  details: z
    .array(z.string())
    .readonly()
    .optional()
    .describe("FDD's log lines, conditions, pod reasons, events"),
  warnings: z.array(z.string()).readonly().optional(),
  attempt: z.number().int().optional(),
  jobId: z.string().optional(),
  isFinal: z
    .boolean()
    .optional()
    .describe('The rollout has ended it: its run can end later, and does not count'),
  cause: z.string().optional().describe('Why it failed, without what differs between namespaces'),
  coalesced: z.boolean().optional().describe('One run answers this and an earlier request'),
  startedAt: milliseconds.optional(),
  retryAt: milliseconds.optional().describe('When the next attempt starts, between two attempts'),
  finishedAt: milliseconds.optional(),
});
export type RolloutTarget = Readonly<z.infer<typeof RolloutTarget>>;

export const Rollout = z.object({
  id: z.string(),
  trigger: Trigger,
  requestedBy: z.string(),
  forceBootstrap: z.boolean(),
  createdAt: milliseconds,
  releases: z.array(z.object({ channel: z.string(), image: z.string(), version: z.string() })).readonly(),
  reason: z.string().optional().describe('Why it was requested'),
  isUrgent: z.boolean().optional().describe('A small request of a person: it goes before all others'),
  strategy: ResolvedStrategy.optional().describe(
    'How it reaches its targets, as frozen when it was created; left out for a rollout that reaches all of them at once',
  ),
  newerRelease: NewerReleaseMode.optional().describe('What a newer release of its channel does to it'),
  rollsBack: z.string().optional().describe('The rollout that it takes back'),
});
export type Rollout = Readonly<z.infer<typeof Rollout>>;

/** How many targets are in each state. */
export const TargetCounts = z.record(TargetState, z.number().int());
export type TargetCounts = Readonly<z.infer<typeof TargetCounts>>;

export function countTargets(targets: Iterable<RolloutTarget>): TargetCounts {
  const counts = Object.fromEntries(TARGET_STATES.map((state) => [state, 0])) as Record<TargetState, number>;
  for (const target of targets) counts[target.state] += 1;
  return counts;
}

/** The state of a rollout that holds nothing back, from its targets: running while any has work left, failed if any failed. */
export function rolloutState(counts: TargetCounts): TargetState {
  if (counts.running > 0) return 'running';
  if (counts.pending > 0) {
    const begun = counts.completed + counts.failed + counts.cancelled + counts.superseded > 0;
    return begun ? 'running' : 'pending';
  }
  if (counts.paused > 0) return 'paused';
  if (counts.failed > 0) return 'failed';
  if (counts.completed > 0) return 'completed';
  if (counts.superseded > 0) return 'superseded';
  return counts.cancelled > 0 ? 'cancelled' : 'completed';
}
