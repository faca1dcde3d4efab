import type { Rollout, TargetCounts } from '../rollout/rollout.ts';
import { type RolloutStatus, shownState } from '../rollout/rollout-status.ts';
import { compareText } from './compare-text.ts';
import type { FleetRow } from './fleet-row.ts';
import type { ChannelSummary, FleetSummary, RolloutProgress } from './fleet-summary.ts';

/** The result of the latest check of a release channel. */
export interface SeenChannel {
  readonly version: string;
  readonly checkedAt?: number | undefined;
  readonly problem?: string | undefined;
  /** The error code of the problem. */
  readonly code?: string | undefined;
  readonly updated?: string | undefined;
}

export interface FleetFacts
  extends Pick<
    FleetSummary,
    'workers' | 'queue' | 'rollouts' | 'releaseCheck' | 'lastReleaseCheck' | 'notices' | 'stale'
  > {
  readonly rows: Iterable<FleetRow>;
  readonly channels: ReadonlyMap<string, SeenChannel>;
}

/** Counts the fleet. Lists the channels in use, by name. */
export function summariseFleet({ rows, channels, ...rest }: FleetFacts): FleetSummary {
  const byStatus: Record<string, number> = {};
  const byHealth: Record<string, number> = {};
  const byVersion = new Map<string, number>();
  const byChannel = new Map<string, number>();
  let namespaces = 0;
  for (const { status, health, running, channel } of rows) {
    namespaces += 1;
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    byHealth[health] = (byHealth[health] ?? 0) + 1;
    byVersion.set(running, (byVersion.get(running) ?? 0) + 1);
    if (channel !== '') byChannel.set(channel, (byChannel.get(channel) ?? 0) + 1);
  }
  return {
    namespaces,
    byStatus,
    byHealth,
    versions: [...byVersion]
      .map(([version, count]) => ({ version, count }))
      .sort((a, b) => b.count - a.count || compareText(a.version, b.version)),
    channels: [...byChannel]
      .sort(([a], [b]) => compareText(a, b))
      .map(([channel, count]) => toChannelSummary(channel, count, channels.get(channel))),
    ...rest,
  };
}

function toChannelSummary(
  channel: string,
  namespaces: number,
  seen: SeenChannel | undefined,
): ChannelSummary {
  return {
    channel,
    namespaces,
    version: seen?.version ?? '',
    checkedAt: seen?.checkedAt,
    problem: seen?.problem,
    code: seen?.code,
    updated: seen?.updated,
  };
}

export function toProgress(
  rollout: Rollout,
  counts: TargetCounts,
  etaAt: number | undefined,
  status?: Pick<RolloutStatus, 'state' | 'reason'>,
): RolloutProgress {
  const state = shownState(rollout, counts, status);
  return {
    id: rollout.id,
    trigger: rollout.trigger,
    requestedBy: rollout.requestedBy,
    createdAt: rollout.createdAt,
    versions: [...new Set(rollout.releases.map(({ version }) => version))],
    state,
    ...(state === 'paused' && status !== undefined ? { stateReason: status.reason } : {}),
    counts,
    etaAt,
  };
}

export function remainingOf({ pending, running, paused }: TargetCounts): number {
  return pending + running + paused;
}

export function doneOf({ completed, failed, cancelled, superseded }: TargetCounts): number {
  return completed + failed + cancelled + superseded;
}
