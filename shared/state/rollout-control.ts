import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import type { Release } from '../../domain/release/release.ts';
import type { Rollout, RolloutTarget, TargetState } from '../../domain/rollout/rollout.ts';
import {
  type FailureGroup,
  RolloutEvent,
  type RolloutStatus,
  TargetPlan,
} from '../../domain/rollout/rollout-status.ts';
import { jsonText } from '../json-text.ts';
import { AcceptedTarget } from './deploy-request.ts';
import type { IgnoredRelease } from './holds.ts';
import { luaJson } from './lua-json.ts';
import { decodeStatus, decodeTargets, StoredRollout } from './rollouts.ts';
import type { StateConnection } from './state-connection.ts';
import { RELEASE_TTL_SECONDS, releaseKey } from './stored-release.ts';
import { valuesOf } from './values-of.ts';

/** All that is stored about a rollout. */
export interface KnownRollout {
  readonly rollout: Rollout;
  readonly status: RolloutStatus;
  readonly targets: ReadonlyMap<string, RolloutTarget>;
  readonly plans: ReadonlyMap<string, TargetPlan>;
}

/** The end of a target that its rollout decides. */
export interface TargetEnding {
  readonly namespace: string;
  readonly state: Extract<TargetState, 'failed' | 'cancelled' | 'superseded'>;
  readonly reason: string;
  readonly code?: string | undefined;
  readonly cause?: string | undefined;
  /** Also if its run has begun; the run's own end does not count any more. */
  readonly isFinal?: boolean;
}

/** A change of a rollout, carried out whole or not at all. */
export interface Advance {
  readonly id: string;
  /** As it was read. */
  readonly revision: number;
  /** The number of failed targets that this was decided from: with more of them, it is refused. */
  readonly failed?: number | undefined;
  /** The number of ends that this was decided from: with more of them, the rollout stays due. */
  readonly seq?: number | undefined;
  readonly admit?: readonly string[];
  readonly ends?: readonly TargetEnding[];
  readonly excuse?: readonly string[];
  readonly reopen?: readonly string[];
  /** New targets, and new plans of targets that are not admitted. */
  readonly plans?: Readonly<Record<string, TargetPlan>>;
  /** Of the new plans. */
  readonly releases?: readonly Release[];
  /** Releases that are not rolled out automatically any more. */
  readonly ignore?: readonly IgnoredRelease[];
  readonly change?:
    | { readonly state: TargetState; readonly reason: string; readonly failures: readonly FailureGroup[] }
    | undefined;
  readonly approvedWave?: number | undefined;
  readonly because?: string | undefined;
  /** Milliseconds since the epoch; left out if only an event can change anything. */
  readonly wakeAt?: number | undefined;
  /** For this long, ends of targets need no decision, unless they have failed. */
  readonly restMs?: number | undefined;
  /** Before this time, targets could make no progress: it does not count for their deadlines. */
  readonly deadlinesFrom?: number | undefined;
  /** Another decision follows immediately. */
  readonly bump?: boolean;
  readonly event?: RolloutEvent | undefined;
  /** Entries of the audit log, in the same write. */
  readonly audit?: readonly AuditEntry[];
}

export type Advanced =
  | { readonly kind: 'gone' }
  /** It has changed since it was read. */
  | { readonly kind: 'stale' }
  | {
      readonly kind: 'done';
      /** What was admitted. */
      readonly targets: readonly AcceptedTarget[];
      /** What could not be ended, because it has begun; what could not be reopened, because a newer rollout has it. */
      readonly left: readonly string[];
    };

