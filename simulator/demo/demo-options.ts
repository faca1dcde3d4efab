/** What `npm run demo` was asked to do. */
export interface DemoOptions {
  readonly namespaces: number;
  /** Seconds between two publications of another version; undefined publishes none. */
  readonly releaseEvery: number | undefined;
  /** The share of namespaces that misbehave, 0 to 1. */
  readonly failRate: number;
  /** FDDs that are not well are repaired. */
  readonly heal?: boolean;
  /** Skipper's file of receivers of notifications. */
  readonly notifications?: string | undefined;
  readonly once: boolean;
  /** Port of the API; undefined takes Skipper's own where it is free. */
  readonly port: number | undefined;
  /** File for the summary, beside standard output. */
  readonly json: string | undefined;
  /** A real cluster, instead of the simulated one. */
  readonly kubeconfig: string | undefined;
}
