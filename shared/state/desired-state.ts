import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SkipperError } from '../../domain/errors.ts';
import type { Release } from '../../domain/release/release.ts';
import type { Attempt, LastBootstrap } from '../../domain/rollout/attempt.ts';
import {
  countTargets,
  type Rollout,
  type RolloutTarget,
  type TargetCounts,
  type TargetState,
} from '../../domain/rollout/rollout.ts';
import type { RedisConnection } from '../redis.ts';
import { isReady, KEY_PREFIX } from '../redis.ts';
import { CHANNELS_CHANGED, changesChannel } from './change-feed.ts';
import {
  type AttemptEnding,
  decodeAttempt,
  decodeBootstrap,
  decodeOpenAttempt,
  decodeSteps,
  encodeEnding,
} from './history.ts';
import { loadScripts } from './scripts.ts';

/** Rollouts are remembered this long. */
const ROLLOUT_TTL_SECONDS = 30 * 24 * 3600;
const IDEMPOTENCY_TTL_SECONDS = 24 * 3600;
/** Records are read in pipelines of this many. */
const READ_CHUNK = 1_000;

/** One namespace of a rollout that is being asked for. */
export interface RequestedTarget {
  readonly namespace: string;
  /** What it shall run; undefined for one that is only listed, with the reason why nothing is done. */
  readonly release: Release | undefined;
  readonly target: RolloutTarget;
}

export interface DeployRequest {
  readonly rollout: Rollout;
  readonly targets: readonly RequestedTarget[];
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
}

export interface AcceptedTarget {
  readonly namespace: string;
  readonly generation?: number;
  readonly jobId?: string;
  /** An earlier request of this namespace was not finished: one run answers both. */
  readonly coalesced: boolean;
  /** Its job waits for its next attempt. */
  readonly backoff: boolean;
}

export type DeployAnswer =
  | { readonly kind: 'accepted'; readonly targets: readonly AcceptedTarget[] }
  | { readonly kind: 'replayed'; readonly rolloutId: string }
  | { readonly kind: 'mismatch' };

/** What a namespace should have, and how far its latest run has come. */
export interface NamespaceRecord {
  readonly generation: number;
  readonly handled: number;
  readonly rolloutId: string;
  readonly release: string;
  readonly trigger: string;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly state: TargetState;
  /** queued, planning, applying, bootstrapping, waiting for FDD, rolling out, backoff, done */
  readonly phase: string;
  readonly reason: string;
  readonly attempt: number;
  /** Why the attempt before the one under way failed, as `reason` said between the two; empty in a first attempt. */
  readonly lastFailure: string;
  readonly jobId: string;
  readonly changedAt: number;
  readonly finishedAt: number | undefined;
  readonly retryAt: number | undefined;
  /** Runs in a row that failed. */
  readonly failures: number;
  readonly handledRelease?: string | undefined;
  readonly lastState?: string | undefined;
  /** Error code of the latest attempt that failed, or was tried again. */
  readonly lastCode?: string | undefined;
}

/** What a run is handed when it begins. */
export interface Run {
  readonly token: string;
  readonly generation: number;
  readonly rolloutId: string;
  readonly trigger: string;
  readonly requestedBy: string;
  readonly releaseKey: string;
  readonly release: Release;
  readonly forceBootstrap: boolean;
  readonly attempt: number;
  readonly throttled: number;
  /** One run answers this and an earlier request. */
  readonly coalesced: boolean;
  readonly startedAt: number;
  /** When the deployment that is being verified was written; undefined before that. */
  readonly appliedAt: number | undefined;
  readonly bootstrappedId?: string | undefined;
  readonly rbacVersion?: string | undefined;
}

/** What has happened in a namespace, as far as it is kept. */
export interface NamespaceHistory {
  /** Newest first; the one that runs, which has no end, stands at the top. */
  readonly attempts: readonly Attempt[];
  readonly bootstrap: LastBootstrap | undefined;
}

