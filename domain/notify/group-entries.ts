import type { AuditEntry } from '../audit/audit-entry.ts';
import { describeTitle } from './describe-title.ts';
import { type EventKind, eventKindOf } from './event-kind.ts';
import { groupBy } from './group-by.ts';
import type { Message, MessageItem } from './message.ts';
import type { Receiver } from './notify-config.ts';

/** An entry with its position in the audit log. */
export interface PlacedEntry extends AuditEntry {
  /** `<milliseconds>-<number>` */
  readonly id: string;
}

const MAX_ITEMS = 10;
const MAX_NAMES = 10;
const MAX_REASON = 600;

/** The messages for a receiver: one for each kind of event, however many entries it has. */
export function groupEntries(
  entries: readonly PlacedEntry[],
  receiver: Pick<Receiver, 'name' | 'events'>,
): Message[] {
  const groups = groupBy(withoutEndedOutages(entries, receiver), (entry) => chosenKind(entry, receiver));
  return [...groups].map(([event, group]) => toMessage(event, group, receiver.name));
}

/** Undefined if the receiver does not want it. */
export function chosenKind(entry: AuditEntry, { events }: Pick<Receiver, 'events'>): EventKind | undefined {
  const kind = eventKindOf(entry);
  return kind !== undefined && kind !== 'test' && events.includes(kind) ? kind : undefined;
}

/** An outage that began and ended while it was collected is one message: that of its end, which has both. */
function withoutEndedOutages(
  entries: readonly PlacedEntry[],
  { events }: Pick<Receiver, 'events'>,
): readonly PlacedEntry[] {
  if (!events.includes('outage-ended')) return entries;
  return entries.filter(
    ({ kind }, index) =>
      !entries
        .slice(index)
        .some((later) => later.kind === 'outage.ended' && kind === `outage.${later.cause}`),
  );
}

function toMessage(event: EventKind, entries: readonly PlacedEntry[], receiver: string): Message {
  const groups = groupBy(entries, (entry) => keyOf(event, entry));
  // Of a rollout, the latest says what counts now.
  const counted = [...groups.values()].map((group) => (isAboutNamespaces(event) ? group : group.slice(-1)));
  const items = counted.map(toItem).sort((a, b) => b.count - a.count);
  const [first, last] = [entries[0], entries.at(-1)];
  return {
    // Deterministic: if a worker dies after it has queued this, another one queues the same.
    id: `${receiver}_${first?.id}_${last?.id}_${event}`,
    event,
    at: first?.at ?? 0,
    title: describeTitle(event, {
      items,
      count: countNamespaces(entries),
      isOver: entries.every(({ outcome }) => outcome === 'ok'),
    }),
    items: items.slice(0, MAX_ITEMS),
    moreItems: Math.max(0, items.length - MAX_ITEMS),
    path: pathOf(event, items),
  };
}

/** What makes one item: the rollout, the release, or the cause. */
function keyOf(event: EventKind, entry: AuditEntry): string {
  if (event === 'release-found') return `${entry.release} ${entry.channel}`;
  return entry.rolloutId !== undefined && !isAboutNamespaces(event) ? entry.rolloutId : causeOf(entry);
}

export function isAboutNamespaces(event: EventKind): boolean {
  return event === 'namespace-failing' || event === 'namespace-recovered' || event === 'quarantined';
}

function causeOf({ cause, reason }: AuditEntry): string {
  return cause ?? reason;
}

function toItem(entries: readonly AuditEntry[]): MessageItem {
  const names = new Set(entries.flatMap(({ namespaces }) => namespaces ?? []));
  const last = entries.at(-1);
  const same = <Field extends 'rolloutId' | 'release' | 'channel' | 'rule'>(field: Field) => {
    const value = last?.[field];
    return value !== undefined && entries.every((entry) => entry[field] === value) ? { [field]: value } : {};
  };
  return {
    reason: cut(last === undefined ? '' : entries.length > 1 ? causeOf(last) : last.reason || causeOf(last)),
    namespaces: [...names].sort().slice(0, MAX_NAMES),
    count: countNamespaces(entries),
    ...same('rolloutId'),
    ...same('release'),
    ...same('channel'),
    ...same('rule'),
    ...(last && last.by !== 'skipper' && { by: last.by }),
  };
}

/** Each once, as far as they are named. */
function countNamespaces(entries: readonly AuditEntry[]): number {
  const names = new Set(entries.flatMap(({ namespaces }) => namespaces ?? []));
  return entries.reduce((sum, entry) => sum + unnamedIn(entry), names.size);
}

/** An entry names only its first namespaces. */
function unnamedIn({ namespaces = [], count = namespaces.length }: AuditEntry): number {
  return Math.max(0, count - namespaces.length);
}

/** What to do is at the end of a reason, so the middle is left out. */
function cut(reason: string): string {
  const half = MAX_REASON / 2;
  return reason.length <= MAX_REASON ? reason : `${reason.slice(0, half - 1)}…${reason.slice(-half)}`;
}

/** The page on which people see it. */
function pathOf(event: EventKind, items: readonly MessageItem[]): string {
  const [only, ...others] = items;
  const isOne = only !== undefined && others.length === 0;
  if (isAboutNamespaces(event)) {
    const [namespace] = only?.namespaces ?? [];
    if (isOne && only.count === 1 && namespace !== undefined)
      return `/status/${encodeURIComponent(namespace)}`;
    return event === 'quarantined' ? '/healing' : '/status';
  }
  if (event.startsWith('healing-')) return '/healing';
  if (event === 'release-found' || !items.some(({ rolloutId }) => rolloutId !== undefined)) return '/status';
  return isOne ? `/rollouts/${encodeURIComponent(only.rolloutId ?? '')}` : '/rollouts';
}
