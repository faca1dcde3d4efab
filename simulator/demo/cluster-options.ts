/** What `npm run simulated-cluster` was asked to do. */
export interface ClusterOptions {
  /** Gets the kubeconfig and Skipper's config file. */
  readonly directory: string;
  readonly namespaces: number;
  /** The share of namespaces that misbehave, 0 to 1. */
  readonly failRate: number;
  /** Seconds between two publications of another version; undefined publishes none. */
  readonly releaseEvery: number | undefined;
  /** Address to listen on. */
  readonly host: string;
  /** The host that Skipper reaches it by; undefined is `host`. */
  readonly advertiseHost: string | undefined;
  readonly port: number;
  readonly channelPort: number;
  readonly healthPort: number;
}