export type Begin =
  | { readonly kind: 'run'; readonly run: Run }
  | { readonly kind: 'busy' }
  | { readonly kind: 'idle' };

/** Desired state and rollouts, as they are kept in Redis beside the queue. */
export interface DesiredState {
  request(request: DeployRequest): Promise<DeployAnswer>;
  begin(namespace: string, jobId: string, token: string, leaseMs: number): Promise<Begin>;
  /**
   * Throws `superseded_worker` when another run has taken the namespace over; true when more was asked meanwhile. With an
   * ending, the attempt is over and goes into the history.
   */
  report(
    namespace: string,
    run: Run,
    fields: Readonly<Record<string, string | number>>,
    target?: RolloutTarget,
    ending?: AttemptEnding,
  ): Promise<boolean>;
  /** Ends a run; true when more was asked meanwhile, so that it has to begin again. */
  finish(namespace: string, run: Run, target: RolloutTarget, ending?: AttemptEnding): Promise<boolean>;
  releaseLease(namespace: string, token: string): Promise<void>;
  /** Prolongs leases; returns the tokens of those that are lost. */
  renew(
    leases: readonly { readonly namespace: string; readonly token: string }[],
    leaseMs: number,
  ): Promise<string[]>;
  /** Namespaces with something asked for that is not done. */
  dirty(): Promise<string[]>;
  record(namespace: string): Promise<NamespaceRecord | undefined>;
  records(namespaces: readonly string[]): Promise<Map<string, NamespaceRecord>>;
  history(namespace: string): Promise<NamespaceHistory>;
  release(key: string): Promise<Release | undefined>;
  rollout(id: string): Promise<{ rollout: Rollout; targets: Map<string, RolloutTarget> } | undefined>;
  /** Ids of the latest rollouts, newest first. */
  rollouts(limit: number): Promise<string[]>;
  /** The latest rollouts, newest first, each with the number of its targets in each state. */
  rolloutsWithCounts(limit: number): Promise<CountedRollout[]>;
  /** Keeps what the release check has seen of the channels in use, and announces it. */
  saveChannels(channels: readonly ChannelSnapshot[]): Promise<void>;
  /** What the latest release check has seen, by channel. */
  channels(): Promise<Map<string, ChannelSnapshot>>;
}

/** A rollout without its targets, which may be thousands. */
export interface CountedRollout {
  readonly rollout: Rollout;
  readonly counts: TargetCounts;
}

/** What the release check has seen of a channel. */
const ChannelSnapshot = z.object({
  channel: z.string(),
  image: z.string().optional(),
  version: z.string(),
  checkedAt: z.number().optional(),
  updated: z.string().optional(),
  problem: z.string().optional(),
});
export type ChannelSnapshot = Readonly<z.infer<typeof ChannelSnapshot>>;

/** Names a release by its content, so that equal ones are kept once. */
export function releaseKey(release: Release): string {
  return createHash('sha256')
    .update(JSON.stringify([release.image, release.config]))
    .digest('hex')
    .slice(0, 16);
}

