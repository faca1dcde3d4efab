import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import { jsonText } from '../json-text.ts';
import { luaJson } from './lua-json.ts';
import type { StateConnection } from './state-connection.ts';

/** What the latest pass of healing found and did. Only `lua/heal.lua` writes it. */
export interface HealingRecords {
  /** The namespaces that are not well, or that recovered and whose steps are still remembered; those that are missing here are well. */
  healing(): Promise<ReadonlyMap<string, NamespaceHealing>>;
  /** The same of these namespaces only. */
  healingIn(namespaces: readonly string[]): Promise<ReadonlyMap<string, NamespaceHealing>>;
  healingOf(namespace: string): Promise<NamespaceHealing | undefined>;
  /** Undefined if no pass was ever made, or Redis has lost it. */
  healingStatus(): Promise<HealingStatus | undefined>;
  /** Counts the changes of all this; to be read before what a change is decided from. */
  healingRevision(): Promise<number>;
  /** Stores a change whole: the new revision, or `stale` if there was another change since that revision was read. */
  saveHealing(change: HealingChange): Promise<number | 'stale'>;
  /** The rollout that a request with this Idempotency-Key has created. */
  rolloutOfKey(idempotencyKey: string): Promise<string | undefined>;
}

export interface HealingChange {
  /** As it was read. */
  readonly revision: number;
  readonly healing: ReadonlyMap<string, NamespaceHealing>;
  readonly removed?: readonly string[];
  /** Left out if it does not change. */
  readonly status?: HealingStatus | undefined;
  /** Written to the audit log in the same step. */
  readonly audit?: readonly AuditEntry[];
}

export function openHealingRecords({ redis, prefix, guarded, run }: StateConnection): HealingRecords {
  const key = `${prefix}:healing`;
  return {
    healing: async () => {
      const stored = Object.entries(await guarded(() => redis.hgetall(key)));
      return new Map(
        stored.flatMap(([namespace, json]): [string, NamespaceHealing][] => {
          const healing = StoredHealing.safeParse(json);
          return healing.success ? [[namespace, healing.data]] : [];
        }),
      );
    },
    healingIn: async (namespaces) => {
      if (namespaces.length === 0) return new Map();
      const stored = await guarded(() => redis.hmget(key, ...namespaces));
      return new Map(
        namespaces.flatMap((namespace, index): [string, NamespaceHealing][] => {
          const { data } = StoredHealing.safeParse(stored[index]);
          return data ? [[namespace, data]] : [];
        }),
      );
    },
    healingOf: async (namespace) =>
      StoredHealing.safeParse(await guarded(() => redis.hget(key, namespace))).data,
    healingStatus: async () =>
      StoredStatus.safeParse(await guarded(() => redis.get(`${prefix}:healing-status`))).data,
    healingRevision: async () => Number((await guarded(() => redis.get(`${prefix}:healing-revision`))) ?? 0),
    saveHealing: async ({ revision, healing, removed = [], status, audit = [] }) => {
      const answer = await run('heal', {
        revision,
        healing: [...healing].flatMap(([namespace, each]) => [namespace, luaJson(each)]),
        removed,
        status: status && luaJson(status),
        audit: audit.map(luaJson),
        announced: [...healing.keys(), ...removed],
      });
      return answer === 'stale' ? 'stale' : Number(answer);
    },
    rolloutOfKey: async (key) =>
      StoredKey.safeParse(await guarded(() => redis.get(`${prefix}:idempotency:${key}`))).data?.rolloutId,
  };
}

const StoredKey = jsonText(z.object({ rolloutId: z.string() }));
const StoredHealing = jsonText(NamespaceHealing);
const StoredStatus = jsonText(HealingStatus);
