import { ALL_SETTLED, settleTime, withWait } from '../domain/deploy/settle-time.ts';

/** How long the runs of a worker wait for FDD in place: as the recent ones show. */
export interface SettleTime {
  /** In milliseconds. */
  current(): number;
  /** A wait has ended: in place, or parked. */
  record(isParked: boolean): void;
}

export function adaptSettleTime(): SettleTime {
  let share = ALL_SETTLED;
  return {
    current: () => settleTime(share),
    record: (isParked) => {
      share = withWait(share, isParked);
    },
  };
}
