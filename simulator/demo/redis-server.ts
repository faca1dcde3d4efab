import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ConfigurationError } from '../../shared/config.ts';
import { freePort } from './free-port.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/** Where a redis-server is installed; undefined where there is none. */
export function findRedisServer(path: string | undefined): string | undefined {
  return [...(path ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
    .map((folder) => join(folder, 'redis-server'))
    .find((file) => existsSync(file));
}

/** Starts a Redis of our own on a loopback port; `appendOnly` makes it keep its data in `directory`. */
export async function startRedisServer(options: {
  path: string | undefined;
  port?: number;
  appendOnly?: boolean;
  directory?: string;
}): Promise<RedisServer> {
  const binary = findRedisServer(options.path);
  if (!binary) {
    throw new ConfigurationError(
      'there is no redis-server: install Debian package redis-server, or set REDIS_URL',
    );
  }
  const port = options.port ?? (await freePort());
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'skipper-redis-')));
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''];
  flags.push('--maxmemory-policy', 'noeviction', '--appendonly', options.appendOnly ? 'yes' : 'no');
  // Each write is handed to the system at once: with everysec, a slow disk can delay that, and a kill would lose it.
  flags.push('--appendfsync', 'no');
  const server = spawn(binary, flags, { stdio: 'ignore' });
  const endWithUs = () => server.kill('SIGKILL');
  process.once('exit', endWithUs);
  await untilAnswering(port, server);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: server.pid ?? 0,
    stop: async () => {
      process.off('exit', endWithUs);
      await ended(server);
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Only ends hangs: one that has ended is noticed at once. */
const START_TIMEOUT_MS = 60_000;

async function untilAnswering(port: number, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (server.exitCode !== null || server.signalCode !== null || Date.now() > deadline) {
      throw new ConfigurationError(`redis-server did not start on port ${port}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    // A stopped (SIGSTOP) server hears nothing but this.
    server.kill('SIGKILL');
  });
}
