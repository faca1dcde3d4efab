import { ALL_SETTLED, settleTime, withWait } from '../domain/deploy/settle-time.ts';
import type { Run } from '../shared/state/runs.ts';

/** How long the runs of a worker wait for FDD in place: as the recent ones show. */
export interface SettleTime {
  /** In milliseconds. */
  forRun(run: Pick<Run, 'resumed'>): number;
  /** The first wait of a run has ended: in place, or parked. */
  record(isParked: boolean): void;
}

export function adaptSettleTime(): SettleTime {
  let share = ALL_SETTLED;
  return {
    forRun: ({ resumed }) => settleTime(share, resumed !== undefined),
    record: (isParked) => {
      share = withWait(share, isParked);
    },
  };
}
