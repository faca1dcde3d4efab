import { z } from 'zod';
import type { Release } from '../../domain/release/release.ts';
import type { Attempt, LastBootstrap } from '../../domain/rollout/attempt.ts';
import type { NamespaceRecord } from '../../domain/rollout/namespace-record.ts';
import { PHASES } from '../../domain/rollout/phase.ts';
import { TargetState } from '../../domain/rollout/rollout.ts';
import { decodeAttempt, decodeBootstrap, decodeOpenAttempt, decodeSteps } from './history.ts';
import type { StateConnection } from './state-connection.ts';
import { RELEASE_TTL_SECONDS, StoredRelease } from './stored-release.ts';
import { valuesOf } from './values-of.ts';

/** Records are read in pipelines of this many. */
const READ_CHUNK = 1_000;

/** The stored history of a namespace. */
export interface NamespaceHistory {
  /** Newest first; a running attempt, which has no end, comes first. */
  readonly attempts: readonly Attempt[];
  readonly bootstrap: LastBootstrap | undefined;
}

/** The stored records of namespaces. */
export interface Records {
  record(namespace: string): Promise<NamespaceRecord | undefined>;
  records(namespaces: readonly string[]): Promise<Map<string, NamespaceRecord>>;
  history(namespace: string): Promise<NamespaceHistory>;
  /** The release with this key, as used in records and runs. */
  release(key: string): Promise<Release | undefined>;
  /** Renews the expiry of these releases, as if they had just been requested. */
  keepReleases(keys: Iterable<string>): Promise<void>;
}

export function openRecords(connection: StateConnection): Records {
  return {
    record: async (namespace) => (await readRecords(connection, [namespace])).get(namespace),
    records: (namespaces) => readRecords(connection, namespaces),
    history: (namespace) => readHistory(connection, namespace),
    release: (key) => readRelease(connection, key),
    keepReleases: (keys) => keepReleases(connection, new Set(keys)),
  };
}

async function readRecords(
  connection: StateConnection,
  namespaces: readonly string[],
): Promise<Map<string, NamespaceRecord>> {
  const records = new Map<string, NamespaceRecord>();
  for (let start = 0; start < namespaces.length; start += READ_CHUNK) {
    const chunk = namespaces.slice(start, start + READ_CHUNK);
    const values = await readFields(connection, chunk);
    for (const [index, namespace] of chunk.entries()) {
      const record = decodeRecord(values[index]);
      if (record) records.set(namespace, record);
    }
  }
  return records;
}

/** The values of RECORD_FIELDS, for each namespace. */
function readFields({ redis, prefix, guarded }: StateConnection, namespaces: readonly string[]) {
  return guarded(async () => {
    const pipeline = redis.pipeline();
    for (const namespace of namespaces) pipeline.hmget(`${prefix}:namespace:${namespace}`, ...RECORD_FIELDS);
    return valuesOf(await pipeline.exec());
  });
}

async function readHistory(
  { redis, prefix, guarded }: StateConnection,
  namespace: string,
): Promise<NamespaceHistory> {
  const [[open, steps], elements, bootstrap] = await guarded(() =>
    Promise.all([
      redis.hmget(`${prefix}:namespace:${namespace}`, 'open', 'steps'),
      redis.lrange(`${prefix}:history:${namespace}`, 0, -1),
      redis.get(`${prefix}:bootstrap:${namespace}`),
    ]),
  );
  const running = decodeOpenAttempt(open ?? '');
  const ended = elements.map(decodeAttempt).filter((attempt) => attempt !== undefined);
  return {
    attempts: running ? [{ ...running, steps: decodeSteps(steps ?? '') }, ...ended] : ended,
    bootstrap: bootstrap === null ? undefined : decodeBootstrap(bootstrap),
  };
}

async function readRelease(
  { redis, prefix, guarded }: StateConnection,
  key: string,
): Promise<Release | undefined> {
  return StoredRelease.safeParse(await guarded(() => redis.get(`${prefix}:release:${key}`))).data;
}

async function keepReleases(
  { redis, prefix, guarded }: StateConnection,
  keys: ReadonlySet<string>,
): Promise<void> {
  const pipeline = redis.pipeline();
  for (const key of keys) pipeline.expire(`${prefix}:release:${key}`, RELEASE_TTL_SECONDS);
  await guarded(() => pipeline.exec());
}

/** A field that holds a number, or nothing. */
export const OptionalNumber = z
  .string()
  .optional()
  .transform((text) => (text === undefined || text === '' ? undefined : Number(text)));

/** Data from Redis is validated: an older or newer Skipper can have written it. */
const StoredRecord = z.object({
  generation: z.coerce.number(),
  handled: z.coerce.number().default(0),
  rolloutId: z.string(),
  release: z.string(),
  configVersion: z.string().optional(),
  trigger: z.string().default(''),
  requestedBy: z.string().default(''),
  requestedAt: z.coerce.number().default(0),
  state: TargetState,
  // A phase that is unknown to this version is shown as queued.
  phase: z.enum(PHASES).catch('queued'),
  reason: z.string().default(''),
  attempt: z.coerce.number().default(0),
  lastFailure: z.string().default(''),
  jobId: z.string().default(''),
  changedAt: z.coerce.number().default(0),
  finishedAt: OptionalNumber,
  retryAt: OptionalNumber,
  failures: z.coerce.number().default(0),
  handledRelease: z.string().optional(),
  lastState: z.string().optional(),
  lastCode: z.string().optional(),
  bootstrappedId: z.string().optional(),
  abandonedId: z.string().optional(),
});
const RECORD_FIELDS = Object.keys(StoredRecord.shape);

/** Values in the order of RECORD_FIELDS. */
function decodeRecord(values: unknown): NamespaceRecord | undefined {
  if (!Array.isArray(values)) return undefined;
  const fields = RECORD_FIELDS.map((name, index): [string, unknown] => [name, values[index] ?? undefined]);
  return StoredRecord.safeParse(Object.fromEntries(fields)).data;
}
