import { z } from 'zod';
import { laneOf, URGENT } from '../../domain/deploy/lane.ts';
import type { Release } from '../../domain/release/release.ts';
import type { Attempt } from '../../domain/rollout/attempt.ts';
import type { Rollout, RolloutTarget } from '../../domain/rollout/rollout.ts';
import { jsonText } from '../json-text.ts';
import { encodeEnding, HISTORY_LIMITS } from './history.ts';
import { luaJson } from './lua-json.ts';
import type { EncodedEnding, ScriptArguments } from './scripts.ts';
import { RELEASE_TTL_SECONDS, releaseKey } from './stored-release.ts';

/** Rollouts are stored for this long. */
const ROLLOUT_TTL_SECONDS = 30 * 24 * 3600;
const IDEMPOTENCY_TTL_SECONDS = 24 * 3600;

/** One namespace of a rollout that is being requested. */
export interface RequestedTarget {
  readonly namespace: string;
  /** The release to run; undefined if nothing is deployed: then the target has the reason. */
  readonly release: Release | undefined;
  /** The resourceVersion of the ConfigMap that this was decided from. */
  readonly configVersion?: string | undefined;
  readonly target: RolloutTarget;
}

export interface DeployRequest {
  readonly rollout: Rollout;
  readonly targets: readonly RequestedTarget[];
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
}

const AcceptedTarget = z.object({
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
  | { readonly kind: 'mismatch' };

export function encodeRequest(
  { rollout, targets, idempotency }: DeployRequest,
  now: number,
): ScriptArguments['request'] {
  const releases: Record<string, string> = {};
  const encoded = targets.map(({ namespace, release, configVersion, target }) => {
    if (!release) return { namespace, target, ...refusal(rollout, target, now) };
    const key = releaseKey(release);
    releases[key] ??= luaJson(release);
    return { namespace, target, release: key, configVersion, force: rollout.forceBootstrap };
  });
  return {
    rollout: {
      id: rollout.id,
      createdAt: rollout.createdAt,
      trigger: rollout.trigger,
      requestedBy: rollout.requestedBy,
      urgent: laneOf(rollout.trigger, targets.length) === URGENT,
    },
    rolloutJson: JSON.stringify(rollout),
    targets: encoded,
    releases,
    releaseTtlSeconds: RELEASE_TTL_SECONDS,
    now,
    history: HISTORY_LIMITS,
    ttlSeconds: ROLLOUT_TTL_SECONDS,
    ...(idempotency === undefined
      ? {}
      : { idempotency: { ...idempotency, ttlSeconds: IDEMPOTENCY_TTL_SECONDS } }),
  };
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
  const { mismatch, replayed, targets } = Answer.parse(reply);
  if (mismatch) return { kind: 'mismatch' };
  return replayed === undefined ? { kind: 'accepted', targets } : { kind: 'replayed', rolloutId: replayed };
}