export function openDesiredState(redis: RedisConnection, prefix: string = KEY_PREFIX): DesiredState {
  const run = loadScripts(redis);

  /** Fails at once, with the right class, while Redis is away. */
  async function guarded<T>(command: () => Promise<T>): Promise<T> {
    if (!isReady(redis)) throw new SkipperError('redis_unavailable', 'Redis is not connected');
    try {
      return await command();
    } catch (error) {
      if (error instanceof SkipperError) throw error;
      throw new SkipperError('redis_unavailable', `Redis did not answer: ${String(error)}`, { cause: error });
    }
  }

  async function readRecords(namespaces: readonly string[]): Promise<Map<string, NamespaceRecord>> {
    const records = new Map<string, NamespaceRecord>();
    for (let start = 0; start < namespaces.length; start += READ_CHUNK) {
      const chunk = namespaces.slice(start, start + READ_CHUNK);
      const pipeline = redis.pipeline();
      for (const namespace of chunk) pipeline.hmget(`${prefix}:namespace:${namespace}`, ...RECORD_FIELDS);
      const answers = (await pipeline.exec()) ?? [];
      for (const [index, [error, fields]] of answers.entries()) {
        if (error) throw error;
        const record = toRecord(fields as (string | null)[]);
        if (record) records.set(chunk[index] ?? '', record);
      }
    }
    return records;
  }

  async function readCounted(limit: number): Promise<CountedRollout[]> {
    const ids = await redis.zrevrange(`${prefix}:rollouts`, 0, limit - 1);
    const known = await readCounts(ids);
    const uncounted = known.flatMap(({ id, counts }) => (counts === undefined ? [id] : []));
    const counted = uncounted.length === 0 ? [] : await countNow(uncounted);
    const late = new Map(counted.map(({ id, counts }) => [id, counts]));
    return known.map(({ id, rollout, counts }) => ({
      rollout,
      counts: counts ?? late.get(id) ?? countTargets([]),
    }));
  }

  async function countNow(ids: readonly string[]): ReturnType<typeof readCounts> {
    await run('skipperCount', prefix, ...ids);
    return readCounts(ids);
  }

  async function readCounts(ids: readonly string[]) {
    const pipeline = redis.pipeline();
    for (const id of ids) {
      pipeline.get(`${prefix}:rollout:${id}`).hgetall(`${prefix}:rollout:${id}:counts`);
    }
    const answers = (await pipeline.exec()) ?? [];
    return ids.flatMap((id, index) => {
      const [failed, json] = answers[index * 2] ?? [];
      const [alsoFailed, fields] = answers[index * 2 + 1] ?? [];
      if (failed ?? alsoFailed) throw failed ?? alsoFailed;
      if (typeof json !== 'string') return [];
      return [{ id, rollout: JSON.parse(json) as Rollout, counts: toCounts(fields as CountFields) }];
    });
  }

  async function readHistory(namespace: string): Promise<NamespaceHistory> {
    const [record, elements, bootstrap] = await Promise.all([
      redis.hmget(`${prefix}:namespace:${namespace}`, 'open', 'steps'),
      redis.lrange(`${prefix}:history:${namespace}`, 0, -1),
      redis.get(`${prefix}:bootstrap:${namespace}`),
    ]);
    const [open, steps] = record;
    const running = decodeOpenAttempt(open ?? '');
    const ended = elements.map(decodeAttempt).filter((attempt) => attempt !== undefined);
    return {
      attempts: running ? [{ ...running, steps: decodeSteps(steps ?? '') }, ...ended] : ended,
      bootstrap: bootstrap === null ? undefined : decodeBootstrap(bootstrap),
    };
  }

  return {
    request: (request) =>
      guarded(async () => {
        const answer = await run('skipperRequest', prefix, encodeRequest(request, Date.now()));
        return decodeAnswer(String(answer));
      }),
    begin: (namespace, jobId, token, leaseMs) =>
      guarded(async () => {
        const answer = String(
          await run('skipperBegin', prefix, namespace, jobId, token, leaseMs, Date.now()),
        );
        if (answer === 'busy' || answer === 'idle') return { kind: answer };
        return { kind: 'run', run: toRun(JSON.parse(answer), token) };
      }),
    report: (namespace, { token, rolloutId, generation }, fields, target, ending) =>
      guarded(async () => {
        const json = target === undefined ? '' : JSON.stringify(target);
        const ended = [...encodeEnding(ending), ending?.attempt.startedAt ?? 0];
        const about = [namespace, token, rolloutId, json, generation];
        const answer = await run(
          'skipperReport',
          prefix,
          ...about,
          ...ended,
          ...Object.entries(fields).flat(),
        );
        mustBeOurs(answer, namespace);
        return answer === 'moved';
      }),
    finish: (namespace, { token, generation, rolloutId, releaseKey: key }, target, ending) =>
      guarded(async () => {
        const answer = await run(
          'skipperFinish',
          prefix,
          namespace,
          token,
          generation,
          rolloutId,
          JSON.stringify(target),
          Date.now(),
          target.state,
          target.reason ?? '',
          key,
          ...encodeEnding(ending),
          ending?.attempt.startedAt ?? 0,
          target.code ?? '',
        );
        mustBeOurs(answer, namespace);
        return answer === 'moved';
      }),
    releaseLease: (namespace, token) =>
      guarded(async () => {
        await run('skipperReleaseLease', prefix, namespace, token);
      }),
    renew: (leases, leaseMs) =>
      guarded(async () => {
        const pairs = leases.flatMap(({ namespace, token }) => [namespace, token]);
        return (await run('skipperRenew', prefix, leaseMs, ...pairs)) as string[];
      }),
    dirty: () => guarded(() => redis.smembers(`${prefix}:dirty`)),
    record: (namespace) => guarded(async () => (await readRecords([namespace])).get(namespace)),
    records: (namespaces) => guarded(() => readRecords(namespaces)),
    history: (namespace) => guarded(() => readHistory(namespace)),
    release: (key) =>
      guarded(async () => {
        const json = await redis.get(`${prefix}:release:${key}`);
        return json === null ? undefined : (JSON.parse(json) as Release);
      }),
    rollout: (id) =>
      guarded(async () => {
        const json = await redis.get(`${prefix}:rollout:${id}`);
        if (json === null) return undefined;
        const fields = await redis.hgetall(`${prefix}:rollout:${id}:targets`);
        const targets = Object.entries(fields)
          .map(([namespace, target]): [string, RolloutTarget] => [namespace, JSON.parse(target)])
          .sort(([a], [b]) => (a < b ? -1 : 1));
        return { rollout: JSON.parse(json) as Rollout, targets: new Map(targets) };
      }),
    rollouts: (limit) => guarded(() => redis.zrevrange(`${prefix}:rollouts`, 0, limit - 1)),
    rolloutsWithCounts: (limit) => guarded(() => readCounted(limit)),
    saveChannels: (channels) =>
      guarded(async () => {
        const key = `${prefix}:channels`;
        const notes = Object.fromEntries(channels.map((note) => [note.channel, JSON.stringify(note)]));
        const transaction = redis.multi().del(key);
        if (channels.length > 0) transaction.hset(key, notes);
        await transaction.publish(changesChannel(prefix), CHANNELS_CHANGED).exec();
      }),
    channels: () =>
      guarded(async () => {
        const fields = Object.entries(await redis.hgetall(`${prefix}:channels`));
        const notes = fields.map(([tag, json]) => [tag, ChannelSnapshot.parse(JSON.parse(json))] as const);
        return new Map(notes);
      }),
  };
}

