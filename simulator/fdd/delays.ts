/** How long the simulated parts take, in milliseconds. */
export interface Delays {
  readonly imagePullMs: number;
  /** From the image to the running container. */
  readonly startMs: number;
  /** From the running container to readiness. */
  readonly readyMs: number;
  /** From the end of the container to the end of its pod. */
  readonly terminateMs: number;
  /**
   * How long a pod's deletion waits for a container that ignores SIGTERM, at most the pod's own grace period. FDD and its
   * bootstrap are process 1 without a handler: they continue until they are killed. 0: killed at once (lost node, OOM).
   */
  readonly graceMs: number;
  /** The first wait of a crashed container or a failed pull; doubles up to the cap. */
  readonly backoffMs: number;
  readonly backoffCapMs: number;
  /** How long the deployment controller takes to notice a change: `observedGeneration` lags by it. */
  readonly controllerMs: number;
  /** Between two writes of FDD. */
  readonly fddStepMs: number;
  /**
   * How long an FDD continues between writing its own Deployment and writing SUCCESS. It ends earlier if the FDD is killed.
   */
  readonly successAfterDeploymentMs: number;
  readonly bootstrapPollMs: number;
  readonly bootstrapTimeoutMs: number;
}

/** Everything at once, but FDD's own limits as they are. */
export const DEFAULT_DELAYS: Delays = {
  imagePullMs: 0,
  startMs: 0,
  readyMs: 0,
  terminateMs: 0,
  graceMs: 30_000,
  backoffMs: 200,
  backoffCapMs: 5_000,
  controllerMs: 0,
  fddStepMs: 0,
  successAfterDeploymentMs: 1_000,
  bootstrapPollMs: 5_000,
  bootstrapTimeoutMs: 120_000,
};

/** For measuring others: nothing takes time, not even FDD's own poll. */
export const INSTANT_DELAYS: Delays = {
  ...DEFAULT_DELAYS,
  graceMs: 0,
  successAfterDeploymentMs: 0,
  bootstrapPollMs: 5,
};

/** Waits, but not longer than the signal is silent: the caller looks at `signal.aborted` afterwards. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms <= 0 || signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}

/** Resolves when the signal is aborted. */
export function silence(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
