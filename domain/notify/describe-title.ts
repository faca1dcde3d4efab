import type { EventKind } from './event-kind.ts';
import type { MessageItem } from './message.ts';

/** What a message is about. */
export interface MessageExtent {
  readonly items: readonly MessageItem[];
  /** How many namespaces all items are about; one can be in several. */
  readonly count: number;
  /** It does not last any more. */
  readonly isOver: boolean;
}

/** The first line of a message: what happened, and to how much. */
export function describeTitle(event: EventKind, extent: MessageExtent): string {
  return TITLES[event](extent);
}

type Title = (extent: MessageExtent) => string;

const TITLES: Readonly<Record<EventKind, Title>> = {
  'release-found': ({ items }) => {
    const [only, ...others] = items;
    return only && others.length === 0
      ? `Release ${only.release ?? ''} found in channel ${only.channel ?? ''}`
      : `${items.length} releases found`;
  },
  'rollout-started': ({ items }) => ofRollouts(items, 'has started', 'have started'),
  'rollout-paused': ({ items }) => ofRollouts(items, 'is paused', 'are paused'),
  'rollout-failed': ({ items }) => ofRollouts(items, 'has failed', 'have failed'),
  'rollout-completed': ({ items }) => ofRollouts(items, 'is completed', 'are completed'),
  'approval-wanted': ({ items }) => ofRollouts(items, 'waits for approval', 'wait for approval'),
  'namespace-failing': ({ items, count }) => `FDD fails in ${describePlaces(items, count)}`,
  'namespace-recovered': ({ items, count }) => `FDD works again in ${describePlaces(items, count)}`,
  quarantined: ({ items, count }) => `Healing gave up: ${describePlaces(items, count)} in quarantine`,
  'healing-stopped': () => 'Healing has stopped',
  'healing-resumed': () => 'Healing continues',
  'healing-blocked': ({ items }) => `Healing cannot check the fleet: ${nameRules(items)}`,
  'healing-unblocked': ({ items }) => `Not found any more in the whole fleet: ${nameRules(items)}`,
  'redis-outage': ({ isOver }) => `Redis ${isOver ? 'did' : 'does'} not answer`,
  'cluster-outage': ({ isOver }) => `The Kubernetes API server ${isOver ? 'did' : 'does'} not answer`,
  'outage-ended': () => 'The outage has ended',
  'state-rebuilt': () => 'Redis has lost data: the state was rebuilt from the cluster',
  test: () => 'Test message from Skipper',
};

function ofRollouts(items: readonly MessageItem[], one: string, many: string): string {
  const [only, ...others] = items;
  if (others.length > 0 || only === undefined) return `${items.length} rollouts ${many}`;
  return `${only.release === undefined ? 'A rollout' : `The rollout of ${only.release}`} ${one}`;
}

function nameRules(items: readonly MessageItem[]): string {
  return items.flatMap(({ rule }) => rule ?? []).join(', ');
}

function describePlaces(items: readonly MessageItem[], count: number): string {
  const [name] = items[0]?.namespaces ?? [];
  return count === 1 && name !== undefined ? name : `${count} namespaces`;
}