function mustBeOurs(answer: unknown, namespace: string): void {
  if (answer === 'lost') {
    throw new SkipperError('superseded_worker', `another worker has taken ${namespace} over`);
  }
}

function encodeRequest({ rollout, targets, idempotency }: DeployRequest, now: number): string {
  const releases: Record<string, string> = {};
  const encoded = targets.map(({ namespace, release, target }) => {
    if (!release) return { namespace, target };
    const key = releaseKey(release);
    releases[key] ??= JSON.stringify(release);
    return { namespace, target, release: key, force: rollout.forceBootstrap };
  });
  return JSON.stringify({
    rollout: {
      id: rollout.id,
      createdAt: rollout.createdAt,
      trigger: rollout.trigger,
      requestedBy: rollout.requestedBy,
    },
    rolloutJson: JSON.stringify(rollout),
    targets: encoded,
    releases,
    now,
    ttlSeconds: ROLLOUT_TTL_SECONDS,
    ...(idempotency === undefined
      ? {}
      : { idempotency: { ...idempotency, ttlSeconds: IDEMPOTENCY_TTL_SECONDS } }),
  });
}

/** Redis is a border: an older release of Skipper may have written what is read here. */
const Answer = z.object({
  replayed: z.string().optional(),
  mismatch: z.boolean().optional(),
  // An empty Lua table is encoded as an object.
  targets: z.union([z.array(z.custom<AcceptedTarget>()), z.object({})]).optional(),
});

