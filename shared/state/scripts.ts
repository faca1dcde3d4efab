import type { RedisConnection } from '../redis.ts';
import { luaJson } from './lua-json.ts';
import { readScript } from './read-script.ts';

/** The limits of a namespace's history. */
export interface HistoryLimits {
  /** The maximum number of attempts. */
  readonly attempts: number;
  readonly ttlSeconds: number;
}

/** How many namespaces can be changed and not yet verified at the same time. */
export interface InFlightLimit {
  /** Left out if there is no limit. */
  readonly max?: number | undefined;
  /** A namespace counts for this long at most. */
  readonly ttlMs: number;
}

/** The end of an attempt, as stored in its history. */
export interface EncodedEnding {
  readonly fold: string;
  /** JSON. */
  readonly attempt: string;
  readonly startedAt: number;
  /** JSON. */
  readonly bootstrap?: string | undefined;
}

/** A target as stored, and the fields of it that a script needs. */
export interface EncodedTarget {
  readonly state: string;
  readonly reason?: string | undefined;
  readonly code?: string | undefined;
  readonly json: string;
}

/** A Redis command, the key without its prefix, and the other arguments. */
export type RestoreCommand = readonly [command: string, key: string, ...args: string[]];

/**
 * The changes of desired state that must be atomic, as Redis scripts: `lua/<name>.lua`. Every key is derived from the
 * prefix in KEYS[1], whose hash tag puts all keys into one slot; everything else is one JSON argument. Text that is stored
 * as JSON is passed as text, so that Lua does not encode it differently.
 *
 * Hash `<prefix>:namespace:<ns>`: generation, handled, forceGeneration, rolloutId, runningRolloutId, release, state, …
 */
export interface ScriptArguments {
  request: {
    readonly rollout: {
      readonly id: string;
      readonly createdAt: number;
      readonly trigger: string;
      readonly requestedBy: string;
      /** An operator's small request. */
      readonly urgent: boolean;
    };
    readonly rolloutJson: string;
    readonly targets: readonly {
      readonly namespace: string;
      readonly target: object;
      /** Left out if nothing is deployed. */
      readonly plan?: object;
      /** Its desired state is written now. */
      readonly admit?: boolean;
      /** The history entry of a refused request. */
      readonly refused?: EncodedEnding;
    }[];
    /** A namespace with an unfinished request, or with an unfinished target of another rollout, is left alone. */
    readonly yields: boolean;
    /** The repairs are those of this revision of healing. */
    readonly healingRevision?: number;
    /** JSON, by key. */
    readonly releases: Readonly<Record<string, string>>;
    readonly releaseTtlSeconds: number;
    readonly state: {
      readonly state: string;
      readonly reason: string;
      /** The end of any target needs a decision; otherwise only that of the last one. */
      readonly everyEnd: boolean;
      /** It ends what other rollouts hold back in its namespaces. */
      readonly supersedes: boolean;
    };
    /** JSON: the first event of its timeline. */
    readonly entry: string;
    /** JSON: entries of the audit log. */
    readonly audit: readonly string[];
    readonly idempotency?: {
      readonly key: string;
      readonly fingerprint: string;
      readonly ttlSeconds: number;
    };
    readonly now: number;
    readonly ttlSeconds: number;
    readonly history: HistoryLimits;
  };
  begin: {
    readonly namespace: string;
    readonly jobId: string;
    readonly token: string;
    readonly leaseMs: number;
    readonly now: number;
    readonly releaseTtlSeconds: number;
    readonly history: HistoryLimits;
    readonly inFlight: InFlightLimit;
  };
  report: {
    readonly namespace: string;
    readonly token: string;
    readonly rolloutId: string;
    readonly generation: number;
    /** Field, value, field, value of the namespace's record. */
    readonly fields: readonly string[];
    readonly target?: EncodedTarget | undefined;
    readonly ending?: EncodedEnding | undefined;
    readonly history: HistoryLimits;
  };
  finish: {
    readonly namespace: string;
    readonly token: string;
    readonly rolloutId: string;
    readonly generation: number;
    readonly releaseKey: string;
    readonly now: number;
    readonly target: EncodedTarget;
    /** JSON: an entry of the audit log; that of a recovery is written only if the run before has failed. */
    readonly audit?: string | undefined;
    readonly ending?: EncodedEnding | undefined;
    readonly history: HistoryLimits;
  };
  'release-lease': { readonly namespace: string; readonly token: string };
  renew: {
    readonly leaseMs: number;
    readonly leases: readonly {
      readonly namespace: string;
      readonly token: string;
      readonly generation: number;
    }[];
  };
  park: {
    readonly namespace: string;
    readonly token: string;
    readonly generation: number;
    /** Field, value, field, value of the namespace's record. */
    readonly fields: readonly string[];
    /** JSON. */
    readonly parking: string;
    /** Of the attempt, if more was requested meanwhile. */
    readonly superseded: EncodedEnding;
    readonly history: HistoryLimits;
  };
  'describe-parked': { readonly namespace: string; readonly generation: number; readonly reason: string };
  draw: {
    readonly qps: number;
    readonly urgent: number;
    readonly others: number;
    readonly congested: boolean;
  };
  advance: {
    readonly id: string;
    readonly revision: number;
    readonly failed?: number | undefined;
    readonly seq?: number | undefined;
    readonly admit: readonly string[];
    readonly ends: readonly object[];
    readonly excuse: readonly string[];
    readonly reopen: readonly string[];
    readonly plans: Readonly<Record<string, object>>;
    /** JSON, by key. */
    readonly releases: Readonly<Record<string, string>>;
    readonly releaseTtlSeconds: number;
    /** JSON, by key. */
    readonly ignore: Readonly<Record<string, string>>;
    /** `failures`: JSON. */
    readonly change?:
      | { readonly state: string; readonly reason: string; readonly failures: string }
      | undefined;
    readonly approvedWave?: number | undefined;
    readonly because?: string | undefined;
    readonly wakeAt?: number | undefined;
    readonly restMs?: number | undefined;
    readonly deadlinesFrom?: number | undefined;
    readonly bump?: boolean;
    /** JSON. */
    readonly entry?: string | undefined;
    /** JSON: entries of the audit log. */
    readonly audit: readonly string[];
    readonly now: number;
    readonly ttlSeconds: number;
  };
  count: { readonly ids: readonly string[] };
  'end-orphans': { readonly id: string; readonly now: number };
  'note-outage': {
    readonly kind: string;
    readonly phase: string;
    readonly beganAt: number;
    readonly at: number;
    readonly notedMs: number;
    /** JSON: entries of the audit log. */
    readonly entries: readonly string[];
    readonly ttlSeconds: number;
  };
  'forget-rollout': { readonly id: string };
  restore: {
    readonly token: string;
    readonly commands: readonly RestoreCommand[];
    /** The claim lasts this long from now on. */
    readonly claimMs: number;
  };
  'close-epoch': { readonly id: string };
  sweep: {
    readonly token: string;
    readonly cursor: string;
    /** Keys without their prefix. */
    readonly keep: readonly string[];
    /** Keys that one call checks. */
    readonly count: number;
    /** The claim lasts this long from now on. */
    readonly claimMs: number;
  };
  /** `epoch`: JSON. */
  'open-epoch': {
    readonly token: string;
    readonly epoch: string;
    /** Names of namespaces, separated by blanks. */
    readonly changed: readonly string[];
  };
  heal: {
    readonly revision: number;
    /** Namespace, JSON, namespace, JSON. */
    readonly healing: readonly string[];
    readonly removed: readonly string[];
    /** JSON. */
    readonly status?: string | undefined;
    /** JSON. */
    readonly audit: readonly string[];
    /** Namespaces whose rows change. */
    readonly announced: readonly string[];
  };
  'move-notify-cursor': { readonly receiver: string; readonly from: string; readonly to: string };
}

