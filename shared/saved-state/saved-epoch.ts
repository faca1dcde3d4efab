import type { Epoch } from '../state/epoch.ts';

/** The epoch that a copy was saved in. */
export interface SavedEpoch {
  readonly id: string;
  /** When it was opened, in milliseconds since 1970. */
  readonly at: number;
  /** How often copies had been saved in it. */
  readonly saves: number;
}

/** Whether Redis now has an older state than a copy was made of. False if that is not known. */
export function isOlderThanCopy(
  { epoch, saves }: { readonly epoch: Epoch; readonly saves: number },
  copy: SavedEpoch | undefined,
): boolean {
  if (copy === undefined) return false;
  return copy.id === epoch.id ? saves < copy.saves : epoch.at < copy.at;
}
