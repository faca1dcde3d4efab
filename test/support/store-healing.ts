import { Redis } from 'ioredis';
import type { HealingStatus, NamespaceHealing } from '../../domain/heal/healing.ts';

/** Stores the result of a pass as a worker would, for tests of what only reads it. */
export async function storeHealing(
  url: string,
  status: HealingStatus | undefined,
  healing: ReadonlyMap<string, NamespaceHealing> = new Map(),
): Promise<void> {
  const redis = new Redis(url);
  const key = '{skipper}:healing';
  await redis.del(key, `${key}-status`);
  if (status !== undefined) await redis.set(`${key}-status`, JSON.stringify(status));
  const fields = [...healing].flatMap(([namespace, each]) => [namespace, JSON.stringify(each)]);
  if (fields.length > 0) await redis.hset(key, ...fields);
  redis.disconnect();
}
