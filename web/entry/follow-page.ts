import type { Signal } from '@preact/signals';
import { type Poll, type Polling, startPoll } from '../ui/poll.ts';

interface FollowedPage {
  readonly read: () => Promise<void>;
  readonly intervalMs: () => number;
  readonly polling: Signal<Polling>;
  /** The server's clock, which the page was rendered with. */
  readonly now: Signal<number>;
}

/** Keeps a page current while it is visible, and its clock going. */
export function followPage({ read, intervalMs, polling, now }: FollowedPage): Poll {
  const poll = startPoll({
    read,
    intervalMs,
    onState: (state) => {
      polling.value = state;
    },
    isHidden: () => document.hidden,
    setTimer: (run, ms) => setTimeout(run, ms),
  });
  const offset = now.peek() - Date.now();
  setInterval(() => {
    now.value = Math.max(now.peek(), Date.now() + offset);
  }, 1_000);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void poll.now();
  });
  addEventListener('online', () => void poll.now());
  return poll;
}
