import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import { until } from '../ui/relative-time.ts';

export interface ActivityWords {
  /** `Retry in 12 s · attempt 3`; empty if idle. */
  readonly doing: string;
  /** What exactly it waits for; can be empty. */
  readonly detail: string;
}

type Active = Pick<FleetRow, 'activity' | 'detail' | 'retryAt' | 'attempt'>;

/** The current activity in one line. */
export function activityWords(row: Active, now: number): ActivityWords {
  if (row.activity === 'idle') return { doing: '', detail: '' };
  const attempt = row.attempt > 1 ? ` · attempt ${row.attempt}` : '';
  const isRepeated = row.detail.toLowerCase() === row.activity.toLowerCase();
  return { doing: `${doing(row, now)}${attempt}`, detail: isRepeated ? '' : row.detail };
}

function doing({ activity, retryAt }: Active, now: number): string {
  if (activity !== 'retrying') return activity.charAt(0).toUpperCase() + activity.slice(1);
  return retryAt === undefined ? 'Retry is due' : `Retry ${until(now, retryAt)}`;
}