/** Deciding about rollouts: reading them whole, and changing them. */
export interface RolloutControl {
  /** The time of rollouts, in milliseconds since the epoch. */
  now(): number;
  knownRollout(id: string): Promise<KnownRollout | undefined>;
  advance(advance: Advance): Promise<Advanced>;
  /** The rollouts that have not ended. */
  openRollouts(): Promise<string[]>;
  /** The open rollouts that have not admitted their target in this namespace. */
  rolloutsHolding(namespace: string): Promise<string[]>;
  /** Their states, for metrics. */
  openStates(): Promise<Pick<RolloutStatus, 'state' | 'changedAt'>[]>;
  /** The rollouts that need a decision now. */
  dueRollouts(): Promise<string[]>;
  makeDue(ids: readonly string[]): Promise<void>;
  /** It is not stored any more: nothing is due. */
  forgetRollout(id: string): Promise<void>;
  /** How it reaches its targets. */
  rolloutPlans(id: string): Promise<ReadonlyMap<string, TargetPlan>>;
  /** The timeline, newest first. */
  rolloutEvents(id: string): Promise<RolloutEvent[]>;
  /** How long the latest deploys of the fleet took, in milliseconds. */
  recentDurations(): Promise<number[]>;
  /** The releases that were verified in namespaces, newest first. */
  verifiedReleases(namespaces: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

export function openRolloutControl(connection: StateConnection): RolloutControl {
  const { redis, prefix, run, guarded, rolloutTtlSeconds, now } = connection;
  const due = `${prefix}:due-rollouts`;
  return {
    now,
    knownRollout: (id) => readKnown(connection, id),
    advance: async (advance) =>
      decodeAdvanced(await run('advance', encodeAdvance(advance, now(), rolloutTtlSeconds))),
    openRollouts: () => guarded(() => redis.smembers(`${prefix}:open-rollouts`)),
    rolloutsHolding: (namespace) => readHolding(connection, namespace),
    openStates: () => readOpenStates(connection),
    dueRollouts: () => guarded(() => redis.zrangebyscore(due, '-inf', now())),
    makeDue: async (ids) => {
      if (ids.length > 0) await guarded(() => redis.zadd(due, ...ids.flatMap((id) => [0, id])));
    },
    forgetRollout: async (id) => {
      await run('forget-rollout', { id });
    },
    rolloutPlans: async (id) =>
      decodePlans(await guarded(() => redis.hgetall(`${prefix}:rollout:${id}:plan`))),
    rolloutEvents: async (id) => {
      const lines = await guarded(() => redis.lrange(`${prefix}:rollout:${id}:decisions`, 0, -1));
      return lines.flatMap((line) => StoredEvent.safeParse(line).data ?? []);
    },
    recentDurations: async () => {
      const durations = await guarded(() => redis.lrange(`${prefix}:durations`, 0, -1));
      return durations.map(Number).filter((ms) => ms >= 0);
    },
    verifiedReleases: async (namespaces) => {
      const pipeline = redis.pipeline();
      for (const namespace of namespaces) pipeline.hget(`${prefix}:namespace:${namespace}`, 'verified');
      const values = await guarded(async () => valuesOf(await pipeline.exec()));
      const keysOf = (value: unknown) =>
        String(value ?? '')
          .split(' ')
          .filter(Boolean);
      return new Map(namespaces.map((namespace, index) => [namespace, keysOf(values[index])]));
    },
  };
}

async function readOpenStates({
  redis,
  prefix,
  guarded,
}: StateConnection): Promise<Pick<RolloutStatus, 'state' | 'changedAt'>[]> {
  const ids = await guarded(() => redis.smembers(`${prefix}:open-rollouts`));
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hgetall(`${prefix}:rollout:${id}:state`);
  const states = await guarded(async () => valuesOf(await pipeline.exec()));
  return states.flatMap((fields) => decodeStatus(fields) ?? []);
}

async function readKnown(
  { redis, prefix, guarded }: StateConnection,
  id: string,
): Promise<KnownRollout | undefined> {
  const key = `${prefix}:rollout:${id}`;
  const [json, status, targets, plans] = await guarded(() =>
    Promise.all([
      redis.get(key),
      redis.hgetall(`${key}:state`),
      redis.hgetall(`${key}:targets`),
      redis.hgetall(`${key}:plan`),
    ]),
  );
  const rollout = StoredRollout.safeParse(json).data;
  const decoded = decodeStatus(status);
  if (rollout === undefined || decoded === undefined) return undefined;
  return { rollout, status: decoded, targets: decodeTargets(targets), plans: decodePlans(plans) };
}

async function readHolding(
  { redis, prefix, guarded }: StateConnection,
  namespace: string,
): Promise<string[]> {
  const ids = await guarded(() => redis.smembers(`${prefix}:holding-rollouts`));
  const plans = await Promise.all(
    ids.map((id) => guarded(() => redis.hget(`${prefix}:rollout:${id}:plan`, namespace))),
  );
  return ids.filter((_id, index) => {
    const plan = StoredPlan.safeParse(plans[index]);
    return plan.success && plan.data.admittedAt === undefined;
  });
}

function decodePlans(fields: Readonly<Record<string, string>>): Map<string, TargetPlan> {
  return new Map(
    Object.entries(fields).flatMap(([namespace, json]): [string, TargetPlan][] => {
      const plan = StoredPlan.safeParse(json);
      return plan.success ? [[namespace, plan.data]] : [];
    }),
  );
}

function encodeAdvance(advance: Advance, now: number, rolloutTtlSeconds: number) {
  const { change, event, releases = [], ignore = [], audit = [], ...rest } = advance;
  return {
    ...rest,
    admit: advance.admit ?? [],
    ends: advance.ends ?? [],
    excuse: advance.excuse ?? [],
    reopen: advance.reopen ?? [],
    plans: advance.plans ?? {},
    releases: Object.fromEntries(releases.map((release) => [releaseKey(release), luaJson(release)])),
    releaseTtlSeconds: RELEASE_TTL_SECONDS,
    ignore: Object.fromEntries(ignore.map((each) => [each.key, luaJson(each)])),
    change: change && { ...change, failures: JSON.stringify(change.failures) },
    entry: event && luaJson(event),
    audit: audit.map(luaJson),
    now,
    ttlSeconds: rolloutTtlSeconds,
  };
}

const StoredPlan = jsonText(TargetPlan);
const StoredEvent = jsonText(RolloutEvent);

const Done = jsonText(z.object({ targets: z.array(AcceptedTarget), left: z.array(z.string()) }));

function decodeAdvanced(reply: unknown): Advanced {
  if (reply === 'gone' || reply === 'stale') return { kind: reply };
  return { kind: 'done', ...Done.parse(reply) };
}
