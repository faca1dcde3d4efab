import type { EventKind } from './event-kind.ts';
import type { MessageItem } from './message.ts';

/** The first line of a message: what happened, and to how much. */
export function describeTitle(event: EventKind, items: readonly MessageItem[]): string {
  return TITLES[event](items);
}

type Title = (items: readonly MessageItem[]) => string;

const TITLES: Readonly<Record<EventKind, Title>> = {
  'release-found': (items) => {
    const [only, ...others] = items;
    return only && others.length === 0
      ? `Release ${only.release ?? ''} found in channel ${only.channel ?? ''}`
      : `${items.length} releases found`;
  },
  'rollout-started': (items) => ofRollouts(items, 'has started', 'have started'),
  'rollout-paused': (items) => ofRollouts(items, 'is paused', 'are paused'),
  'rollout-failed': (items) => ofRollouts(items, 'has failed', 'have failed'),
  'rollout-completed': (items) => ofRollouts(items, 'is completed', 'are completed'),
  'approval-wanted': (items) => ofRollouts(items, 'waits for approval', 'wait for approval'),
  'namespace-failing': (items) => `FDD fails in ${describePlaces(items)}`,
  'namespace-recovered': (items) => `FDD works again in ${describePlaces(items)}`,
  quarantined: (items) => `Healing gave up: ${describePlaces(items)} in quarantine`,
  'healing-stopped': () => 'Healing has stopped',
  'healing-resumed': () => 'Healing continues',
  'redis-outage': () => 'Redis does not answer',
  'cluster-outage': () => 'The Kubernetes API server does not answer',
  'outage-ended': () => 'The outage has ended',
  'state-rebuilt': () => 'Redis has lost its data: the state was rebuilt from the cluster',
  test: () => 'Test message from Skipper',
};

function ofRollouts(items: readonly MessageItem[], one: string, many: string): string {
  const [only, ...others] = items;
  if (others.length > 0 || only === undefined) return `${items.length} rollouts ${many}`;
  return `${only.release === undefined ? 'A rollout' : `The rollout of ${only.release}`} ${one}`;
}

function describePlaces(items: readonly MessageItem[]): string {
  const count = items.reduce((sum, item) => sum + item.count, 0);
  const [name] = items[0]?.namespaces ?? [];
  return count === 1 && name !== undefined ? name : `${count} namespaces`;
}
