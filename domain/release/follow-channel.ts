import * as z from 'zod';

const MAX_FOLLOWED = 20;

/** A release that a channel had. */
const FollowedRelease = z.object({ key: z.string(), version: z.string(), updated: z.string().optional() });
export type FollowedRelease = Readonly<z.infer<typeof FollowedRelease>>;

/** What is known about a channel's past. */
export const ChannelPast = z.object({
  followed: z
    .array(FollowedRelease)
    .readonly()
    .describe('The releases that were followed, the last one first'),
  asked: z
    .object({ key: z.string(), rolloutId: z.string() })
    .optional()
    .describe('The rollout by which operators were asked to follow it backwards'),
});
export type ChannelPast = Readonly<z.infer<typeof ChannelPast>>;

export type Following =
  | { readonly kind: 'follow'; readonly past: ChannelPast }
  /** It is not followed automatically: operators decide. */
  | { readonly kind: 'backwards'; readonly from: string };

/**
 * Decides whether a channel's release is followed. One that is older than the release that was followed last, or that was
 * followed before and then replaced, can be a mistake of the release server. `isAllowed`: the policy or an operator says so.
 */
export function followChannel(
  past: ChannelPast | undefined,
  release: FollowedRelease,
  isAllowed: boolean,
): Following {
  const [last, ...replaced] = past?.followed ?? [];
  if (last && !isAllowed && isBackwards(release, last, replaced)) {
    return { kind: 'backwards', from: last.version };
  }
  const others = (past?.followed ?? []).filter(({ key }) => key !== release.key);
  return { kind: 'follow', past: { followed: [release, ...others].slice(0, MAX_FOLLOWED) } };
}

function isBackwards(
  release: FollowedRelease,
  last: FollowedRelease,
  replaced: readonly FollowedRelease[],
): boolean {
  if (release.key === last.key || release.version === last.version) return false;
  return isOlder(release, last) || replaced.some(({ version }) => version === release.version);
}

/** Without both times, nothing is known. */
function isOlder(release: FollowedRelease, last: FollowedRelease): boolean {
  return Date.parse(release.updated ?? '') < Date.parse(last.updated ?? '');
}
