import type { ChannelSnapshot, ChannelSnapshots } from '../../shared/state/channel-snapshots.ts';

export type SnapshotsByChannel = ReadonlyMap<string, ChannelSnapshot>;

/** The results of the release check, as last read. */
export interface ChannelCache {
  all(): SnapshotsByChannel;
  expire(): void;
  isExpired(): boolean;
  /** Reads them if they have expired; true if the version of a channel has changed. */
  refresh(): Promise<boolean>;
}

export function createChannelCache(state: Pick<ChannelSnapshots, 'channels'>): ChannelCache {
  let snapshots: SnapshotsByChannel = new Map();
  let expired = true;
  return {
    all: () => snapshots,
    expire: () => {
      expired = true;
    },
    isExpired: () => expired,
    refresh: async () => {
      if (!expired) return false;
      expired = false;
      try {
        const before = snapshots;
        snapshots = await state.channels();
        const tags = [...before.keys(), ...snapshots.keys()];
        return tags.some((tag) => before.get(tag)?.version !== snapshots.get(tag)?.version);
      } catch (error) {
        expired = true;
        throw error;
      }
    },
  };
}
