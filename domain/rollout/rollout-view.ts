import * as z from 'zod';
import { Hold } from './hold.ts';
import { Wave } from './resolved-strategy.ts';
import { Rollout, RolloutTarget, TargetCounts, TargetState } from './rollout.ts';
import { FailureGroup, RolloutEvent, TargetPlan } from './rollout-status.ts';

const milliseconds = z.number().int().describe('Milliseconds since the epoch');
const links = z.record(z.string(), z.string()).describe('URLs of related resources');

/** A target as the API returns it. */
export const TargetView = RolloutTarget.extend({
  namespace: z.string(),
  reason: z.string().describe('Why it is in this state; can be empty'),
  links,
})
  .extend(TargetPlan.pick({ wave: true, order: true, admittedAt: true, isExcused: true }).partial().shape)
  .extend({
    because: z.string().optional().describe('Why it is in this wave'),
    previousVersion: z
      .string()
      .optional()
      .describe('The version that a rollback returns to, if one is known'),
  })
  .meta({ id: 'Target' });
export type TargetView = Readonly<z.infer<typeof TargetView>>;

/** What a wave does now. `waiting`: for an earlier wave, or for the pause to end. */
export const WAVE_PHASES = ['waiting', 'approval', 'running', 'soaking', 'ended'] as const;
export type WavePhase = (typeof WAVE_PHASES)[number];

/** A wave, and how far it is. */
export const WaveView = Wave.extend({
  counts: TargetCounts,
  phase: z
    .enum(WAVE_PHASES)
    .optional()
    .describe('What it does now; `approval` and `soaking`: it waits for an approval, or until `soaksUntil`'),
  admitted: z.number().int().optional().describe('How many of its targets have been admitted'),
  soaksUntil: milliseconds.optional().describe('Until when its targets must stay verified'),
}).meta({ id: 'Wave' });
export type WaveView = Readonly<z.infer<typeof WaveView>>;

/** `GET /api/rollouts/:id`, and the answer to an accepted deploy. */
export const RolloutView = Rollout.extend({
  state: TargetState,
  counts: TargetCounts,
  stateReason: z.string().optional().describe('Why it is in this state'),
  because: z.string().optional().describe('What it does now, and what the rest waits for'),
  changedAt: milliseconds.optional().describe('When its state changed'),
  endedAt: milliseconds.optional(),
  failures: z
    .array(FailureGroup)
    .readonly()
    .optional()
    .describe('What failed when its state changed, grouped by cause'),
  approvedWave: z.number().int().optional().describe('The last wave that was approved, counted from 0'),
  waves: z.array(WaveView).readonly().optional(),
  events: z.array(RolloutEvent).readonly().optional().describe('Its timeline, newest first'),
  eta: z
    .object({ p50: milliseconds, p90: milliseconds })
    .optional()
    .describe('When it is expected to end; left out if that is unknown'),
  targets: z.array(TargetView).readonly(),
  links,
}).meta({ id: 'Rollout' });
export type RolloutView = Readonly<z.infer<typeof RolloutView>>;

/** A rollout without its targets, which can be thousands. */
export const RolloutHead = RolloutView.omit({ targets: true }).meta({ id: 'RolloutHead' });
export type RolloutHead = Readonly<z.infer<typeof RolloutHead>>;

/** `GET /api/rollouts` */
export const RolloutList = z
  .object({
    rollouts: z.array(RolloutHead).readonly(),
    next: z.string().optional().describe('The `before` of the next page; left out on the last one'),
  })
  .meta({ id: 'RolloutList' });
export type RolloutList = Readonly<z.infer<typeof RolloutList>>;

/** The answer to a command: pause, resume, cancel, retry, skip, approve. */
export const RolloutCommandView = z
  .object({
    id: z.string(),
    state: TargetState.describe('The state after the command'),
    namespaces: z.array(z.string()).readonly().describe('The namespaces that it changed'),
    left: z.array(z.string()).readonly().describe('Namespaces whose deploys have begun: they end as usual'),
    message: z.string().describe('What it did, for people'),
  })
  .meta({ id: 'RolloutCommand' });
export type RolloutCommandView = Readonly<z.infer<typeof RolloutCommandView>>;

/** `GET /api/holds` */
export const HoldList = z
  .object({ holds: z.array(Hold.extend({ namespace: z.string() })).readonly() })
  .meta({ id: 'HoldList' });
export type HoldList = Readonly<z.infer<typeof HoldList>>;

/** `GET /api/ignored-releases` */
export const IgnoredReleaseList = z
  .object({ releases: z.array(Hold.extend({ key: z.string(), version: z.string() })).readonly() })
  .meta({ id: 'IgnoredReleaseList' });
export type IgnoredReleaseList = Readonly<z.infer<typeof IgnoredReleaseList>>;

/** The answer to hold, pin and release of a namespace. */
export const NamespaceHold = z
  .object({ namespace: z.string(), hold: Hold.optional().describe('Left out if nothing holds it') })
  .meta({ id: 'NamespaceHold' });
export type NamespaceHold = Readonly<z.infer<typeof NamespaceHold>>;

/** A release that is not rolled out automatically. */
export const IgnoredReleaseView = Hold.extend({ key: z.string(), version: z.string() }).meta({
  id: 'IgnoredRelease',
});
export type IgnoredReleaseView = Readonly<z.infer<typeof IgnoredReleaseView>>;
