import type { ReadonlySignal } from '@preact/signals';
import { AsOf } from './moment.tsx';
import type { Polling } from './poll.ts';

interface PollNoteProps {
  readonly polling: ReadonlySignal<Polling>;
  readonly now: ReadonlySignal<number>;
}

/** In the top bar: whether the page is current. */
export function PollNote({ polling, now }: PollNoteProps) {
  const value = polling.value;
  switch (value.state) {
    case 'rendered':
      return (
        <span class="live-badge muted" title="When this page was rendered">
          <AsOf now={now} />
        </span>
      );
    case 'live':
      return <span class="live-badge healthy">Live</span>;
    case 'lost':
      return (
        <span class="live-badge degraded" title={value.reason}>
          Reconnecting
        </span>
      );
  }
}
