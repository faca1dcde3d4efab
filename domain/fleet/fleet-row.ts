import * as z from 'zod';
import { StatusValue } from '../cluster/status.ts';
import { TargetState } from '../rollout/rollout.ts';

/** What is going on in a namespace; `idle` if nothing is. */
export const ACTIVITIES = [
  'idle',
  'queued',
  'planning',
  'applying',
  'bootstrapping',
  'waiting for FDD',
  'rolling out',
  'retrying',
] as const;
export const ActivityValue = z.enum(ACTIVITIES).meta({ id: 'Activity' });
export type ActivityValue = z.infer<typeof ActivityValue>;

/**
 * How a namespace is doing, in one word, worst first; page, board and CLI colour and count by it.
 * `healthy`: runs what it should. `progressing`: a request is under way. `outdated`: works, but does not run what it should,
 * and nothing is under way. `degraded`: FDD does not work, or the latest deploy failed. `unmanaged`: Skipper leaves it alone.
 */
export const HEALTHS = ['degraded', 'outdated', 'progressing', 'unmanaged', 'healthy'] as const;
export const Health = z.enum(HEALTHS).describe('How it is doing, in one word').meta({ id: 'Health' });
export type Health = z.infer<typeof Health>;

const milliseconds = z.number().int().describe('Milliseconds since the epoch');

/** One namespace, as the fleet page, the board and the CLI show it. */
export const FleetRow = z
  .object({
    namespace: z.string(),
    status: StatusValue,
    health: Health,
    channel: z
      .string()
      .describe("Release channel (the ConfigMap's tag); empty if the ConfigMap cannot be read"),
    version: z.string().describe('What runs now; empty if nothing does'),
    wanted: z
      .string()
      .describe(
        "What should run: the requested version while that is under way, else the channel's; empty if unknown",
      ),
    activity: ActivityValue,
    detail: z.string().describe('What exactly it waits for or does; empty while idle'),
    cause: z
      .string()
      .describe(
        'The message of what is wrong; while an attempt runs, of the one before it. Empty if nothing is wrong',
      ),
    causeGroup: z.string().describe('The cause without names, ids and times: failures are grouped by it'),
    code: z.string().optional().describe('Error code of the latest failure'),
    state: TargetState.optional().describe('State of the latest request; left out before the first'),
    attempt: z.number().int().describe('The attempt under way, or the last one; 0 before the first'),
    retryAt: milliseconds.optional().describe('When the next attempt begins, while retrying'),
    since: milliseconds.optional().describe('When it entered this state; left out if unknown'),
    rollout: z.string().optional(),
    jobId: z.string().optional(),
  })
  .meta({ id: 'FleetRow' });
export type FleetRow = Readonly<z.infer<typeof FleetRow>>;

/** True if the cause is that of the attempt before the one that is queued or runs. */
export function isPastCause({ activity, cause }: Pick<FleetRow, 'activity' | 'cause'>): boolean {
  return cause !== '' && activity !== 'idle' && activity !== 'retrying';
}
