import type { Pod } from './kubernetes-objects.ts';

export interface ContainerExit {
  readonly exitCode: number;
  /** Why, as a kubelet words it: Completed, Error, OOMKilled. */
  readonly reason?: string;
}

export interface RunningContainer {
  /** Resolves when the container would answer its readiness probe; never, if it does not get there. */
  readonly ready: Promise<void>;
  readonly exited: Promise<ContainerExit>;
  /** Sends SIGTERM, which a program can ignore. */
  stop(): void;
  /** Sends SIGKILL. Left out by a runtime whose programs exit on SIGTERM. */
  kill?(): void;
}

export interface ContainerOutput {
  log(line: string): void;
}

/** What runs a pod's container: simulated programs or, with another implementation, real processes. */
export interface ContainerRuntime {
  /** Gets the image; a rejection is a failed pull, its message is shown in the pod. */
  pull?(pod: Pod): Promise<void>;
  /** Why no node has room for the pod; undefined if this one has. */
  unschedulable?(pod: Pod): string | undefined;
  /** Why the container cannot be created from its image; undefined if it can. */
  configProblem?(pod: Pod): string | undefined;
  start(pod: Pod, output: ContainerOutput): RunningContainer;
}
