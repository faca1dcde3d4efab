import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit/audit-entry.ts';
import { failingEntry, recoveredEntry } from '../../domain/audit/namespace-entries.ts';
import type { Parking } from '../../domain/deploy/parking.ts';
import { SkipperError } from '../../domain/errors.ts';
import { causeGroup } from '../../domain/fleet/cause-group.ts';
import type { Release } from '../../domain/release/release.ts';
import type { AttemptStep } from '../../domain/rollout/attempt.ts';
import { Repair } from '../../domain/rollout/repair.ts';
import type { RolloutTarget } from '../../domain/rollout/rollout.ts';
import { jsonText } from '../json-text.ts';
import { type DeployAnswer, type DeployRequest, decodeAnswer, encodeRequest } from './deploy-request.ts';
import {
  type AttemptEnding,
  decodeOpenAttempt,
  decodeSteps,
  encodeEnding,
  HISTORY_LIMITS,
} from './history.ts';
import { luaJson } from './lua-json.ts';
import { StoredParking } from './parked-runs.ts';
import { OptionalNumber } from './records.ts';
import type { EncodedTarget, InFlightLimit } from './scripts.ts';
import type { StateConnection } from './state-connection.ts';
import { RELEASE_TTL_SECONDS, StoredRelease } from './stored-release.ts';

/** The input of a run. */
export interface Run {
  readonly token: string;
  readonly generation: number;
  readonly rolloutId: string;
  readonly trigger: string;
  readonly requestedBy: string;
  readonly releaseKey: string;
  readonly release: Release;
  /** The resourceVersion of the ConfigMap that the request was decided from; empty or undefined if unknown. */
  readonly configVersion?: string | undefined;
  readonly forceBootstrap: boolean;
  /** What healing asks for, of this generation only. */
  readonly repair?: Repair | undefined;
  /** An operator's small request. */
  readonly isUrgent: boolean;
  readonly attempt: number;
  readonly throttled: number;
  /** Attempts of this request whose worker died, or could not reach Redis. */
  readonly lost: number;
  /** One run answers this and an earlier request. */
  readonly coalesced: boolean;
  readonly startedAt: number;
  /** When the deployment that is being verified was written; undefined before that. */
  readonly appliedAt: number | undefined;
  readonly bootstrappedId?: string | undefined;
  /** The deployment id that the last failed run has given up. */
  readonly abandonedId?: string | undefined;
  readonly rbacVersion?: string | undefined;
  /** The run was parked, and resumes: the same attempt continues. */
  readonly resumed?: ResumedRun | undefined;
}

