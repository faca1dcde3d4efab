import type { ApiClient } from '../../client/api-client.ts';
import type { HealingEntry, HealingList } from '../../domain/heal/healing-view.ts';
import type { HealingFilter } from '../../domain/heal/list-healing.ts';

/** As many as the API answers with at once. */
const PAGE = 1_000;

/** All pages of what is not well, as one list. */
export async function readAllHealing(
  client: Pick<ApiClient, 'healing'>,
  filter: HealingFilter,
): Promise<HealingList> {
  const namespaces: HealingEntry[] = [];
  let cursor: string | undefined;
  for (;;) {
    const { next, ...list } = await client.healing({ ...filter, limit: PAGE, cursor });
    namespaces.push(...list.namespaces);
    if (next === undefined) return { ...list, namespaces };
    cursor = next;
  }
}
