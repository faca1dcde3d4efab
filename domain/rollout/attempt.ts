import type { Outcome } from './rollout.ts';

/** How an attempt ended. `lost`: its worker went away in the middle of it, and another one noticed. */
export type AttemptEnd = 'completed' | 'failed' | 'retrying' | 'skipped' | 'handed over' | 'lost';

/** A part of an attempt, from its beginning to the beginning of the next part. */
export interface AttemptStep {
  /** `observe`, `plan`, a step of the plan (`apply-application`), or what is waited for (`waiting for FDD`). */
  readonly kind: string;
  /** For people. */
  readonly text: string;
  /** Milliseconds after the attempt began. */
  readonly at: number;
  readonly ms: number;
}

/** One attempt to bring a namespace to what was asked. Times are milliseconds since the epoch. */
export interface Attempt {
  readonly rolloutId: string;
  readonly generation: number;
  /** Counted from 1 for each request. */
  readonly attempt: number;
  readonly jobId: string;
  readonly trigger: string;
  readonly requestedBy: string;
  readonly version: string;
  readonly startedAt: number;
  /** Undefined while it runs. */
  readonly endedAt?: number | undefined;
  readonly end?: AttemptEnd | undefined;
  readonly outcome?: Outcome | undefined;
  readonly code?: string | undefined;
  readonly reason: string;
  /** FDD's log lines, conditions, pod reasons, warnings. */
  readonly details: readonly string[];
  readonly steps: readonly AttemptStep[];
  /** How long the next attempt was put off, in milliseconds. */
  readonly retryDelayMs?: number | undefined;
  /** This many alike, one after the other, are told as one; `startedAt` and the rest are the last one's. */
  readonly times: number;
  /** When the first of them began. */
  readonly firstStartedAt: number;
}

/** What is kept of a bootstrap pod before it is deleted. */
export interface BootstrapRecord {
  readonly exitCode: number | undefined;
  /** Why it was not running, or how it ended. */
  readonly reason: string | undefined;
  readonly log: string;
  readonly events: readonly string[];
}

/** The last bootstrap of a namespace, as it is kept. */
export interface LastBootstrap extends BootstrapRecord {
  readonly deploymentId: string;
  /** Milliseconds since the epoch. */
  readonly collectedAt: number;
}
