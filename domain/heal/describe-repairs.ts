import { plural } from '../plural.ts';
import type { Repair } from '../rollout/repair.ts';
import { describeMeans } from './ladder.ts';

/** `Healing: restart FDD in 2 namespaces (crash-loop), deploy again with a new id in 1 namespace (drifted)` */
export function describeRepairs(repairs: Iterable<Repair>): string {
  const groups = new Map<string, Group>();
  for (const { means, rule } of repairs) {
    const key = `${means} ${rule}`;
    groups.set(key, { means, rule, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return `Healing: ${[...groups.values()].map(describeGroup).join(', ')}`;
}

interface Group extends Pick<Repair, 'means' | 'rule'> {
  readonly count: number;
}

function describeGroup({ means, rule, count }: Group): string {
  return `${describeMeans(means)} in ${plural(count, 'namespace')} (${rule})`;
}
