import isEqual from 'fast-deep-equal';
import { type ChannelTarget, targetOf } from '../../domain/fleet/target-of.ts';
import type { ChannelSnapshot, ChannelSnapshots } from '../../shared/state/channel-snapshots.ts';

export type SnapshotsByChannel = ReadonlyMap<string, ChannelSnapshot>;

/** The results of the release check, as last read. */
export interface ChannelCache {
  all(): SnapshotsByChannel;
  expire(): void;
  isExpired(): boolean;
  /** Reads them if they have expired; true if a channel's release has changed, or why it is unknown. */
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
        return tags.some((tag) => !isEqual(targetIn(before, tag), targetIn(snapshots, tag)));
      } catch (error) {
        expired = true;
        throw error;
      }
    },
  };
}

function targetIn(snapshots: SnapshotsByChannel, tag: string): ChannelTarget {
  return targetOf(tag, snapshots.get(tag));
}
