import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import { Hold } from '../../domain/rollout/hold.ts';
import { jsonText } from '../json-text.ts';
import { appendAudit } from './audit-log.ts';
import { luaJson } from './lua-json.ts';
import type { StateConnection } from './state-connection.ts';
import { valuesOf } from './values-of.ts';

/** A release that is not rolled out automatically. */
export interface IgnoredRelease extends Hold {
  readonly key: string;
  readonly version: string;
}

/** Entries of the audit log, which are written with what changes. */
type Entries = readonly AuditEntry[];

/** What operators keep the release check from doing. */
export interface Holds {
  /** By namespace. */
  holds(): Promise<ReadonlyMap<string, Hold>>;
  hold(namespaces: readonly string[], hold: Hold, entries?: Entries): Promise<void>;
  /** Returns how many were held; without any, the entries are not written. */
  endHold(namespaces: readonly string[], entries?: Entries): Promise<number>;
  /** By key. */
  ignoredReleases(): Promise<ReadonlyMap<string, IgnoredRelease>>;
  ignoreRelease(release: IgnoredRelease, entries?: Entries): Promise<void>;
  /** Returns how many with this version or key were ignored; without any, the entries are not written. */
  endIgnore(versionOrKey: string, entries?: Entries): Promise<number>;
}

export function openHolds({ redis, prefix, guarded, ticks, requireWhole }: StateConnection): Holds {
  // During a rebuild a change would be lost, or meet only a part of what is stored.
  const begin = async () => {
    await requireWhole();
    return redis.multi();
  };
  const end = (transaction: ReturnType<typeof redis.multi>) =>
    guarded(() => ticks.count(async () => valuesOf(await ticks.countIn(transaction).exec())));
  const write = async (key: string, fields: Readonly<Record<string, string>>, entries: Entries) => {
    const transaction = (await begin()).hset(key, fields).incr(`${prefix}:save-revision`);
    appendAudit(transaction, prefix, entries);
    await end(transaction);
  };
  const remove = async (key: string, fields: readonly string[], entries: Entries) => {
    const transaction = await begin();
    const present = await guarded(() => redis.hmget(key, ...fields));
    if (present.every((value) => value === null)) return 0;
    transaction.hdel(key, ...fields).incr(`${prefix}:save-revision`);
    appendAudit(transaction, prefix, entries);
    const [removed] = await end(transaction);
    return Number(removed);
  };
  const holdsKey = `${prefix}:holds`;
  const ignoredKey = `${prefix}:ignored-releases`;
  const ignoredReleases = async () => decode(await guarded(() => redis.hgetall(ignoredKey)), StoredIgnored);
  return {
    holds: async () => decode(await guarded(() => redis.hgetall(holdsKey)), StoredHold),
    hold: async (namespaces, hold, entries = []) => {
      if (namespaces.length === 0) return;
      const json = luaJson(hold);
      await write(holdsKey, Object.fromEntries(namespaces.map((namespace) => [namespace, json])), entries);
    },
    endHold: async (namespaces, entries = []) =>
      namespaces.length === 0 ? 0 : remove(holdsKey, namespaces, entries),
    ignoredReleases,
    ignoreRelease: (release, entries = []) => write(ignoredKey, { [release.key]: luaJson(release) }, entries),
    endIgnore: async (versionOrKey, entries = []) => {
      const keys = [...(await ignoredReleases()).values()]
        .filter(({ key, version }) => key === versionOrKey || version === versionOrKey)
        .map(({ key }) => key);
      return keys.length === 0 ? 0 : remove(ignoredKey, keys, entries);
    },
  };
}

const StoredHold = jsonText(Hold);
const StoredIgnored = jsonText(Hold.extend({ key: z.string(), version: z.string() }));

function decode<Schema extends z.ZodType>(
  fields: Readonly<Record<string, string>>,
  schema: Schema,
): Map<string, z.infer<Schema>> {
  return new Map(
    Object.entries(fields).flatMap(([name, json]): [string, z.infer<Schema>][] => {
      const value = schema.safeParse(json);
      return value.success ? [[name, value.data]] : [];
    }),
  );
}
