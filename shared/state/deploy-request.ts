import { z } from 'zod';
import { requestEntries } from '../../domain/audit/rollout-entries.ts';
import type { RolloutAnnotations } from '../../domain/cluster/rollout-annotations.ts';
import { laneOf, URGENT } from '../../domain/deploy/lane.ts';
import type { Release } from '../../domain/release/release.ts';
import type { Attempt } from '../../domain/rollout/attempt.ts';
import type { PlannedTarget } from '../../domain/rollout/plan-waves.ts';
import type { Repair } from '../../domain/rollout/repair.ts';
import type { Rollout, RolloutTarget, TargetState } from '../../domain/rollout/rollout.ts';
import type { RolloutEvent, TargetPlan } from '../../domain/rollout/rollout-status.ts';
import { jsonText } from '../json-text.ts';
import { encodeEnding, HISTORY_LIMITS } from './history.ts';
import { luaJson } from './lua-json.ts';
import type { EncodedEnding, ScriptArguments } from './scripts.ts';
import { RELEASE_TTL_SECONDS, releaseKey } from './stored-release.ts';

const IDEMPOTENCY_TTL_SECONDS = 24 * 3600;

/** One namespace of a rollout that is being requested. */
export interface RequestedTarget {
  readonly namespace: string;
  /** The release to run; undefined if nothing is deployed: then the target has the reason. */
  readonly release: Release | undefined;
  /** The resourceVersion of the ConfigMap that this was decided from. */
  readonly configVersion?: string | undefined;
  /** Those of its ConfigMap. */
  readonly annotations?: RolloutAnnotations | undefined;
  readonly target: RolloutTarget;
  /** The channel that the release was read from; left out for another release. */
  readonly channel?: string | undefined;
  /** The release that runs there now, if it is known. */
  readonly previous?: Release | undefined;
}

export interface DeployRequest {
  readonly rollout: Rollout;
  readonly targets: readonly RequestedTarget[];
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
  /** The wave and the place of each target; without a plan, all are admitted immediately. */
  readonly waves?: ReadonlyMap<string, PlannedTarget> | undefined;
  /** Targets that wait for a window, although the strategy admits all of them immediately. */
  readonly heldBack?: ReadonlySet<string> | undefined;
  /** Nothing is admitted until an operator resumes the rollout. */
  readonly pausedBecause?: string | undefined;
  /** What healing asks of the runs. */
  readonly repairs?: ReadonlyMap<string, Repair> | undefined;
  /** The revision of healing at which they were decided: if another pass or a command came since then, nothing is requested. */
  readonly healingRevision?: number | undefined;
  /** The plan that it carries out. */
  readonly planId?: string | undefined;
}

export const AcceptedTarget = z.object({
  namespace: z.string(),
  generation: z.number().optional(),
  jobId: z.string().optional(),
  /** An earlier request for this namespace was not finished: one run answers both. */
  coalesced: z.boolean(),
  /** Its job is delayed until the next attempt. */
  backoff: z.boolean(),
});
export type AcceptedTarget = Readonly<z.infer<typeof AcceptedTarget>>;

export type DeployAnswer =
  | { readonly kind: 'accepted'; readonly targets: readonly AcceptedTarget[] }
  | { readonly kind: 'replayed'; readonly rolloutId: string }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'stale' };

export function encodeRequest(
  request: DeployRequest,
  now: number,
  ttlSeconds: number,
): ScriptArguments['request'] {
  const { rollout, targets, idempotency, pausedBecause, planId, heldBack, healingRevision } = request;
  const isProgressive = rollout.strategy?.type === 'Progressive';
  const isPaused = pausedBecause !== undefined;
  const state = isPaused ? 'paused' : 'pending';
  const reason = pausedBecause ?? '';
  const namespaces = targets.map(({ namespace }) => namespace);
  const releases: Record<string, string> = {};
  const encoded = targets.map((requested, index) => {
    const { namespace, release, target, previous } = requested;
    if (!release) return { namespace, target, ...refusal(rollout, target, now) };
    for (const each of previous ? [release, previous] : [release]) {
      releases[releaseKey(each)] ??= luaJson(each);
    }
    const plan = planOf(request, requested, releaseKey(release), index);
    return { namespace, target, plan, admit: !isProgressive && !isPaused && !heldBack?.has(namespace) };
  });
  return {
    rollout: {
      id: rollout.id,
      createdAt: rollout.createdAt,
      trigger: rollout.trigger,
      requestedBy: rollout.requestedBy,
      urgent: rollout.isUrgent ?? laneOf(rollout.trigger, targets.length) === URGENT,
    },
    rolloutJson: luaJson(rollout),
    targets: encoded,
    // What a person or a release does in a namespace comes first.
    yields: rollout.trigger === 'heal',
    releases,
    releaseTtlSeconds: RELEASE_TTL_SECONDS,
    state: { state, reason, everyEnd: isProgressive, supersedes: !isPaused },
    entry: luaJson(creationOf(rollout, state, reason)),
    audit: requestEntries({ rollout, namespaces, pausedBecause, planId }).map(luaJson),
    now,
    history: HISTORY_LIMITS,
    ...(healingRevision === undefined ? {} : { healingRevision }),
    ttlSeconds,
    ...(idempotency === undefined
      ? {}
      : { idempotency: { ...idempotency, ttlSeconds: IDEMPOTENCY_TTL_SECONDS } }),
  };
}

function planOf(
  { rollout, waves, repairs }: DeployRequest,
  { namespace, configVersion, target, channel, previous }: RequestedTarget,
  release: string,
  index: number,
): TargetPlan {
  const { wave = 0, order = index, because = '' } = waves?.get(namespace) ?? {};
  const repair = repairs?.get(namespace);
  return {
    wave,
    order,
    because,
    release,
    version: target.version ?? '',
    channel: channel ?? '',
    configVersion,
    ...(rollout.forceBootstrap ? { force: true } : {}),
    ...(repair ? { repair } : {}),
    ...(previous ? { previous: releaseKey(previous) } : {}),
  };
}

function creationOf(rollout: Rollout, state: TargetState, paused: string): RolloutEvent {
  const { createdAt: at, requestedBy: by, reason = '' } = rollout;
  return { at, kind: 'created', state, by, reason: [reason, paused].filter(Boolean).join('; ') };
}

/** A refused request was not an attempt, but people look for it in the namespace's history. */
function refusal(
  { id, trigger, requestedBy }: Rollout,
  { state, code, reason = '' }: RolloutTarget,
  now: number,
): { readonly refused?: EncodedEnding } {
  if (state !== 'failed' && state !== 'cancelled') return {};
  const attempt: Attempt = {
    rolloutId: id,
    generation: 0,
    attempt: 0,
    jobId: '',
    trigger,
    requestedBy,
    version: '',
    startedAt: now,
    endedAt: now,
    end: 'refused',
    code,
    reason,
    details: [],
    steps: [],
    times: 1,
    firstStartedAt: now,
  };
  return { refused: encodeEnding({ attempt }) };
}

const Answer = jsonText(
  z.object({
    replayed: z.string().optional(),
    mismatch: z.boolean().optional(),
    // Lua encodes an empty table as an object.
    targets: z.union([z.array(AcceptedTarget), z.object({}).transform(() => [])]).default([]),
  }),
);

export function decodeAnswer(reply: unknown): DeployAnswer {
  if (reply === 'stale') return { kind: 'stale' };
  const { mismatch, replayed, targets } = Answer.parse(reply);
  if (mismatch) return { kind: 'mismatch' };
  return replayed === undefined ? { kind: 'accepted', targets } : { kind: 'replayed', rolloutId: replayed };
}
