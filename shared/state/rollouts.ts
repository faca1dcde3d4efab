import { z } from 'zod';
import {
  countTargets,
  isOpen,
  Outcome,
  Rollout,
  RolloutTarget,
  TARGET_STATES,
  type TargetCounts,
  TargetState,
} from '../../domain/rollout/rollout.ts';
import { FailureGroup, type RolloutStatus } from '../../domain/rollout/rollout-status.ts';
import { jsonText } from '../json-text.ts';
import type { StateConnection } from './state-connection.ts';
import { valuesOf } from './values-of.ts';

/** The latest; reading the counts of this many takes some 20 ms. */
const ROLLOUTS_REPAIRED = 1_000;

/** A rollout without its targets, of which there can be thousands. */
export interface CountedRollout {
  readonly rollout: Rollout;
  readonly counts: TargetCounts;
  /** Undefined for a rollout that was made before its state was stored. */
  readonly status?: RolloutStatus | undefined;
}

/** A rollout with its targets. */
export interface StoredTargets {
  readonly rollout: Rollout;
  readonly targets: Map<string, RolloutTarget>;
  readonly status?: RolloutStatus | undefined;
}

/** Some of the stored rollouts, newest first. */
export interface RolloutPage {
  readonly rollouts: readonly CountedRollout[];
  /** The last one of this page; undefined if no more follow. */
  readonly last?: string | undefined;
}

