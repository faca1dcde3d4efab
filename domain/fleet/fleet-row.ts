import * as z from 'zod';
import { StatusValue } from '../cluster/status.ts';
import { Rule } from '../heal/rule.ts';
import { TargetState } from '../rollout/rollout.ts';

/** What Skipper is doing in a namespace; `idle` if nothing. */
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
 * The health of a namespace, worst first; page, board, CLI and metrics color and count by it.
 * `healthy`: runs the wanted version. `progressing`: a request is in progress, and nothing has failed. `outdated`: works, but
 * runs another version, and no request is in progress. `unknown`: FDD works, but its release channel could not be read, so
 * the wanted version is unknown; or it came up only after its last deploy had failed, and was not verified since; or a health
 * rule held when it was judged last, and is not judged now. `degraded`: FDD does not work, a health rule holds, its channel does
 * not exist, or the latest deploy failed, even while it is retried. `unmanaged`: Skipper does not change it.
 */
export const HEALTHS = ['degraded', 'outdated', 'unknown', 'progressing', 'unmanaged', 'healthy'] as const;
export const Health = z.enum(HEALTHS).describe('The health in one word').meta({ id: 'Health' });
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
    version: z.string().describe('What the Deployment specifies; empty without a Deployment'),
    running: z.string().describe("The version of FDD's ready pods; empty if none is ready"),
    wanted: z
      .string()
      .describe(
        "What should run: the requested version during a request, otherwise the channel's; empty if unknown",
      ),
    activity: ActivityValue,
    detail: z.string().describe('The details of the activity; empty while idle'),
    cause: z
      .string()
      .describe(
        'The error message; while an attempt runs, that of the previous attempt. Empty if nothing is wrong',
      ),
    causeGroup: z.string().describe('The cause without names, ids and times: failures are grouped by it'),
    code: z.string().optional().describe('Error code of the latest failure'),
    rule: Rule.optional().describe(
      'The health rule that makes it degraded, or unknown; left out if something else does',
    ),
    state: TargetState.optional().describe('State of the latest request; left out before the first'),
    attempt: z.number().int().describe('The current attempt, or the last one; 0 before the first'),
    retryAt: milliseconds.optional().describe('When the next attempt starts, while retrying'),
    since: milliseconds.optional().describe('When it entered this state; left out if unknown'),
    rollout: z.string().optional(),
    jobId: z.string().optional(),
  })
  .meta({ id: 'FleetRow' });
export type FleetRow = Readonly<z.infer<typeof FleetRow>>;

/** True if the cause is that of the previous attempt, and the next one is queued or running. */
export function isPastCause({ activity, cause }: Pick<FleetRow, 'activity' | 'cause'>): boolean {
  return cause !== '' && activity !== 'idle' && activity !== 'retrying';
}
