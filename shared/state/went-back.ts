import type { Epoch } from './epochs.ts';
import type { KnownTick, Tick } from './ticks.ts';

/**
 * Whether Redis has an older state than it had: it was restored from a snapshot, or a replica that was behind has become the
 * master. False if that is not known.
 */
export function hasGoneBack(known: KnownTick, { epoch, tick }: Tick & { readonly epoch: Epoch }): boolean {
  if (known.id !== epoch.id) return epoch.at < known.at;
  return tick !== undefined && tick <= known.tick;
}
