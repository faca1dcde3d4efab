import type { ReadonlySignal } from '@preact/signals';
import { absolute, ago, duration, machineTime } from '../fleet/relative-time.ts';

interface MomentProps {
  readonly at: number;
  /** The server's clock; only this text follows it. */
  readonly now: ReadonlySignal<number>;
}

/** A moment as the time since; pointing at it tells the moment. */
export function Since({ at, now }: MomentProps) {
  return (
    <time dateTime={machineTime(at)} title={absolute(at)}>
      {duration(now.value - at)}
    </time>
  );
}

export function Ago({ at, now }: MomentProps) {
  return (
    <time dateTime={machineTime(at)} title={absolute(at)}>
      {ago(now.value, at)}
    </time>
  );
}
