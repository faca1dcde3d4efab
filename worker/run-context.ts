import type { Logger } from 'pino';
import type { Step } from '../domain/deploy/plan.ts';
import type { LastBootstrap } from '../domain/rollout/attempt.ts';
import type { RunPhase } from '../domain/rollout/phase.ts';
import type { KubernetesClient } from '../shared/kubernetes/client.ts';
import type { ClusterCache } from '../shared/kubernetes/cluster-cache.ts';
import type { Metrics } from '../shared/metrics.ts';

/** The settings that affect a run. */
export interface RunSettings {
  readonly manageRbac: boolean;
  readonly progressDeadlineMs: number;
  readonly bootstrapDeadlineMs: number;
  /** See maxInFlight. */
  readonly maxInFlight: string;
}

/** The dependencies that all runs of a worker share. */
export interface WorkerDependencies {
  readonly client: KubernetesClient;
  readonly cluster: ClusterCache;
  readonly metrics: Metrics;
  readonly settings: RunSettings;
}

/** A run of a namespace: its dependencies, and where it publishes its progress. */
export interface RunContext extends WorkerDependencies {
  readonly namespace: string;
  readonly log: Logger;
  /** Aborted when the worker stops, or another one has taken over the namespace. */
  readonly signal: AbortSignal;
  /** Aborted when the namespace has a newer request, which replaces this one. */
  readonly interrupted: AbortSignal;
  /** A run that has waited for FDD for this many milliseconds is parked. */
  readonly parkAfterMs: number;
  /** For how long the API server was unreachable while the run was parked, in milliseconds. */
  readonly blindMs: () => number;
  /** For how long no FDD was left that could deploy while the run was parked, in milliseconds. */
  readonly deadEndMs: () => number;
  /** Throws if the lease is not held any more; called before every write. */
  readonly assertOurs: () => void;
  /** Starts a step of the attempt, which lasts until the next one; never throws, never waits. */
  readonly step: (kind: Step['kind'] | 'observe' | 'plan', text: string) => void;
  /** Publishes the phase of the run; never throws, never waits. */
  readonly progress: (phase: RunPhase, detail?: string) => void;
  /** The deployment that the attempt waits for from now on: if the run fails, that id is given up. */
  readonly awaits: (deploymentId: string) => void;
  /** Stores facts for a later run, in the namespace's record. */
  readonly remember: (fields: Readonly<Record<string, string | number>>) => Promise<void>;
  /** Sets the bootstrap pod's record, which is stored when the attempt ends. */
  readonly keepBootstrap: (bootstrap: LastBootstrap) => void;
  /** Adds a line to the job's log, which the board shows. */
  readonly logToJob: (line: string) => void;
}
