import { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';
import { jsonText } from '../json-text.ts';
import type { StateConnection } from './state-connection.ts';

/** What the latest pass of healing found and did. Only `heal.lua` writes it. */
export interface HealingRecords {
  /** The namespaces that are not well, or were not well just now; those that are missing here are well. */
  healing(): Promise<ReadonlyMap<string, NamespaceHealing>>;
  healingOf(namespace: string): Promise<NamespaceHealing | undefined>;
  /** Undefined if no pass was ever made, or Redis has lost it. */
  healingStatus(): Promise<HealingStatus | undefined>;
}

export function openHealingRecords({ redis, prefix, guarded }: StateConnection): HealingRecords {
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
    healingOf: async (namespace) =>
      StoredHealing.safeParse(await guarded(() => redis.hget(key, namespace))).data,
    healingStatus: async () =>
      StoredStatus.safeParse(await guarded(() => redis.get(`${prefix}:healing-status`))).data,
  };
}

const StoredHealing = jsonText(NamespaceHealing);
const StoredStatus = jsonText(HealingStatus);
