import type { ReadonlySignal } from '@preact/signals';
import { absolute, ago, duration, machineTime } from './relative-time.ts';

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

/** The moment that a page was made at, on the server's clock. */
export function AsOf({ now }: Pick<MomentProps, 'now'>) {
  return (
    <>
      <span class="roomy">as of </span>
      {absolute(now.value).slice(11, 19)}
      <span class="roomy"> UTC</span>
    </>
  );
}
