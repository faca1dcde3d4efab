import type { Channel } from './releases/release-source.ts';
import type { ChannelSnapshot } from './state/channel-snapshots.ts';

/** A channel as shown to people. */
export function toChannelSnapshot({ tag, release, problem, checkedAt, updated }: Channel): ChannelSnapshot {
  return {
    channel: tag,
    image: release?.image,
    version: release?.version ?? '',
    checkedAt,
    updated,
    problem: problem?.message,
    code: problem?.code,
  };
}
