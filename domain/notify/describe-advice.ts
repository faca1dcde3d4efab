import type { EventKind } from './event-kind.ts';
import type { Message, MessageItem } from './message.ts';

/** What a person can do; undefined if nothing, or if the reason has it. */
export function describeAdvice({ event, items }: Pick<Message, 'event' | 'items'>): string | undefined {
  const [only, ...others] = items;
  return ADVICE[event]?.(others.length === 0 ? only : undefined);
}

/** The commands need one. */
const REASON = '--reason "…"';

type Advice = (only: MessageItem | undefined) => string;

const ADVICE: Readonly<Partial<Record<EventKind, Advice>>> = {
  'rollout-failed': (only) => `Correct the cause, then: skipper rollout retry ${rolloutOf(only)} ${REASON}`,
  'approval-wanted': (only) => `To continue: skipper rollout approve ${rolloutOf(only)} ${REASON}`,
  'namespace-failing': (only) => `The cause, and what to do: skipper why ${namespaceOf(only)}`,
  quarantined: (only) => `Correct the cause, then: skipper quarantine release ${namespaceOf(only)} ${REASON}`,
  'healing-stopped': () => `What is sick: skipper heal status. To continue: skipper heal resume ${REASON}`,
};

function rolloutOf(only: MessageItem | undefined): string {
  return only?.rolloutId ?? 'ROLLOUT';
}

function namespaceOf(only: MessageItem | undefined): string {
  return only?.count === 1 ? (only.namespaces[0] ?? 'NAMESPACE') : 'NAMESPACE';
}
