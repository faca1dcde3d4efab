import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { type RealWorld, until } from '../../support/real-world.ts';

/** Kills the API server like a crash, and can start it again with the same flags and data. */
export interface ApiServerProcess {
  kill(): Promise<void>;
  /** Resolves when it answers again. */
  start(): Promise<void>;
  /** Ends the process that start() has started, which the control plane does not know. */
  stop(): Promise<void>;
}

export async function findApiServer(world: RealWorld): Promise<ApiServerProcess> {
  const port = new URL(world.controlPlane.url).port;
  const found = await findByFlag(`--secure-port=${port}`);
  const [binary = '', ...flags] = found.commandLine;
  let pid = found.pid;
  let child: ChildProcess | undefined;

  async function kill(): Promise<void> {
    process.kill(pid, 'SIGKILL');
    await until('the API server is gone', () => isGone(pid));
  }

  return {
    kill,
    start: async () => {
      const log = join(world.folder, 'kube-apiserver-again.log');
      const output = openSync(log, 'a');
      child = spawn(binary, flags, { stdio: ['ignore', output, output] });
      pid = child.pid ?? 0;
      await until('the API server is ready again', () => isReady(world)).catch(async (error: unknown) => {
        const lines = (await readFile(log, 'utf8')).trim().split('\n').slice(-15);
        throw new Error(`${String(error)} (exit code ${child?.exitCode})\n${lines.join('\n')}`);
      });
    },
    stop: async () => {
      if (child !== undefined && child.exitCode === null && child.signalCode === null) await kill();
    },
  };
}

/** Drops older versions of all objects, as a cluster does every five minutes. */
export async function compactEtcd({ controlPlane }: RealWorld): Promise<void> {
  const { header } = (await callEtcd(controlPlane.etcdUrl, 'range', {
    key: Buffer.from('none').toString('base64'),
  })) as { readonly header: { readonly revision: string } };
  await callEtcd(controlPlane.etcdUrl, 'compaction', { revision: header.revision, physical: true });
}

async function callEtcd(etcdUrl: string, call: string, body: object): Promise<unknown> {
  const answer = await request(`${etcdUrl}/v3/kv/${call}`, { method: 'POST', body: JSON.stringify(body) });
  return answer.body.json();
}

async function isReady({ admin }: RealWorld): Promise<boolean> {
  return admin.requestText({ method: 'GET', path: '/readyz' }).then(
    () => true,
    () => false,
  );
}

/** Whether it is reaped: while only its first thread has ended (a zombie), the others still hold the port. */
function isGone(pid: number): boolean {
  return !existsSync(`/proc/${pid}`);
}

/** Only our control plane listens on that port, so only its server has that flag. */
async function findByFlag(flag: string): Promise<{ pid: number; commandLine: readonly string[] }> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const commandLine = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (commandLine.includes(flag)) {
      return { pid: Number(entry), commandLine: commandLine.filter((word) => word !== '') };
    }
  }
  throw new Error(`no process has ${flag}`);
}
