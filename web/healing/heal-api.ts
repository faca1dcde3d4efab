import type { HealingList } from '../../domain/heal/healing-view.ts';
import { browserClient } from '../browser-client.ts';
import { readToken } from '../ui/token-store.ts';
import { type HealingFilters, toRequest } from './healing-filters.ts';

export function readHealing(filters: HealingFilters): Promise<HealingList> {
  return browserClient(readToken()).healing(toRequest(filters));
}
