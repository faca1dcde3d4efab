import * as z from 'zod';
import { StatusValue } from '../cluster/status.ts';
import { Rollout, TargetCounts, TargetState } from '../rollout/rollout.ts';
import { Health } from './fleet-row.ts';
import { Notice } from './notices.ts';
import { ReleaseCheckSchedule } from './release-check-schedule.ts';

const count = z.number().int();
const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** A release channel in use, as of the latest release check. */
export const ChannelSummary = z
  .object({
    channel: z.string(),
    namespaces: count.describe('Namespaces that follow it'),
    version: z.string().describe('Empty if unknown'),
    checkedAt: milliseconds.optional().describe('When it was last read successfully'),
    problem: z.string().optional().describe('Why the latest check of it failed'),
    code: z.string().optional().describe('Error code of the problem'),
    updated: z.string().optional().describe('When it was published, according to the channel'),
  })
  .meta({ id: 'ChannelSummary' });
export type ChannelSummary = Readonly<z.infer<typeof ChannelSummary>>;

/** `GET /api/releases` */
export const ReleaseList = z
  .object({
    channels: z
      .array(ChannelSummary.extend({ image: z.string().optional().describe('Left out if unknown') }))
      .readonly(),
    checkIntervalSeconds: z
      .number()
      .optional()
      .describe('Seconds between two release checks; left out until a worker has started'),
    releaseCheck: ReleaseCheckSchedule.optional().describe('Left out until a worker has started'),
  })
  .meta({ id: 'ReleaseList' });
export type ReleaseList = Readonly<z.infer<typeof ReleaseList>>;

/** A rollout in numbers. */
export const RolloutProgress = Rollout.pick({ id: true, trigger: true, requestedBy: true, createdAt: true })
  .extend({
    versions: z.array(z.string()).readonly(),
    state: TargetState,
    stateReason: z.string().optional().describe('Why it is paused; left out in another state'),
    counts: TargetCounts,
    etaAt: milliseconds
      .optional()
      .describe('When it will be done at the current pace; left out if unknown, or if it is done'),
  })
  .meta({ id: 'RolloutProgress' });
export type RolloutProgress = Readonly<z.infer<typeof RolloutProgress>>;

/** Jobs of the deploy queue, by state. */
export const QueueCounts = z.object({ waiting: count, active: count, delayed: count, failed: count });
export type QueueCounts = Readonly<z.infer<typeof QueueCounts>>;

/** The fleet in numbers. */
export const FleetSummary = z
  .object({
    namespaces: count,
    byStatus: z.partialRecord(StatusValue, count),
    byHealth: z.partialRecord(Health, count),
    versions: z
      .array(z.object({ version: z.string(), count }))
      .readonly()
      .describe('Versions of ready pods, most frequent first; an empty version means that no pod is ready'),
    channels: z.array(ChannelSummary).readonly(),
    workers: count.optional().describe('Left out while Redis is unreachable'),
    releaseCheck: ReleaseCheckSchedule.optional().describe('Left out until a worker has started'),
    queue: QueueCounts.optional().describe('Left out while Redis is unreachable'),
    rollouts: z
      .array(RolloutProgress)
      .readonly()
      .describe('Those in progress, and the latest that have ended, newest first'),
    lastReleaseCheck: z
      .object({
        at: milliseconds.optional().describe('When the last one ended; left out if none is known'),
        since: milliseconds.describe('The same, or the start of the API if none is known'),
        intervalSeconds: z.number(),
        problem: z.string().optional().describe('Why it is overdue, in words; also one of `notices`'),
      })
      .optional()
      .describe('The last release check that a worker made'),
    notices: z
      .array(Notice)
      .readonly()
      .describe('What stops deploys or releases, and what to do; empty if nothing does'),
    stale: z
      .array(z.string())
      .readonly()
      .describe('Why the data can be out of date, in words; empty if everything is current'),
  })
  .meta({ id: 'FleetSummary' });
export type FleetSummary = Readonly<z.infer<typeof FleetSummary>>;
