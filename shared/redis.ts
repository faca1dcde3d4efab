import { rootCertificates } from 'node:tls';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import type { Settings } from './config.ts';
import { readCa } from './read-ca.ts';

/** All keys share one hash tag, so that a Redis Cluster keeps them in one slot. */
export const KEY_PREFIX = '{skipper}';
const COMMAND_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_CAP_MS = 2_000;

/** One server, the master that Sentinels name, or a Cluster: all are used alike. */
export type RedisConnection = Redis | Cluster;

/** Where Redis is; of the URL, Sentinels leave all but the host in force. */
export interface RedisAddress
  extends Pick<
    Settings,
    'redisUrl' | 'redisSentinels' | 'redisSentinelMaster' | 'redisSentinelPassword' | 'redisCluster'
  > {
  /** Certificate authorities in PEM, to trust beside the usual ones. */
  readonly ca?: string | undefined;
}

/** Throws a ConfigurationError where the file of certificates cannot be read. */
export async function redisAddressOf(settings: Settings): Promise<RedisAddress> {
  return { ...settings, ca: await readCa(settings.redisCaFile, '--redis-ca-file') };
}

/**
 * A connection whose commands fail at once while Redis is away, so that nobody waits and nothing lands later; it comes
 * back by itself.
 */
export function connectRedis(address: RedisAddress, log: Logger): RedisConnection {
  return connect(address, log, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
}

/** The connection of a BullMQ Worker: it blocks and waits for Redis as long as it takes. */
export function connectRedisForWorker(address: RedisAddress, log: Logger): RedisConnection {
  return connect(address, log, { maxRetriesPerRequest: null });
}

function connect(address: RedisAddress, log: Logger, manner: RedisOptions): RedisConnection {
  const node = { ...nodeOptions(address), ...manner };
  const redis = address.redisCluster ? connectCluster(node) : new Redis({ ...node, ...sentinels(address) });
  reportConnection(redis, log);
  return redis;
}

function nodeOptions({ redisUrl, ca }: RedisAddress): RedisOptions {
  const url = new URL(redisUrl);
  const family = Number(url.searchParams.get('family') ?? 0);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 6379),
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    db: Number(url.pathname.slice(1) || 0),
    ...(family === 0 ? {} : { family }),
    ...(url.protocol === 'rediss:' ? { tls: trusting(ca) } : {}),
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy,
    // A master that has become a replica.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

function trusting(ca: string | undefined): NonNullable<RedisOptions['tls']> {
  return ca === undefined ? {} : { ca: [...rootCertificates, ca] };
}

function sentinels(address: RedisAddress): RedisOptions {
  const { redisSentinels, redisSentinelMaster, redisSentinelPassword, redisUrl, ca } = address;
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
    // It may end a connection for good, where a failover is told while the connection is being made again.
    failoverDetector: false,
    ...(redisUrl.startsWith('rediss:') ? { enableTLSForSentinelMode: true, sentinelTLS: trusting(ca) } : {}),
  };
}

/** What a Cluster has for all nodes together it takes apart from what holds for each. */
function connectCluster({ host, port, db: _db, retryStrategy: _retry, ...node }: RedisOptions): Cluster {
  const options: ClusterOptions = {
    redisOptions: node,
    enableOfflineQueue: node.enableOfflineQueue ?? true,
    clusterRetryStrategy: retryStrategy,
    // Names, as certificates have them, instead of the addresses that they stand for.
    ...(node.tls ? { dnsLookup: (address, callback) => callback(null, address) } : {}),
  };
  return new Cluster([{ host, port }], options);
}

function retryStrategy(times: number): number {
  return Math.min(times * 100, RECONNECT_CAP_MS);
}

/** A connection of the same kind to the same Redis, for what is announced there. */
export function duplicateForMessages(redis: RedisConnection): RedisConnection {
  // A Cluster subscribes anew by itself, whichever of its nodes it listens to.
  return redis instanceof Cluster ? redis.duplicate() : redis.duplicate({ autoResubscribe: false });
}

export function isReady(redis: RedisConnection): boolean {
  return redis.status === 'ready';
}

/** Resolves when Redis answers, however long that takes. */
export async function untilReady(redis: RedisConnection, signal: AbortSignal): Promise<void> {
  while (!isReady(redis) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
}

function reportConnection(redis: RedisConnection, log: Logger): void {
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) log.warn({ err: error }, 'redis is away, waiting for it');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('redis is back');
    away = false;
  });
}