function decodeAnswer(json: string): DeployAnswer {
  const answer = Answer.parse(JSON.parse(json));
  if (answer.mismatch) return { kind: 'mismatch' };
  if (answer.replayed !== undefined) return { kind: 'replayed', rolloutId: answer.replayed };
  return { kind: 'accepted', targets: Array.isArray(answer.targets) ? answer.targets : [] };
}

type CountFields = Readonly<Record<string, string>>;

/** Undefined where a rollout from before there were counts has none. */
function toCounts(fields: CountFields): TargetCounts | undefined {
  if (Object.keys(fields).length === 0) return undefined;
  const entries = Object.entries(countTargets([])).map(([state]) => [state, Number(fields[state] ?? 0)]);
  return Object.fromEntries(entries) as unknown as TargetCounts;
}

const optionalNumber = z
  .string()
  .optional()
  .transform((text) => (text === undefined || text === '' ? undefined : Number(text)));

const RecordFields = z.object({
  generation: z.coerce.number(),
  handled: z.coerce.number().default(0),
  rolloutId: z.string(),
  release: z.string(),
  trigger: z.string().default(''),
  requestedBy: z.string().default(''),
  requestedAt: z.coerce.number().default(0),
  state: z.string().transform((state) => state as TargetState),
  phase: z.string().default(''),
  reason: z.string().default(''),
  attempt: z.coerce.number().default(0),
  lastFailure: z.string().default(''),
  jobId: z.string().default(''),
  changedAt: z.coerce.number().default(0),
  finishedAt: optionalNumber,
  retryAt: optionalNumber,
  failures: z.coerce.number().default(0),
  handledRelease: z.string().optional(),
  lastState: z.string().optional(),
  lastCode: z.string().optional(),
});
const RECORD_FIELDS = Object.keys(RecordFields.shape);

/** Values in the order of RECORD_FIELDS. */
function toRecord(values: readonly (string | null)[]): NamespaceRecord | undefined {
  const fields = Object.fromEntries(RECORD_FIELDS.map((name, index) => [name, values[index] ?? undefined]));
  const parsed = RecordFields.safeParse(fields);
  return parsed.success ? parsed.data : undefined;
}

const RunFields = z.object({
  generation: z.coerce.number(),
  rolloutId: z.string(),
  trigger: z.string().default(''),
  requestedBy: z.string().default(''),
  release: z.string(),
  releaseJson: z.string(),
  force: z.boolean(),
  attempt: z.number(),
  throttled: z.coerce.number().default(0),
  coalesced: z
    .string()
    .optional()
    .transform((text) => text === '1'),
  startedAt: z.coerce.number(),
  appliedAt: optionalNumber,
  bootstrappedId: z.string().optional(),
  rbacVersion: z.string().optional(),
});

function toRun(record: unknown, token: string): Run {
  const fields = RunFields.parse(record);
  return {
    token,
    generation: fields.generation,
    rolloutId: fields.rolloutId,
    trigger: fields.trigger,
    requestedBy: fields.requestedBy,
    releaseKey: fields.release,
    release: JSON.parse(fields.releaseJson) as Release,
    forceBootstrap: fields.force,
    attempt: fields.attempt,
    throttled: fields.throttled,
    coalesced: fields.coalesced,
    startedAt: fields.startedAt,
    appliedAt: fields.appliedAt,
    bootstrappedId: fields.bootstrappedId,
    rbacVersion: fields.rbacVersion,
  };
}
