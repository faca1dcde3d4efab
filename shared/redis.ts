import { rootCertificates } from 'node:tls';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import type { Settings } from './config.ts';
import { pause } from './pause.ts';
import { readCa, readPem } from './read-pem.ts';

/** All keys share one hash tag, so that a Redis Cluster keeps them in one slot. */
export const KEY_PREFIX = '{skipper}';
const COMMAND_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A connection without a response for this long is reopened: a proxy can have dropped it. */
const MUTE_MS = 10_000;
/** A worker's commands block, but always for less than this. */
const MUTE_WORKER_MS = 30_000;
const RECONNECT_CAP_MS = 2_000;
const READY_POLL_MS = 50;
/** Per outage. */
const MAX_ERRORS_LOGGED = 10;

/** A single server, the master of Sentinels, or a Cluster: all are used in the same way. */
export type RedisConnection = Redis | Cluster;

/** Where Redis is; Sentinels replace only the host of the URL. */
export interface RedisAddress
  extends Pick<
    Settings,
    'redisUrl' | 'redisSentinels' | 'redisSentinelMaster' | 'redisSentinelPassword' | 'redisCluster'
  > {
  readonly pem?: RedisPem;
}

/** Certificates and key for TLS, in PEM. */
interface RedisPem {
  /** Certificate authorities to trust in addition to the default ones. */
  readonly ca: string | undefined;
  /** The client's own certificate, and its key. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Throws a ConfigurationError if one of the PEM files cannot be read. */
export async function redisAddressOf(settings: Settings): Promise<RedisAddress> {
  const { redisCaFile, redisCertFile, redisKeyFile } = settings;
  const [ca, cert, key] = await Promise.all([
    readCa(redisCaFile, '--redis-ca-file'),
    readPem(redisCertFile, '--redis-cert-file', 'certificate'),
    readPem(redisKeyFile, '--redis-key-file', 'private key'),
  ]);
  return { ...settings, pem: { ca, cert, key } };
}

/**
 * A connection whose commands fail at once while Redis is down, so that no caller waits and nothing is written later.
 * It reconnects automatically.
 */
export function connectRedis(address: RedisAddress, log: Logger): RedisConnection {
  return connect(address, log, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: MUTE_MS,
  });
}

/** The connection of a BullMQ Worker: it blocks, and waits for Redis indefinitely. */
export function connectRedisForWorker(address: RedisAddress, log: Logger): RedisConnection {
  return connect(address, log, { maxRetriesPerRequest: null, socketTimeout: MUTE_WORKER_MS });
}

function connect(address: RedisAddress, log: Logger, manner: RedisOptions): RedisConnection {
  const node = { ...nodeOptions(address), ...manner };
  const redis = address.redisCluster ? connectCluster(node) : new Redis({ ...node, ...sentinels(address) });
  reportConnection(redis, log);
  return redis;
}

function nodeOptions({ redisUrl, pem }: RedisAddress): RedisOptions {
  const url = new URL(redisUrl);
  const family = Number(url.searchParams.get('family') ?? 0);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 6379),
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    db: Number(url.pathname.slice(1) || 0),
    ...(family === 0 ? {} : { family }),
    ...(url.protocol === 'rediss:' ? { tls: tlsOptions(pem) } : {}),
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy,
    // The master has become a replica.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

function tlsOptions({ ca, cert, key }: Partial<RedisPem> = {}): NonNullable<RedisOptions['tls']> {
  return {
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

function sentinels(address: RedisAddress): RedisOptions {
  const { redisSentinels, redisSentinelMaster, redisSentinelPassword, redisUrl, pem } = address;
  if (redisSentinels.length === 0) return {};
  return {
    sentinels: redisSentinels.map((sentinel) => {
      const { hostname, port } = new URL(`redis://${sentinel}`);
      return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 26_379) };
    }),
    name: redisSentinelMaster,
    sentinelPassword: redisSentinelPassword,
    sentinelRetryStrategy: retryStrategy,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    // ioredis can close a connection for good if a failover is announced while it is reconnecting.
    failoverDetector: false,
    ...(redisUrl.startsWith('rediss:')
      ? { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(pem) }
      : {}),
  };
}

/** A Cluster takes the options for the whole cluster and those for each node separately. */
function connectCluster({ host, port, db: _db, retryStrategy: _retry, ...node }: RedisOptions): Cluster {
  const options: ClusterOptions = {
    redisOptions: node,
    enableOfflineQueue: node.enableOfflineQueue ?? true,
    clusterRetryStrategy: retryStrategy,
    // Keep host names, as in certificates, instead of resolving them to addresses.
    ...(node.tls ? { dnsLookup: (address, callback) => callback(null, address) } : {}),
  };
  return new Cluster([{ host, port }], options);
}

function retryStrategy(times: number): number {
  return Math.min(times * 100, RECONNECT_CAP_MS);
}

/** A connection of the same kind to the same Redis, for pub/sub. */
export function duplicateForMessages(redis: RedisConnection): RedisConnection {
  // A Cluster resubscribes automatically, on any of its nodes.
  return redis instanceof Cluster ? redis.duplicate() : redis.duplicate({ autoResubscribe: false });
}

export function isReady(redis: RedisConnection): boolean {
  return redis.status === 'ready';
}

/** Resolves when Redis answers; waits indefinitely. */
export async function untilReady(redis: RedisConnection, signal: AbortSignal): Promise<void> {
  while (!isReady(redis) && !signal.aborted) await pause(READY_POLL_MS, { signal });
}

/** Logs each error of an outage once: a later one (missing certificate) can explain more than the first (reset). */
function reportConnection(redis: RedisConnection, log: Logger): void {
  const logged = new Set<string>();
  redis.on('error', (error: NodeJS.ErrnoException) => {
    const which = error.code ?? error.message;
    if (logged.has(which) || logged.size >= MAX_ERRORS_LOGGED) return;
    logged.add(which);
    log.warn({ err: error }, 'Redis connection lost, reconnecting');
  });
  redis.on('ready', () => {
    if (logged.size > 0) log.info('Redis connection is back');
    logged.clear();
  });
}
