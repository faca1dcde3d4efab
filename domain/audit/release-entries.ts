import type { Hold } from '../rollout/hold.ts';
import { type Actor, SKIPPER } from './actor.ts';
import type { AuditEntry } from './audit-entry.ts';

/** A webhook that has led to a release check. */
export interface Announcement {
  /** That of the webhook. */
  readonly id: string;
  /** The address of its sender. */
  readonly from: string;
  readonly channel?: string | undefined;
}

export function announcedEntry({ id, from, channel }: Announcement, at: number): AuditEntry {
  const actor = { by: id, trigger: 'webhook', from } as const;
  const about = channel === undefined ? {} : { channel };
  const reason = 'a release was announced: the channels are checked';
  return { at, kind: 'release.announced', ...actor, ...about, reason, outcome: 'ok' };
}

/** A version that no release check rolls out any more. */
export function ignoreEntry(
  { at, version, reason, rolloutId }: Hold & { readonly version: string },
  actor: Actor,
): AuditEntry {
  const about = { release: version, ...(rolloutId !== undefined && { rolloutId }) };
  return { at, kind: 'release.ignored', ...actor, ...about, reason, outcome: 'ok' };
}

export function allowEntry(
  { at, version, reason }: { readonly at: number; readonly version: string; readonly reason: string },
  actor: Actor,
): AuditEntry {
  return { at, kind: 'release.allowed', ...actor, release: version, reason, outcome: 'ok' };
}

/** The versions of channels, by channel. */
export type ChannelVersions = ReadonlyMap<string, string>;

/** The channels that have moved to another version. One that is seen for the first time has not moved. */
export function foundEntries(before: ChannelVersions, after: ChannelVersions, at: number): AuditEntry[] {
  return [...after].flatMap(([channel, release]): AuditEntry[] => {
    const earlier = before.get(channel);
    if (earlier === undefined || earlier === release) return [];
    const reason = `channel "${channel}" moved from ${earlier} to ${release}`;
    return [
      { at, kind: 'release.found', by: SKIPPER, trigger: 'release', channel, release, reason, outcome: 'ok' },
    ];
  });
}
