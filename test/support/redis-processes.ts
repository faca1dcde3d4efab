import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { generate } from 'selfsigned';
import { findRedisServer } from '../../simulator/demo/redis-server.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** A redis-server with its own configuration. */
export interface RedisProcess {
  readonly port: number;
  /** Sends one command on a new connection. */
  ask(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** SIGKILL; its files stay, for `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface RedisProcessOptions {
  readonly sentinel?: boolean;
  /** The password for `ask`. */
  readonly password?: string;
  /** TLS only, also to other servers; clients need a certificate of the same authority. */
  readonly tls?: TlsFiles | undefined;
}

/** One self-signed certificate of 127.0.0.1, for servers and clients. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export async function makeTlsFiles(folder: string): Promise<TlsFiles> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'redis' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const [certFile, keyFile] = [join(folder, 'redis.crt'), join(folder, 'redis.key')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  return { certFile, keyFile, cert, key };
}

export interface RedisProcesses {
  start(lines: readonly string[], options?: RedisProcessOptions): Promise<RedisProcess>;
  stop(): Promise<void>;
}

/** The nodes of a Cluster talk to each other on their port plus this. */
const BUS_PORT_OFFSET = 10_000;

export function openRedisProcesses(): RedisProcesses {
  const folder = mkdtempSync(join(tmpdir(), 'skipper-redis-processes-'));
  const started: RedisProcess[] = [];
  return {
    start: async (lines, options = {}) => {
      const process = await prepare(folder, lines, options);
      started.push(process);
      await process.start();
      return process;
    },
    stop: async () => {
      await Promise.all(started.map((process) => process.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function prepare(
  folder: string,
  lines: readonly string[],
  { sentinel = false, password, tls }: RedisProcessOptions,
): Promise<RedisProcess> {
  const binary = findRedisServer(process.env.PATH);
  if (binary === undefined) throw new Error('redis-server is not installed');
  const port = await lowPort();
  const directory = join(folder, String(port));
  const file = join(directory, 'redis.conf');
  mkdirSync(directory);
  const ports = tls === undefined ? [`port ${port}`] : ['port 0', `tls-port ${port}`, ...tlsLines(tls)];
  const common = [...ports, 'bind 127.0.0.1', `dir ${directory}`];
  writeFileSync(
    file,
    [...common, ...(sentinel ? [] : ['save ""', 'appendonly yes', 'appendfsync no']), ...lines, ''].join(
      '\n',
    ),
  );
  let child: ChildProcess | undefined;

  async function ask(command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    const redis = new Redis({
      port,
      host: '127.0.0.1',
      password,
      ...(tls === undefined ? {} : { tls: { ca: tls.cert, cert: tls.cert, key: tls.key } }),
      lazyConnect: true,
      retryStrategy: () => null,
    });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await redis.call(command, ...args.map(String));
    } finally {
      redis.disconnect();
    }
  }

  return {
    port,
    ask,
    start: async () => {
      child = spawn(binary, [file, ...(sentinel ? ['--sentinel'] : [])], { stdio: 'ignore' });
      await until(async () => (await ask('ping')) === 'PONG', `redis-server on port ${port} answers`);
    },
    kill: async () => {
      const ending = child;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      await new Promise<void>((resolve) => {
        ending.once('exit', () => resolve());
        ending.kill('SIGKILL');
      });
    },
  };
}

function tlsLines({ certFile, keyFile }: TlsFiles): string[] {
  return [
    `tls-cert-file ${certFile}`,
    `tls-key-file ${keyFile}`,
    `tls-ca-cert-file ${certFile}`,
    'tls-auth-clients yes',
    'tls-replication yes',
  ];
}

async function lowPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port + BUS_PORT_OFFSET < 65_536) return port;
  }
}

/** A master, a replica, and three Sentinels that agree after a second. */
export async function startSentinels(
  processes: RedisProcesses,
  name: string,
  { password, tls }: { readonly password: string; readonly tls?: TlsFiles | undefined },
) {
  const secret = [`requirepass ${password}`, `masterauth ${password}`];
  const options = { password, tls };
  const master = await processes.start(secret, options);
  const replica = await processes.start([...secret, `replicaof 127.0.0.1 ${master.port}`], options);
  await until(
    async () => String(await replica.ask('info', 'replication')).includes('master_link_status:up'),
    'the replica follows',
  );
  const sentinels = await Promise.all(
    [1, 2, 3].map(() =>
      processes.start(
        [
          `sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
          `sentinel down-after-milliseconds ${name} 1000`,
          `sentinel failover-timeout ${name} 5000`,
          `sentinel auth-pass ${name} ${password}`,
          `requirepass ${password}`,
          `sentinel sentinel-pass ${password}`,
        ],
        { ...options, sentinel: true },
      ),
    ),
  );
  for (const sentinel of sentinels) {
    await until(
      async () => String(await sentinel.ask('sentinel', 'ckquorum', name)).startsWith('OK 3'),
      'the Sentinels know each other',
    );
  }
  return { master, replica, sentinels };
}

/** Three masters that share the slots. */
export async function startCluster(processes: RedisProcesses): Promise<readonly RedisProcess[]> {
  const lines = ['cluster-enabled yes', 'cluster-node-timeout 2000'];
  const nodes = await Promise.all([1, 2, 3].map(() => processes.start(lines)));
  const [first] = nodes as [RedisProcess];
  const bounds = [0, 5461, 10_923, 16_384];
  for (const [index, node] of nodes.entries()) {
    await node.ask('cluster', 'addslotsrange', bounds[index] ?? 0, (bounds[index + 1] ?? 0) - 1);
    await node.ask('cluster', 'set-config-epoch', index + 1);
    if (node !== first) await first.ask('cluster', 'meet', '127.0.0.1', node.port);
  }
  for (const node of nodes) {
    await until(
      async () => /cluster_state:ok.*cluster_known_nodes:3/s.test(String(await node.ask('cluster', 'info'))),
      'the Cluster is ready',
    );
  }
  return nodes;
}
