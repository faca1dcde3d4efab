import type { ReadonlySignal } from '@preact/signals';
import { utcTime } from '../../domain/utc-time.ts';
import { ago, duration, machineTime } from './relative-time.ts';

interface MomentProps {
  readonly at: number;
  /** The server's clock; a tick rerenders only this text. */
  readonly now: ReadonlySignal<number>;
}

/** The time since a moment; hovering shows the moment itself. */
export function Since({ at, now }: MomentProps) {
  return (
    <time dateTime={machineTime(at)} title={utcTime(at)}>
      {duration(now.value - at)}
    </time>
  );
}

export function Ago({ at, now }: MomentProps) {
  return (
    <time dateTime={machineTime(at)} title={utcTime(at)}>
      {ago(now.value, at)}
    </time>
  );
}

/** When the page was rendered, by the server's clock. */
export function AsOf({ now }: Pick<MomentProps, 'now'>) {
  return (
    <>
      <span class="roomy">as of </span>
      {utcTime(now.value).slice(11, 19)}
      <span class="roomy"> UTC</span>
    </>
  );
}
