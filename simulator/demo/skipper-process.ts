import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { flagOf, SETTING_NAMES } from '../../shared/config.ts';
import { isReadBy, type ProcessName } from '../../shared/setting-readers.ts';

/** The command as users start it, next to the build: tests and the demo run the real product. */
const SKIPPER = fileURLToPath(new URL('../../bin/skipper', import.meta.url)).replace('/dist/bin/', '/bin/');
const KEPT_LINES = 5_000;

export interface SkipperProcess {
  readonly pid: number;
  /** `http://127.0.0.1:PORT` of the API, or of a worker's health. */
  readonly url: string;
  /** What it has printed, standard output and error. */
  lines(): readonly string[];
  /** Resolves when /readyz says so. Throws with the last answer and log lines after `timeoutMs`. */
  ready(timeoutMs?: number): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** SIGTERM, and SIGKILL after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

export interface SkipperProcessOptions {
  readonly command: ProcessName;
  /** Port of the API, or of a worker's health. */
  readonly port: number;
  /** Further flags: `{ 'redis-url': '…', 'manage-rbac': true }`; flags that this process does not read are left out. */
  readonly flags: Readonly<Record<string, string | number | boolean | undefined>>;
  /** The whole environment, PATH included. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine?: (line: string) => void;
}

/** Starts `skipper api`, `worker` or `standalone` as a process of its own. */
export function startSkipperProcess(options: SkipperProcessOptions): SkipperProcess {
  const flags = { ...options.flags, [options.command === 'worker' ? 'worker-port' : 'port']: options.port };
  const child = spawn(SKIPPER, [options.command, ...argumentsOf(flags, options.command)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...options.env },
  });
  const url = `http://127.0.0.1:${options.port}`;
  const kept: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      kept.push(line);
      if (kept.length > KEPT_LINES) kept.shift();
      options.onLine?.(line);
    });
  }
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  // Not `exit`: its last lines can follow.
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => {
      process.off('exit', endWithUs);
      resolve({ code, signal });
    });
  });

  async function ready(timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let last = 'no answer';
    while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
      const response = await fetch(`${url}/readyz`).catch(() => undefined);
      if (response?.ok) return;
      if (response) last = await response.text();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error([`skipper ${options.command} is not ready: ${last}`, ...kept.slice(-20)].join('\n'));
  }

  return {
    pid: child.pid ?? 0,
    url,
    lines: () => kept,
    ready,
    signal: (signal) => {
      child.kill(signal);
    },
    exited,
    stop: async (graceMs = 30_000) => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Flags as the words of a command line, without those that are false or undefined or that the process does not read. */
export function argumentsOf(flags: SkipperProcessOptions['flags'], command: ProcessName): string[] {
  const foreign = new Set(SETTING_NAMES.filter((name) => !isReadBy(command, name)).map(flagOf));
  return Object.entries(flags).flatMap(([flag, value]) => {
    if (value === undefined || value === false || foreign.has(flag)) return [];
    return value === true ? [`--${flag}`] : [`--${flag}`, String(value)];
  });
}
