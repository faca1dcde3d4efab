import type { HealingList } from '../../domain/heal/healing-view.ts';
import { browserClient } from '../browser-client.ts';
import { readToken } from '../ui/token-store.ts';
import type { HealCommand } from './heal-command-words.ts';
import { type HealingFilters, toRequest } from './healing-filters.ts';

export function readHealing(filters: HealingFilters): Promise<HealingList> {
  return browserClient(readToken()).healing(toRequest(filters));
}

export async function sendHeal(command: HealCommand, reason: string): Promise<void> {
  const client = browserClient(readToken());
  if (command.kind === 'release') await client.releaseFromQuarantine(command.namespaces, reason);
  else await client.commandHealing(command.kind, reason);
}