export type ScriptName = keyof ScriptArguments;
export type RunScript = <Name extends ScriptName>(
  name: Name,
  args: ScriptArguments[Name],
) => Promise<unknown>;

/** With `expected`, Redis counts the script. */
type SendScript = <Name extends ScriptName>(
  name: Name,
  args: ScriptArguments[Name],
  expected?: readonly (string | number)[],
) => Promise<unknown>;

/** Each script, and the name of its command on a connection. */
const COMMANDS = {
  request: 'skipperRequest',
  begin: 'skipperBegin',
  report: 'skipperReport',
  finish: 'skipperFinish',
  'release-lease': 'skipperReleaseLease',
  renew: 'skipperRenew',
  park: 'skipperPark',
  'describe-parked': 'skipperDescribeParked',
  draw: 'skipperDraw',
  advance: 'skipperAdvance',
  count: 'skipperCount',
  'end-orphans': 'skipperEndOrphans',
  'note-outage': 'skipperNoteOutage',
  'forget-rollout': 'skipperForgetRollout',
  'close-epoch': 'skipperCloseEpoch',
  sweep: 'skipperSweep',
  restore: 'skipperRestore',
  'open-epoch': 'skipperOpenEpoch',
  heal: 'skipperHeal',
  'move-notify-cursor': 'skipperMoveNotifyCursor',
} as const satisfies Record<ScriptName, string>;

/** What decides: Redis counts these writes, so that a loss of one shows (ticks.ts). */
const COUNTED: ReadonlySet<ScriptName> = new Set([
  'request',
  'begin',
  'report',
  'finish',
  'park',
  'advance',
  'end-orphans',
]);

/** A pass of healing that has decided nothing is not counted: the next one finds the same. */
export function isCounted<Name extends ScriptName>(name: Name, args: ScriptArguments[Name]): boolean {
  if (name === 'heal') return (args as ScriptArguments['heal']).audit.length > 0;
  return COUNTED.has(name);
}

type Commands = Record<
  (typeof COMMANDS)[ScriptName],
  (prefix: string, json: string, ...expected: readonly (string | number)[]) => Promise<unknown>
>;

/** Registers the scripts with a connection; ioredis sends each body once and its digest from then on. */
export function loadScripts(redis: RedisConnection, prefix: string): SendScript {
  const count = readScript('includes/count');
  for (const [name, command] of Object.entries(COMMANDS)) {
    redis.defineCommand(command, { numberOfKeys: 1, lua: `${count}${readScript(name)}` });
  }
  const commands = redis as unknown as Commands;
  return (name, args, expected = []) => commands[COMMANDS[name]](prefix, luaJson(args), ...expected);
}
