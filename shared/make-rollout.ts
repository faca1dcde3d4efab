import { randomBytes } from 'node:crypto';
import type { Selected } from '../domain/deploy/select-targets.ts';
import type { Release } from '../domain/release/release.ts';
import type { Rollout, RolloutTarget } from '../domain/rollout/rollout.ts';
import type { Channel } from './releases/release-source.ts';
import type { AcceptedTarget, RequestedTarget } from './state/deploy-request.ts';

/** Who requests a rollout, and how. */
export type RolloutOrigin = Pick<
  Rollout,
  'trigger' | 'requestedBy' | 'forceBootstrap' | 'reason' | 'rollsBack'
>;

export function makeRollout(
  { trigger, requestedBy, forceBootstrap, reason, rollsBack }: RolloutOrigin,
  targets: readonly RequestedTarget[],
  channels: ReadonlyMap<string, Channel>,
): Rollout {
  const wanted = new Set(targets.map((target) => target.release?.image));
  const explicit = new Map(
    targets.flatMap(({ release, channel }) =>
      release && channel === undefined ? [[release.image, release]] : [],
    ),
  );
  return {
    id: newRolloutId(),
    trigger,
    requestedBy,
    forceBootstrap,
    createdAt: Date.now(),
    releases: [
      ...[...channels.values()].flatMap(({ tag, release }) =>
        release && wanted.has(release.image)
          ? [{ channel: tag, image: release.image, version: release.version }]
          : [],
      ),
      ...[...explicit.values()].map(({ image, version }) => ({ channel: '', image, version })),
    ],
    ...(reason ? { reason } : {}),
    ...(rollsBack === undefined ? {} : { rollsBack }),
  };
}

/** Short, sortable by time, and safe in URLs, labels and job ids: `20261123-051203-9f3a1c`. */
export function newRolloutId(): string {
  const [date = '', time = ''] = new Date().toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${randomBytes(4).toString('hex')}`;
}

/** The release for a selected namespace: the earlier one if known, otherwise its channel's; or why nothing is deployed. */
export function toRequested(
  target: Selected,
  channels: ReadonlyMap<string, Channel>,
  earlier: Release | undefined,
): RequestedTarget {
  const { namespace } = target;
  const finishedAt = Date.now();
  if (target.kind !== 'deploy') {
    const state = target.kind === 'config-error' ? 'failed' : 'cancelled';
    const code = target.kind === 'config-error' ? 'config_error' : 'helm_managed';
    return { namespace, release: undefined, target: { state, code, reason: target.reason, finishedAt } };
  }
  const channel = channels.get(target.config.tag);
  const release = earlier ?? channel?.release;
  if (!release) {
    const reason = channel?.problem?.message ?? `release channel "${target.config.tag}" cannot be read`;
    const code = channel?.problem?.code ?? 'release_unknown';
    return { namespace, release: undefined, target: { state: 'failed', code, reason, finishedAt } };
  }
  const { resourceVersion: configVersion, rollout: annotations } = target.config;
  const planned = {
    namespace,
    release,
    configVersion,
    ...(annotations && { annotations }),
    target: { state: 'pending', version: release.version },
  } as const;
  return earlier ? planned : { ...planned, channel: target.config.tag };
}

/** Targets that nothing is deployed to, each with the reason. */
export function cancelledTargets(reasons: ReadonlyMap<string, string>): RequestedTarget[] {
  const finishedAt = Date.now();
  return [...reasons].map(([namespace, reason]) => ({
    namespace,
    release: undefined,
    target: { state: 'cancelled', reason, finishedAt },
  }));
}

/** The targets as they were accepted, each with its job. */
export function mergeTargets(
  requested: readonly RequestedTarget[],
  accepted: readonly AcceptedTarget[],
): Map<string, RolloutTarget> {
  const answers = new Map(accepted.map((target) => [target.namespace, target]));
  return new Map(
    requested.map(({ namespace, target }) => {
      const answer = answers.get(namespace);
      const job = answer?.jobId === undefined ? {} : { jobId: answer.jobId, coalesced: answer.coalesced };
      return [namespace, { ...target, ...job }];
    }),
  );
}