/** What a parked run has left for its next activation. */
export interface ResumedRun {
  readonly parking: Parking;
  /** When the attempt began, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly steps: readonly AttemptStep[];
}

export type Begin =
  | { readonly kind: 'run'; readonly run: Run }
  | { readonly kind: 'busy' }
  /** Too many namespaces are in flight. */
  | { readonly kind: 'full' }
  /** Its rollout is paused. */
  | { readonly kind: 'held' }
  | { readonly kind: 'idle' };

/** The lease that a run begins with. */
export interface NewLease {
  readonly token: string;
  readonly leaseMs: number;
  readonly inFlight: InFlightLimit;
}

/** A run's lease of its namespace, as stored in Redis. */
export interface HeldLease {
  readonly namespace: string;
  readonly token: string;
  readonly generation: number;
}

/** Tokens of leases that need attention. */
export interface Renewal {
  /** Another run has them. */
  readonly lost: readonly string[];
  /** Their namespaces have a newer request. */
  readonly moved: readonly string[];
  /** Their rollouts are paused. */
  readonly held: readonly string[];
}

/** What a run that is parked leaves in its record. */
export interface ParkedFields {
  readonly fields: Readonly<Record<string, string | number>>;
  readonly parking: Parking;
}

/** The requests for namespaces, and the progress of their runs: the only writes to a namespace's record. */
export interface Runs {
  request(request: DeployRequest): Promise<DeployAnswer>;
  begin(namespace: string, jobId: string, lease: NewLease): Promise<Begin>;
  /** How many namespaces are changed and not yet verified. */
  inFlight(): Promise<number>;
  /**
   * Throws `superseded_worker` if another run has taken over the namespace. True if there was another request in the
   * meantime. With an ending, the attempt has ended and is added to the history.
   */
  report(
    namespace: string,
    run: Run,
    fields: Readonly<Record<string, string | number>>,
    target?: RolloutTarget,
    ending?: AttemptEnding,
  ): Promise<boolean>;
  /** Ends a run; true if there was another request in the meantime, so that it has to start again. */
  finish(namespace: string, run: Run, target: RolloutTarget, ending?: AttemptEnding): Promise<boolean>;
  /** Calls back with the id of a job that waited for room in the limit of namespaces in flight, whenever a run has ended. */
  onRoom(listener: (jobId: string) => void): void;
  /**
   * Parks a run, which gives its lease back. True if there was another request in the meantime: then its attempt has ended as
   * superseded, and it has to start again.
   */
  park(namespace: string, run: Run, parked: ParkedFields, superseded: AttemptEnding): Promise<boolean>;
  releaseLease(namespace: string, token: string): Promise<void>;
  /** Renews leases. */
  renew(leases: readonly HeldLease[], leaseMs: number): Promise<Renewal>;
  /** Namespaces with an unfinished request. */
  dirty(): Promise<string[]>;
}

export function openRuns({ redis, prefix, run, guarded, rolloutTtlSeconds, now }: StateConnection): Runs {
  const history = HISTORY_LIMITS;
  const releaseTtlSeconds = RELEASE_TTL_SECONDS;
  let reportRoom: (jobId: string) => void = () => undefined;
  return {
    request: async (request) =>
      decodeAnswer(await run('request', encodeRequest(request, now(), rolloutTtlSeconds))),
    begin: async (namespace, jobId, lease) => {
      const fixed = { namespace, jobId, now: now(), releaseTtlSeconds, history };
      return decodeBegin(await run('begin', { ...fixed, ...lease }), lease.token);
    },
    inFlight: () => guarded(() => redis.zcount(`${prefix}:in-flight`, now(), '+inf')),
    report: async (namespace, { token, rolloutId, generation }, fields, target, ending) => {
      const reply = await run('report', {
        namespace,
        token,
        rolloutId,
        generation,
        fields: encodeFields(fields),
        target: target && encodeTarget(target),
        ending: ending && encodeEnding(ending),
        history,
      });
      return isMoved(reply, namespace);
    },
    finish: async (namespace, ended, target, ending) => {
      const { token, rolloutId, generation, releaseKey } = ended;
      const at = now();
      const entry = endEntry(namespace, ended, target, at);
      const reply = await run('finish', {
        namespace,
        token,
        rolloutId,
        generation,
        releaseKey,
        now: at,
        target: encodeTarget({ ...target, finishedAt: at }),
        audit: entry && luaJson(entry),
        ending: ending && encodeEnding(ending),
        history,
      });
      const [, jobId] = /^done (.+)$/.exec(String(reply)) ?? [];
      if (jobId !== undefined) reportRoom(jobId);
      return isMoved(reply, namespace);
    },
    onRoom: (listener) => {
      reportRoom = listener;
    },
    park: async (namespace, { token, generation }, { fields, parking }, superseded) => {
      const reply = await run('park', {
        namespace,
        token,
        generation,
        fields: encodeFields(fields),
        parking: luaJson(parking),
        superseded: encodeEnding(superseded),
        history,
      });
      return isMoved(reply, namespace);
    },
    releaseLease: async (namespace, token) => {
      await run('release-lease', { namespace, token });
    },
    renew: async (leases, leaseMs) => Renewed.parse(await run('renew', { leases, leaseMs })),
    dirty: () => guarded(() => redis.smembers(`${prefix}:dirty`)),
  };
}

/** Of a failure; of a completed run, for the case that the one before has failed. */
function endEntry(
  namespace: string,
  { rolloutId, trigger, release }: Run,
  { state, outcome, reason = '' }: RolloutTarget,
  at: number,
): AuditEntry | undefined {
  const ended = { namespace, rolloutId, trigger, version: release.version };
  if (state === 'failed') return failingEntry({ ...ended, reason, cause: causeGroup(reason, namespace) }, at);
  if (state !== 'completed') return undefined;
  return recoveredEntry({ ...ended, reason: `${outcome ?? 'verified'} after a failed deploy` }, at);
}

function encodeTarget(target: RolloutTarget): EncodedTarget {
  return { state: target.state, reason: target.reason, code: target.code, json: luaJson(target) };
}

function encodeFields(fields: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => [name, String(value)]);
}

const Renewed = jsonText(
  z.object({ lost: z.array(z.string()), moved: z.array(z.string()), held: z.array(z.string()).default([]) }),
);

function isMoved(reply: unknown, namespace: string): boolean {
  if (reply === 'lost') {
    throw new SkipperError('superseded_worker', `another worker has taken over ${namespace}`);
  }
  return reply === 'moved';
}

const Begun = jsonText(
  z.object({
    generation: z.coerce.number(),
    rolloutId: z.string(),
    trigger: z.string().default(''),
    requestedBy: z.string().default(''),
    release: z.string(),
    releaseJson: StoredRelease,
    configVersion: z.string().optional(),
    force: z.boolean(),
    repair: jsonText(Repair).optional().catch(undefined),
    urgent: z.string().default(''),
    attempt: z.number(),
    throttled: z.coerce.number().default(0),
    lost: z.coerce.number().default(0),
    coalesced: z
      .string()
      .optional()
      .transform((text) => text === '1'),
    startedAt: z.coerce.number(),
    appliedAt: OptionalNumber,
    bootstrappedId: z.string().optional(),
    abandonedId: z.string().optional(),
    rbacVersion: z.string().optional(),
    parking: z.string().default(''),
    open: z.string().default(''),
    steps: z.string().default(''),
  }),
);

function decodeBegin(reply: unknown, token: string): Begin {
  if (reply === 'busy' || reply === 'idle' || reply === 'full' || reply === 'held') return { kind: reply };
  if (reply === 'release lost') {
    throw new SkipperError(
      'release_unknown',
      'Redis has lost the requested release: request the deploy again',
    );
  }
  const { release, releaseJson, force, urgent, parking, open, steps, ...fields } = Begun.parse(reply);
  const resumed = decodeResumed(parking, open, steps);
  return {
    kind: 'run',
    run: {
      ...fields,
      token,
      releaseKey: release,
      release: releaseJson,
      forceBootstrap: force,
      isUrgent: urgent === '1',
      resumed,
    },
  };
}

/** What cannot be read is planned again, as after the death of a worker. */
function decodeResumed(json: string, open: string, steps: string): ResumedRun | undefined {
  const { data: parking } = StoredParking.safeParse(json);
  const attempt = decodeOpenAttempt(open);
  return parking && attempt
    ? { parking, startedAt: attempt.startedAt, steps: decodeSteps(steps) }
    : undefined;
}
