import './fake-one-realm.ts';
import { Command } from 'commander';
import { createLogger } from '../../bin/logger.ts';
import { runService } from '../../bin/serve.ts';
import { settingsFrom, withSettings } from '../../bin/setting-options.ts';
import { messageOf } from '../../domain/errors.ts';
import {
  argumentsOf,
  type SkipperProcess,
  type SkipperProcessOptions,
} from '../../simulator/demo/skipper-process.ts';
import { UNTIL_TIMEOUT_MS } from './until.ts';

const PARTS = { api: ['api'], worker: ['worker'], standalone: ['api', 'worker'] } as const;
const KEPT_LINES = 5_000;

/**
 * Runs `skipper api`, `worker` or `standalone` with the same flags inside this process: no boot time, same wire behaviour.
 * SIGTERM stops it gracefully. It cannot test what needs a process (other signals, memory, variables that a library
 * reads).
 */
export function startSkipperHere(options: SkipperProcessOptions): SkipperProcess {
  const { command, port } = options;
  const url = `http://127.0.0.1:${port}`;
  const kept: string[] = [];
  let end = () => {};
  const signalled = new Promise<undefined>((resolve) => {
    end = () => resolve(undefined);
  });
  let running = true;
  const exited = run(options, keep, signalled).then((code) => {
    running = false;
    return { code, signal: null };
  });

  function keep(text: string): void {
    for (const line of text.trimEnd().split('\n')) {
      kept.push(line);
      if (kept.length > KEPT_LINES) kept.shift();
      options.onLine?.(line);
    }
  }

  async function ready(timeoutMs = UNTIL_TIMEOUT_MS): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let last = 'no answer';
    while (Date.now() < deadline && running) {
      const response = await fetch(`${url}/readyz`).catch(() => undefined);
      if (response) last = await response.text();
      if (response?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error([`skipper ${command} is not ready: ${last}`, ...kept.slice(-20)].join('\n'));
  }

  return {
    pid: process.pid,
    url,
    lines: () => kept,
    ready,
    signal: (signal) => {
      if (signal !== 'SIGTERM') throw new Error(`${signal} needs a process: start with process: true`);
      end();
    },
    exited,
    stop: async (graceMs = UNTIL_TIMEOUT_MS) => {
      end();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        const refuse = () => reject(new Error(`${url} did not end within ${graceMs} ms`));
        timer = setTimeout(refuse, graceMs);
      });
      await Promise.race([exited, late]).finally(() => clearTimeout(timer));
    },
  };
}

/** Resolves with the exit code of the command. */
async function run(
  { command, port, flags, env }: SkipperProcessOptions,
  write: (text: string) => void,
  signalled: Promise<undefined>,
): Promise<number> {
  try {
    const given = parsed(command, { ...flags, [command === 'worker' ? 'worker-port' : 'port']: port });
    const settings = settingsFrom(command, given, env);
    const log = createLogger({ format: settings.logFormat, debug: settings.debug }, { write });
    const service = { name: command, parts: PARTS[command], version: '0.0.0' };
    return await runService(service, settings, { log, signalled });
  } catch (error) {
    write(`skipper: ${messageOf(error)}`);
    return 1;
  }
}

/** The flags as the command line reads them. */
function parsed(
  command: SkipperProcessOptions['command'],
  flags: SkipperProcessOptions['flags'],
): Record<string, unknown> {
  const words = argumentsOf(flags, command);
  return withSettings(new Command().exitOverride(), command).parse(words, { from: 'user' }).opts();
}
