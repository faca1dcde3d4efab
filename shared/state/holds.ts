import { z } from 'zod';
import { Hold } from '../../domain/rollout/hold.ts';
import { jsonText } from '../json-text.ts';
import { luaJson } from './lua-json.ts';
import type { StateConnection } from './state-connection.ts';

/** A release that is not rolled out automatically. */
export interface IgnoredRelease extends Hold {
  readonly key: string;
  readonly version: string;
}

/** What operators keep the release check from doing. */
export interface Holds {
  /** By namespace. */
  holds(): Promise<ReadonlyMap<string, Hold>>;
  hold(namespaces: readonly string[], hold: Hold): Promise<void>;
  /** Returns how many were held. */
  endHold(namespaces: readonly string[]): Promise<number>;
  /** By key. */
  ignoredReleases(): Promise<ReadonlyMap<string, IgnoredRelease>>;
  ignoreRelease(release: IgnoredRelease): Promise<void>;
  /** Returns how many with this version or key were ignored. */
  endIgnore(versionOrKey: string): Promise<number>;
}

export function openHolds({ redis, prefix, guarded }: StateConnection): Holds {
  const holdsKey = `${prefix}:holds`;
  const ignoredKey = `${prefix}:ignored-releases`;
  const ignoredReleases = async () => decode(await guarded(() => redis.hgetall(ignoredKey)), StoredIgnored);
  return {
    holds: async () => decode(await guarded(() => redis.hgetall(holdsKey)), StoredHold),
    hold: async (namespaces, hold) => {
      if (namespaces.length === 0) return;
      const json = luaJson(hold);
      await guarded(() => redis.hset(holdsKey, ...namespaces.flatMap((namespace) => [namespace, json])));
    },
    endHold: (namespaces) =>
      namespaces.length === 0 ? Promise.resolve(0) : guarded(() => redis.hdel(holdsKey, ...namespaces)),
    ignoredReleases,
    ignoreRelease: async (release) => {
      await guarded(() => redis.hset(ignoredKey, release.key, luaJson(release)));
    },
    endIgnore: async (versionOrKey) => {
      const keys = [...(await ignoredReleases()).values()]
        .filter(({ key, version }) => key === versionOrKey || version === versionOrKey)
        .map(({ key }) => key);
      return keys.length === 0 ? 0 : guarded(() => redis.hdel(ignoredKey, ...keys));
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
