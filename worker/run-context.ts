import type { Logger } from 'pino';
import type { Step } from '../domain/deploy/plan.ts';
import type { LastBootstrap } from '../domain/rollout/attempt.ts';
import type { RunPhase } from '../domain/rollout/phase.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import type { Metrics } from '../shared/metrics.ts';

/** What a worker decides its runs with. */
export interface RunSettings {
  readonly manageRbac: boolean;
  readonly progressDeadlineMs: number;
  readonly bootstrapDeadlineMs: number;
}

/** What every run of a worker shares. */
export interface WorkerDependencies {
  readonly client: KubernetesClient;
  readonly cluster: ClusterCache;
  readonly metrics: Metrics;
  readonly settings: RunSettings;
}

/** One run of one namespace: what it may use, and where it publishes its progress. */
export interface RunContext extends WorkerDependencies {
  readonly namespace: string;
  readonly log: Logger;
  /** Aborted when the worker stops, or another one has taken the namespace over. */
  readonly signal: AbortSignal;
  /** Throws unless the namespace is still ours; called before every write. */
  readonly assertOurs: () => void;
  /** Begins a step of the attempt, which lasts until the next one; never throws, never waits. */
  readonly step: (kind: Step['kind'] | 'observe' | 'plan', text: string) => void;
  /** Begins waiting for something, and publishes that; never throws, never waits. */
  readonly progress: (phase: RunPhase, detail?: string) => void;
  /** Keeps facts for a later run, in the desired-state record. */
  readonly remember: (fields: Readonly<Record<string, string | number>>) => Promise<void>;
  /** Keeps the bootstrap pod's record; it is written when the attempt ends. */
  readonly keepBootstrap: (bootstrap: LastBootstrap) => void;
  /** A line in the job's log, which the board shows. */
  readonly logToJob: (line: string) => void;
}