/** The stored rollouts: who requested them, and their results. */
export interface Rollouts {
  rollout(id: string): Promise<StoredTargets | undefined>;
  /** The latest rollouts, newest first, each with the number of its targets in each state. */
  rolloutsWithCounts(limit: number): Promise<CountedRollout[]>;
  /** The rollouts that are older than `before`, or the newest; undefined if `before` is not stored. */
  rolloutPage(limit: number, before?: string): Promise<RolloutPage | undefined>;
  /** Which of these rollouts have the namespace. */
  rolloutsOf(namespace: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Ends targets of the latest rollouts whose requests Redis has lost; returns how many. */
  endOrphans(): Promise<number>;
}

export function openRollouts(connection: StateConnection): Rollouts {
  return {
    rollout: (id) => readRollout(connection, id),
    rolloutsWithCounts: (limit) => readCounted(connection, limit),
    rolloutPage: (limit, before) => readPage(connection, limit, before),
    rolloutsOf: (namespace, ids) => selectRollouts(connection, namespace, ids),
    endOrphans: () => endOrphans(connection),
  };
}

async function readRollout(
  { redis, prefix, guarded }: StateConnection,
  id: string,
): Promise<StoredTargets | undefined> {
  const key = `${prefix}:rollout:${id}`;
  const rollout = StoredRollout.safeParse(await guarded(() => redis.get(key)));
  if (!rollout.success) return undefined;
  return {
    rollout: rollout.data,
    targets: decodeTargets(await guarded(() => redis.hgetall(`${key}:targets`))),
    status: decodeStatus(await guarded(() => redis.hgetall(`${key}:state`))),
  };
}

async function selectRollouts(
  { redis, prefix, guarded }: StateConnection,
  namespace: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hexists(`${prefix}:rollout:${id}:targets`, namespace);
  const found = await guarded(async () => valuesOf(await pipeline.exec()));
  return new Set(ids.filter((_, index) => found[index] === 1));
}

async function endOrphans(connection: StateConnection): Promise<number> {
  let ended = 0;
  for (const { rollout, counts } of await readCounted(connection, ROLLOUTS_REPAIRED)) {
    const hasWork = TARGET_STATES.some((state) => isOpen(state) && counts[state] > 0);
    if (hasWork)
      ended += Number(await connection.run('end-orphans', { id: rollout.id, now: connection.now() }));
  }
  return ended;
}

async function readPage(
  connection: StateConnection,
  limit: number,
  before: string | undefined,
): Promise<RolloutPage | undefined> {
  const { redis, prefix, guarded } = connection;
  const key = `${prefix}:rollouts`;
  const place = before === undefined ? -1 : await guarded(() => redis.zrevrank(key, before));
  if (place === null) return undefined;
  const ids = await guarded(() => redis.zrevrange(key, place + 1, place + limit));
  const last = ids.length === limit ? ids.at(-1) : undefined;
  return { rollouts: await readByIds(connection, ids), last };
}

async function readCounted(connection: StateConnection, limit: number): Promise<CountedRollout[]> {
  const { redis, prefix, guarded } = connection;
  return readByIds(connection, await guarded(() => redis.zrevrange(`${prefix}:rollouts`, 0, limit - 1)));
}

async function readByIds(connection: StateConnection, ids: readonly string[]): Promise<CountedRollout[]> {
  const known = await readCounts(connection, ids);
  const uncounted = known.flatMap(({ id, counts }) => (counts === undefined ? [id] : []));
  const counted = uncounted.length === 0 ? [] : await countNow(connection, uncounted);
  const late = new Map(counted.map(({ id, counts }) => [id, counts]));
  return known.map(({ id, rollout, counts, status }) => ({
    rollout,
    status,
    counts: counts ?? late.get(id) ?? countTargets([]),
  }));
}

interface FoundRollout {
  readonly id: string;
  readonly rollout: Rollout;
  readonly counts: TargetCounts | undefined;
  readonly status: RolloutStatus | undefined;
}

async function countNow(connection: StateConnection, ids: readonly string[]): Promise<FoundRollout[]> {
  await connection.run('count', { ids });
  return readCounts(connection, ids);
}

async function readCounts(connection: StateConnection, ids: readonly string[]): Promise<FoundRollout[]> {
  const { redis, prefix, guarded } = connection;
  const pipeline = redis.pipeline();
  for (const id of ids) {
    const key = `${prefix}:rollout:${id}`;
    pipeline.get(key).hgetall(`${key}:counts`).hgetall(`${key}:state`);
  }
  const values = await guarded(async () => valuesOf(await pipeline.exec()));
  return ids.flatMap((id, index) => {
    const rollout = StoredRollout.safeParse(values[index * 3]);
    if (!rollout.success) return [];
    const counts = decodeCounts(values[index * 3 + 1]);
    return [{ id, rollout: rollout.data, counts, status: decodeStatus(values[index * 3 + 2]) }];
  });
}

/** Data from Redis is validated: an older or newer Skipper can have written it. */
export const StoredRollout = jsonText(Rollout);

// Lua encodes an empty table as an object.
const Lines = z.union([z.array(z.string()), z.object({}).transform((): string[] => [])]);

const StoredTarget = jsonText(
  RolloutTarget.extend({
    outcome: Outcome.optional().catch(undefined),
    details: Lines.optional(),
    warnings: Lines.optional(),
  }),
);

export function decodeTargets(fields: Readonly<Record<string, string>>): Map<string, RolloutTarget> {
  const targets = Object.entries(fields).flatMap(([namespace, json]): [string, RolloutTarget][] => {
    const target = StoredTarget.safeParse(json);
    return target.success ? [[namespace, target.data]] : [];
  });
  return new Map(targets.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const count = z.coerce.number().default(0);

const StoredCounts = z.object({
  pending: count,
  running: count,
  paused: count,
  completed: count,
  failed: count,
  cancelled: count,
  superseded: count,
});

/** Undefined for a rollout that was made before counts were stored. */
function decodeCounts(fields: unknown): TargetCounts | undefined {
  if (Object.keys(fields ?? {}).length === 0) return undefined;
  return StoredCounts.parse(fields);
}

const number = z.coerce.number();
const Failures = jsonText(z.union([z.array(FailureGroup), z.object({}).transform((): FailureGroup[] => [])]));

const StoredStatus = z.object({
  state: TargetState,
  reason: z.string().default(''),
  because: z.string().default(''),
  changedAt: number.default(0),
  endedAt: number.optional(),
  failures: Failures.default([]).catch([]),
  approvedWave: number.optional(),
  deadlinesFrom: number.optional(),
  wakeAt: number.optional(),
  revision: number,
  seq: number.default(0),
});

/** Undefined for a rollout that was made before its state was stored. */
export function decodeStatus(fields: unknown): RolloutStatus | undefined {
  return StoredStatus.safeParse(fields).data;
}
