import { z } from 'zod';
import { SkipperError } from '../../domain/errors.ts';
import type { Release } from '../../domain/release/release.ts';
import type { RolloutTarget } from '../../domain/rollout/rollout.ts';
import { jsonText } from '../json-text.ts';
import { type DeployAnswer, type DeployRequest, decodeAnswer, encodeRequest } from './deploy-request.ts';
import { type AttemptEnding, encodeEnding } from './history.ts';
import { OptionalNumber } from './records.ts';
import type { StateConnection } from './state-connection.ts';
import { StoredRelease } from './stored-release.ts';

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

export type Begin =
  | { readonly kind: 'run'; readonly run: Run }
  | { readonly kind: 'busy' }
  | { readonly kind: 'idle' };

/** A run's right to write to its namespace, as Redis knows it. */
export interface HeldLease {
  readonly namespace: string;
  readonly token: string;
}

/** What is asked of a namespace, and how far the run is that answers it: the only writes to its record. */
export interface Runs {
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
  renew(leases: readonly HeldLease[], leaseMs: number): Promise<string[]>;
  /** Namespaces with something asked for that is not done. */
  dirty(): Promise<string[]>;
}

export function openRuns(connection: StateConnection): Runs {
  const { redis, prefix, run, guarded } = connection;
  return {
    request: async (request) => {
      const encoded = encodeRequest(request, Date.now());
      return decodeAnswer(await guarded(() => run('skipperRequest', prefix, encoded)));
    },
    begin: async (namespace, jobId, token, leaseMs) =>
      decodeBegin(
        await guarded(() => run('skipperBegin', prefix, namespace, jobId, token, leaseMs, Date.now())),
        token,
      ),
    report: async (namespace, { token, rolloutId, generation }, fields, target, ending) => {
      const json = target === undefined ? '' : JSON.stringify(target);
      const ended = [...encodeEnding(ending), ending?.attempt.startedAt ?? 0];
      const about = [namespace, token, rolloutId, json, generation];
      const pairs = Object.entries(fields).flat();
      return isMoved(
        await guarded(() => run('skipperReport', prefix, ...about, ...ended, ...pairs)),
        namespace,
      );
    },
    finish: async (namespace, { token, generation, rolloutId, releaseKey }, target, ending) => {
      const about = [namespace, token, generation, rolloutId, JSON.stringify(target), Date.now()];
      const end = [target.state, target.reason ?? '', releaseKey];
      const ended = [...encodeEnding(ending), ending?.attempt.startedAt ?? 0];
      return isMoved(
        await guarded(() => run('skipperFinish', prefix, ...about, ...end, ...ended, target.code ?? '')),
        namespace,
      );
    },
    releaseLease: async (namespace, token) => {
      await guarded(() => run('skipperReleaseLease', prefix, namespace, token));
    },
    renew: async (leases, leaseMs) => {
      const pairs = leases.flatMap(({ namespace, token }) => [namespace, token]);
      return Tokens.parse(await guarded(() => run('skipperRenew', prefix, leaseMs, ...pairs)));
    },
    dirty: () => guarded(() => redis.smembers(`${prefix}:dirty`)),
  };
}

const Tokens = z.array(z.string());

function isMoved(reply: unknown, namespace: string): boolean {
  if (reply === 'lost') {
    throw new SkipperError('superseded_worker', `another worker has taken ${namespace} over`);
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
    force: z.boolean(),
    attempt: z.number(),
    throttled: z.coerce.number().default(0),
    coalesced: z
      .string()
      .optional()
      .transform((text) => text === '1'),
    startedAt: z.coerce.number(),
    appliedAt: OptionalNumber,
    bootstrappedId: z.string().optional(),
    rbacVersion: z.string().optional(),
  }),
);

function decodeBegin(reply: unknown, token: string): Begin {
  if (reply === 'busy' || reply === 'idle') return { kind: reply };
  const { release, releaseJson, force, ...fields } = Begun.parse(reply);
  return {
    kind: 'run',
    run: { ...fields, token, releaseKey: release, release: releaseJson, forceBootstrap: force },
  };
}
