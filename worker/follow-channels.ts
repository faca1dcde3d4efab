import { type ChannelPast, type FollowedRelease, followChannel } from '../domain/release/follow-channel.ts';
import type { TargetState } from '../domain/rollout/rollout.ts';
import type { Channel } from '../shared/releases/release-source.ts';
import type { RolloutPolicySource } from '../shared/rollout-policy-file.ts';
import type { ChannelPasts } from '../shared/state/channel-pasts.ts';
import type { RolloutControl } from '../shared/state/rollout-control.ts';
import { releaseKey } from '../shared/state/stored-release.ts';

export interface FollowDependencies {
  readonly state: ChannelPasts & Pick<RolloutControl, 'knownRollout'>;
  readonly policy: Pick<RolloutPolicySource, 'current'>;
}

/** The channels that have moved backwards, and that nobody has allowed to. */
export interface BackwardChannels {
  /** Why a channel's release waits for an operator, by channel. */
  readonly reasons: ReadonlyMap<string, string>;
  /** Notes the rollout that asks operators, so that its answer is found. */
  noteAsked(tag: string, rolloutId: string): Promise<void>;
}

/** What an operator who resumes a paused rollout leads to. */
const ALLOWED: ReadonlySet<TargetState> = new Set(['pending', 'running', 'completed', 'failed']);

/** Compares the channels with what they had before, and remembers what is followed now. */
export async function followChannels(
  channels: ReadonlyMap<string, Channel>,
  { state, policy }: FollowDependencies,
): Promise<BackwardChannels> {
  const pasts = await state.channelPasts();
  const isAllowed = policy.current().release?.followBackwards === true;
  const reasons = new Map<string, string>();
  const changed = new Map<string, ChannelPast>();
  for (const [tag, channel] of channels) {
    const release = toFollowed(channel);
    if (!release) continue;
    const past = pasts.get(tag);
    const following = followChannel(past, release, isAllowed || (await wasResumed(past, release, state)));
    if (following.kind === 'backwards') {
      reasons.set(tag, describe(tag, following.from, release.version));
    } else if (JSON.stringify(following.past) !== JSON.stringify(past)) changed.set(tag, following.past);
  }
  await state.saveChannelPasts(changed);
  return {
    reasons,
    noteAsked: async (tag, rolloutId) => {
      const past = pasts.get(tag);
      const channel = channels.get(tag);
      const release = channel && toFollowed(channel);
      if (!past || !release) return;
      await state.saveChannelPasts(new Map([[tag, { ...past, asked: { key: release.key, rolloutId } }]]));
    },
  };
}

/** Nothing is concluded from a channel that could not be read. */
function toFollowed({ release, problem, updated }: Channel): FollowedRelease | undefined {
  if (!release || problem) return undefined;
  return { key: releaseKey(release), version: release.version, ...(updated && { updated }) };
}

async function wasResumed(
  past: ChannelPast | undefined,
  { key }: FollowedRelease,
  state: Pick<RolloutControl, 'knownRollout'>,
): Promise<boolean> {
  if (past?.asked?.key !== key) return false;
  const known = await state.knownRollout(past.asked.rolloutId);
  return known !== undefined && ALLOWED.has(known.status.state);
}

function describe(tag: string, from: string, to: string): string {
  return `channel "${tag}" moved backwards from ${from} to ${to}: resume to follow it, or cancel`;
}
