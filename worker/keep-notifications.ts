import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { type Cursor, type Dispatch, decideDispatch, isUpTo } from '../domain/notify/decide-dispatch.ts';
import { findRemoved } from '../domain/notify/find-removed.ts';
import { groupEntries } from '../domain/notify/group-entries.ts';
import { groupWaitMs, type Receiver } from '../domain/notify/notify-config.ts';
import type { NotifyConfigSource } from '../shared/notify/notifications-file.ts';
import type { NotificationJob } from '../shared/queues.ts';
import type { AuditLog } from '../shared/state/audit-log.ts';
import type { Notifications } from '../shared/state/notifications.ts';

const POLL_MS = 1_000;
const REVIEW_MS = 60_000;
/** What is read, and becomes messages, at once: a fleet of which every namespace fails is one message. */
const READ_ENTRIES = 20_000;

/** Where a receiver was at the last pass. */
interface Known {
  readonly cursor: Cursor;
  /** Until then, what was read only waits for more of the same. */
  readonly until?: number | undefined;
}

export interface NotificationKeeper {
  stop(): void;
}

export interface NotificationKeeping {
  readonly queue: Pick<Queue<NotificationJob>, 'addBulk'>;
  readonly state: Pick<AuditLog, 'auditAfter' | 'auditBefore'> &
    Omit<Notifications, 'receiverHealth' | 'saveDelivered' | 'saveFailure' | 'noteHook' | 'forgetHook'>;
  readonly receivers: Pick<NotifyConfigSource, 'current'>;
  readonly log: Logger;
}

/**
 * Turns what is new in the audit log into messages for each receiver. Every worker does this, and none leads: where a
 * receiver has got to is in Redis, and moves only from what the worker has read. A worker that dies between two lines
 * leaves a claim, and another one queues exactly the same messages, which the queue knows by their ids.
 */
export function keepNotifications(
  parts: NotificationKeeping,
  { everyMs = POLL_MS } = {},
): NotificationKeeper {
  const known = new Map<string, Known>();
  const since = parts.state.auditTime();
  const timers = [
    repeat(() => dispatchAll(parts, known), everyMs, parts.log),
    repeat(() => reviewReceivers(parts, since), REVIEW_MS, parts.log),
  ];
  return { stop: () => timers.forEach(clearInterval) };
}

/** One at a time. */
function repeat(task: () => Promise<void>, everyMs: number, log: Logger): NodeJS.Timeout {
  let isBusy = false;
  return setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    task()
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'notifications wait'))
      .finally(() => {
        isBusy = false;
      });
  }, everyMs);
}

/** One pass over all receivers. `known` is where they were at the last one. */
export async function dispatchAll(parts: NotificationKeeping, known: Map<string, Known>): Promise<void> {
  const { receivers } = parts.receivers.current();
  const names = new Set(receivers.map(({ name }) => name));
  for (const name of known.keys()) if (!names.has(name)) known.delete(name);
  if (receivers.length === 0) return;
  const stored = await parts.state.notifyCursors();
  for (const receiver of receivers) {
    const found = stored.get(receiver.name);
    const cursor = found ?? (await begin(parts, receiver.name, known));
    const { until = 0 } = (found && known.get(receiver.name)) ?? {};
    // A claim that another worker has left does not wait.
    if (cursor.upTo === undefined && parts.state.auditTime() < until) continue;
    known.set(receiver.name, { cursor });
    known.set(receiver.name, { cursor, until: await dispatch(parts, receiver, cursor) });
  }
}

/** Notes the receivers of this worker, and forgets those that no worker has any more. `since`: when this one began. */
export async function reviewReceivers(
  { state, receivers }: NotificationKeeping,
  since: number,
): Promise<void> {
  const configured = new Set(receivers.current().receivers.map(({ name }) => name));
  await state.noteReceivers([...configured]);
  const stored = (await state.notifyCursors()).keys();
  const seen = await state.receiversSeen();
  await state.forgetReceivers(findRemoved({ configured, stored, seen, since, now: state.auditTime() }));
}

/**
 * A new receiver begins now, not with the months that the audit log holds. If Redis has lost the cursor, it continues
 * where it was: what is in the log since then, such as the loss, is new. A log that ends before that is another one: the clock of a
 * new Redis can be behind.
 */
async function begin(
  { state }: NotificationKeeping,
  receiver: string,
  known: ReadonlyMap<string, Known>,
): Promise<Cursor> {
  const newest = (await state.auditBefore(undefined, 1)).entries[0]?.id;
  const last = known.get(receiver)?.cursor.after;
  const isOtherLog = last !== undefined && (newest === undefined || !isUpTo(last, newest));
  const after = isOtherLog ? FIRST : (last ?? newest ?? `${Math.floor(state.auditTime())}-0`);
  await state.noteReceivers([receiver]);
  await state.moveNotifyCursor(receiver, undefined, { after });
  return { after };
}

const FIRST = '0-0';

/** Returns until when nothing can be due. */
async function dispatch(
  parts: NotificationKeeping,
  receiver: Receiver,
  cursor: Cursor,
): Promise<number | undefined> {
  const { state } = parts;
  const entries = await state.auditAfter(cursor.after, READ_ENTRIES);
  const decided = decideDispatch({
    cursor,
    entries,
    isFull: entries.length >= READ_ENTRIES,
    receiver,
    groupWaitMs: groupWaitMs(parts.receivers.current()),
    now: state.auditTime(),
  });
  if (decided.step === 'wait') return decided.until;
  await carryOut(decided, { parts, receiver, cursor });
  return undefined;
}

interface Step {
  readonly parts: NotificationKeeping;
  readonly receiver: Receiver;
  readonly cursor: Cursor;
}

async function carryOut(
  decided: Exclude<Dispatch, { step: 'wait' }>,
  { parts, receiver, cursor }: Step,
): Promise<void> {
  const { upTo } = decided;
  if (decided.step === 'claim') {
    const claim = { after: cursor.after, upTo };
    // The worker that has moved it instead does the rest.
    if (await parts.state.moveNotifyCursor(receiver.name, cursor, claim))
      await dispatch(parts, receiver, claim);
    return;
  }
  if (decided.step === 'queue') {
    const messages = groupEntries(decided.entries, receiver);
    await parts.queue.addBulk(
      messages.map((message) => ({
        name: message.event,
        data: { receiver: receiver.name, message },
        opts: { jobId: message.id },
      })),
    );
  }
  await parts.state.moveNotifyCursor(receiver.name, cursor, { after: upTo });
}
