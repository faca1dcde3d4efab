import type { SeenChannel } from './summarise-fleet.ts';

/**
 * What a namespace should run, according to its release channel. `missing`: the channel does not exist. `unknown`: it was
 * never read successfully.
 */
export type ChannelTarget =
  | { readonly kind: 'known'; readonly version: string }
  | { readonly kind: 'missing' | 'unknown'; readonly problem: string; readonly code: string | undefined };

/** While the channel cannot be read, its last good release counts. */
export function targetOf(channel: string, seen: SeenChannel | undefined): ChannelTarget {
  if (seen !== undefined && seen.version !== '') return { kind: 'known', version: seen.version };
  const { problem = `Release channel "${channel}" has not been read yet`, code } = seen ?? {};
  return { kind: code === 'release_unknown' ? 'missing' : 'unknown', problem, code };
}
