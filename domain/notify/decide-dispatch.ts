import { groupBy } from './group-by.ts';
import { chosenKind, type PlacedEntry } from './group-entries.ts';
import { isSilenced } from './is-silenced.ts';
import type { Receiver } from './notify-config.ts';

/** As long as more of a kind comes, its message waits, but not longer than this, or than `groupWait`. */
const LONGEST_WAIT_MS = 2 * 60_000;

/** How far a receiver has got in the audit log. */
export interface Cursor {
  /** Everything up to this entry is done. */
  readonly after: string;
  /** What is being queued ends with this entry: after a crash, exactly the same is queued again. */
  readonly upTo?: string | undefined;
}

export interface DispatchInput {
  readonly cursor: Cursor;
  /** What follows the cursor, oldest first. */
  readonly entries: readonly PlacedEntry[];
  /** There are more than were read. */
  readonly isFull: boolean;
  readonly receiver: Receiver;
  readonly groupWaitMs: number;
  readonly now: number;
}

export type Dispatch =
  /** `until`: nothing can be due before; left out if nothing has happened. */
  | { readonly step: 'wait'; readonly until?: number }
  /** Nothing in it is for this receiver. */
  | { readonly step: 'pass'; readonly upTo: string }
  /** Fix the end of what is queued. */
  | { readonly step: 'claim'; readonly upTo: string }
  /** Queue these, then pass. */
  | { readonly step: 'queue'; readonly upTo: string; readonly entries: readonly PlacedEntry[] };

/** What to do next for a receiver. */
export function decideDispatch(input: DispatchInput): Dispatch {
  const { cursor, receiver } = input;
  const { upTo } = cursor;
  // What happened before a silence is sent, even if it is collected until then.
  const entries = input.entries.filter(({ id }) => !isSilenced(receiver, millisecondsOf(id)));
  if (upTo !== undefined) {
    return { step: 'queue', upTo, entries: entries.filter(({ id }) => isUpTo(id, upTo)) };
  }
  const last = input.entries.at(-1);
  if (last === undefined) return { step: 'wait' };
  const groups = groupBy(entries, (entry) => chosenKind(entry, receiver));
  if (groups.size === 0) return { step: 'pass', upTo: last.id };
  const until = Math.min(...[...groups.values()].map((group) => wholeAt(group, input)));
  return input.isFull || input.now >= until ? { step: 'claim', upTo: last.id } : { step: 'wait', until };
}

/** Namespaces that fall sick one after the other are one message, if no long time passes between them. */
function wholeAt(group: readonly PlacedEntry[], { groupWaitMs }: DispatchInput): number {
  const times = group.map(({ id }) => millisecondsOf(id));
  const longestMs = Math.max(groupWaitMs, LONGEST_WAIT_MS);
  return Math.min((times.at(-1) ?? 0) + groupWaitMs, (times[0] ?? 0) + longestMs);
}

/** True if an entry of the audit log is not after another one. */
export function isUpTo(id: string, end: string): boolean {
  const [at, number] = partsOf(id);
  const [endAt, endNumber] = partsOf(end);
  return at < endAt || (at === endAt && number <= endNumber);
}

function millisecondsOf(id: string): number {
  return partsOf(id)[0];
}

function partsOf(id: string): readonly [number, number] {
  const [at = 0, number = 0] = id.split('-').map(Number);
  return [at, number];
}
