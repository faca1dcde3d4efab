import * as z from 'zod';

/** How the workers check the release channels. */
export const ReleaseCheckSchedule = z
  .object({
    autoUpdate: z
      .boolean()
      .describe('Outdated namespaces are deployed automatically; otherwise only on request'),
    intervalSeconds: z.number().describe('Seconds between two release checks'),
    nextAt: z
      .number()
      .int()
      .describe('When the next check is due, in milliseconds since the epoch; in the past without a worker'),
  })
  .meta({ id: 'ReleaseCheckSchedule' });
export type ReleaseCheckSchedule = Readonly<z.infer<typeof ReleaseCheckSchedule>>;

/** The same text for the pages and the command line; `schedule` is undefined until a worker has started. */
export function describeAutoUpdate(schedule: ReleaseCheckSchedule | undefined): string {
  if (schedule === undefined) return 'Release channels are not checked: no worker has started yet';
  const { autoUpdate, intervalSeconds } = schedule;
  const what = autoUpdate ? 'Auto-update is on' : 'Auto-update is off: deploys start only on request';
  return `${what}; channels are checked every ${intervalSeconds} s`;
}
