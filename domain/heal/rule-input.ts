import type { NamespaceSnapshot } from '../cluster/observed.ts';
import type { Release } from '../release/release.ts';
import type { NamespaceRecord } from '../rollout/namespace-record.ts';
import type { Finding } from './rule.ts';
import type { Unbegun } from './unbegun.ts';

/** What the rules are based on, for one namespace. */
export interface RuleInput {
  readonly snapshot: NamespaceSnapshot;
  /** Undefined if Skipper has never deployed there, or Redis has lost it. */
  readonly record: JudgedRecord | undefined;
  /** The release of the last finished run (`handledRelease`); undefined if unknown. */
  readonly deployed: Pick<Release, 'image' | 'config'> | undefined;
  /** A deployment that FDD has not begun; undefined if it has begun all, or nobody checks. */
  readonly unbegun: Unbegun | undefined;
  /** False: the watches that show what FDD has begun are not in order. */
  readonly isBegunKnown?: boolean | undefined;
  /** What the previous pass found in this namespace: it keeps `since`. */
  readonly before: readonly Finding[];
  readonly timings: RuleTimings;
  readonly now: number;
}

export type JudgedRecord = Pick<
  NamespaceRecord,
  'generation' | 'handled' | 'phase' | 'lastFailure' | 'lastState' | 'lastCode' | 'reason' | 'finishedAt'
>;

export interface RuleTimings {
  /** The time in which a namespace can recover: `--heal-backoff`. */
  readonly graceMs: number;
  /** 0: a deaf FDD is not looked for. */
  readonly deafAfterMs: number;
  readonly progressDeadlineMs: number;
  readonly bootstrapDeadlineMs: number;
}

/** What a rule has seen, if it holds. */
export interface Seen {
  readonly evidence: string;
  /** Since when, if the cluster shows it. */
  readonly since?: number | undefined;
  readonly by?: string | undefined;
  readonly isFleetWide?: boolean;
}

/** One rule: undefined if it does not hold. */
export type Judge = (input: RuleInput) => Seen | undefined;
