import type { ChannelSnapshot } from '../../shared/state/channel-snapshots.ts';
import type { DesiredState } from '../../shared/state/desired-state.ts';

export type ChannelSnapshots = ReadonlyMap<string, ChannelSnapshot>;

/** What the release check has seen of the channels, as it was last read. */
export interface ChannelCache {
  all(): ChannelSnapshots;
  expire(): void;
  isExpired(): boolean;
  /** Reads them where that is due; true when one of them names another version than before. */
  refresh(): Promise<boolean>;
}

export function createChannelCache(state: DesiredState): ChannelCache {
  let notes: ChannelSnapshots = new Map();
  let expired = true;
  return {
    all: () => notes,
    expire: () => {
      expired = true;
    },
    isExpired: () => expired,
    refresh: async () => {
      if (!expired) return false;
      expired = false;
      try {
        const before = notes;
        notes = await state.channels();
        const tags = [...before.keys(), ...notes.keys()];
        return tags.some((tag) => before.get(tag)?.version !== notes.get(tag)?.version);
      } catch (error) {
        expired = true;
        throw error;
      }
    },
  };
}
