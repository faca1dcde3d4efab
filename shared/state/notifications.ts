import { z } from 'zod';
import type { Cursor } from '../../domain/notify/decide-dispatch.ts';
import { jsonText } from '../json-text.ts';
import { luaJson } from './lua-json.ts';
import type { StateConnection } from './state-connection.ts';

/** How the last deliveries to a receiver ended. Times in milliseconds since the epoch. */
export interface ReceiverHealth {
  readonly deliveredAt?: number | undefined;
  readonly failed?: DeliveryFailure | undefined;
}

const DeliveryFailure = z.object({ at: z.number(), reason: z.string() });
type DeliveryFailure = Readonly<z.infer<typeof DeliveryFailure>>;

/** How far notifications have got, by receiver. */
export interface Notifications {
  /** The time of entries in the audit log. */
  auditTime(): number;
  notifyCursors(): Promise<ReadonlyMap<string, Cursor>>;
  /** False if another worker has moved it. */
  moveNotifyCursor(receiver: string, from: Cursor | undefined, to: Cursor): Promise<boolean>;
  /** When a worker last had each receiver in its file. */
  receiversSeen(): Promise<ReadonlyMap<string, number>>;
  noteReceivers(receivers: readonly string[]): Promise<void>;
  /** Receivers that were removed: if they come back, they begin as new ones. */
  forgetReceivers(receivers: readonly string[]): Promise<void>;
  receiverHealth(receivers: readonly string[]): Promise<ReadonlyMap<string, ReceiverHealth>>;
  saveDelivered(receiver: string, at: number): Promise<void>;
  saveFailure(receiver: string, failure: DeliveryFailure): Promise<void>;
  /** False if this id is known already. */
  noteHook(id: string, ttlSeconds: number): Promise<boolean>;
  forgetHook(id: string): Promise<void>;
}

export function openNotifications({ redis, prefix, guarded, run, now }: StateConnection): Notifications {
  const cursorsKey = `${prefix}:notify-cursors`;
  const seenKey = `${prefix}:notify-seen`;
  const healthKey = `${prefix}:notify-health`;
  const hookKey = (id: string) => `${prefix}:hook:${id}`;
  return {
    auditTime: now,
    notifyCursors: async () => {
      const stored = await guarded(() => redis.hgetall(cursorsKey));
      return new Map(Object.entries(stored).map(([receiver, text]) => [receiver, toCursor(text)]));
    },
    moveNotifyCursor: async (receiver, from, to) => {
      const moved = await run('move-notify-cursor', {
        receiver,
        from: from === undefined ? '' : toText(from),
        to: toText(to),
      });
      return moved === 1;
    },
    receiversSeen: async () => {
      const stored = await guarded(() => redis.hgetall(seenKey));
      return new Map(Object.entries(stored).map(([receiver, at]) => [receiver, Number(at)]));
    },
    noteReceivers: async (receivers) => {
      if (receivers.length === 0) return;
      const at = String(now());
      await guarded(() => redis.hset(seenKey, Object.fromEntries(receivers.map((name) => [name, at]))));
    },
    forgetReceivers: async (receivers) => {
      if (receivers.length === 0) return;
      await guarded(() => redis.hdel(cursorsKey, ...receivers));
      await guarded(() => redis.hdel(seenKey, ...receivers));
      await guarded(() => redis.hdel(healthKey, ...receivers.flatMap(fieldsOf)));
    },
    receiverHealth: async (receivers) => {
      if (receivers.length === 0) return new Map();
      const values = await guarded(() => redis.hmget(healthKey, ...receivers.flatMap(fieldsOf)));
      return new Map(
        receivers.map((receiver, index) => [
          receiver,
          {
            deliveredAt: StoredTime.safeParse(values[2 * index]).data,
            failed: StoredFailure.safeParse(values[2 * index + 1]).data,
          },
        ]),
      );
    },
    saveDelivered: async (receiver, at) => {
      await guarded(() => redis.hset(healthKey, `${receiver} delivered`, at));
    },
    saveFailure: async (receiver, failure) => {
      await guarded(() => redis.hset(healthKey, `${receiver} failed`, luaJson(failure)));
    },
    noteHook: async (id, ttlSeconds) =>
      (await guarded(() => redis.set(hookKey(id), '1', 'EX', ttlSeconds, 'NX'))) === 'OK',
    forgetHook: async (id) => {
      await guarded(() => redis.del(hookKey(id)));
    },
  };
}

const StoredTime = jsonText(z.number());
const StoredFailure = jsonText(DeliveryFailure);

/** Two fields, because two workers can write at the same time. */
function fieldsOf(receiver: string): [string, string] {
  return [`${receiver} delivered`, `${receiver} failed`];
}

/** As text that can be compared: `1-0`, or `1-0 5-3` while something is being queued. */
function toText({ after, upTo }: Cursor): string {
  return upTo === undefined ? after : `${after} ${upTo}`;
}

function toCursor(text: string): Cursor {
  const [after = '0-0', upTo] = text.split(' ');
  return { after, upTo };
}
