import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { World } from './simulated-world.ts';

export const SKIPPER = fileURLToPath(new URL('../../bin/skipper', import.meta.url));
export const NOWHERE = 'http://127.0.0.1:9';

/** A running command. */
export interface Running {
  out(): string;
  err(): string;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Columns of the terminal, if there is one; it merges both outputs. */
  readonly columns?: number;
  /** What the user types. */
  readonly input?: string;
}

/** The command line as a user runs it, against the newest Skipper of a world. */
export interface Cli {
  start(args: readonly string[], options?: RunOptions): Running;
  skipper(args: readonly string[], options?: RunOptions): Promise<Ended>;
  killLater(child: ChildProcess): void;
  killAll(): void;
}

export function createCli(world: Pick<World, 'folder' | 'running'>): Cli {
  const children: ChildProcess[] = [];
  const start: Cli['start'] = (args, options = {}) => {
    const child = spawnSkipper(world, args, options);
    children.push(child);
    return follow(child);
  };
  return {
    start,
    skipper: (args, options) => start(args, options).ended,
    killLater: (child) => {
      children.push(child);
    },
    killAll: () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
    },
  };
}

/** What a terminal shows, without the codes that move and colour. */
export function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes
  return text.replace(/\x1b\[[\d;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}

function spawnSkipper(
  world: Pick<World, 'folder' | 'running'>,
  args: readonly string[],
  { env = {}, columns, input = '' }: RunOptions,
) {
  const [command = '', ...rest] = columns === undefined ? [SKIPPER, ...args] : onTerminal(args, columns);
  const child = spawn(command, rest, {
    env: {
      PATH: process.env.PATH,
      HOME: world.folder,
      TERM: 'xterm',
      SHELL: '/bin/sh',
      SKIPPER_SERVER: world.running().at(-1)?.url ?? NOWHERE,
      ...env,
    },
  });
  // A terminal's input stays open: its end would count as Ctrl-D.
  if (columns === undefined) child.stdin.end(input);
  else child.stdin.write(input);
  return child;
}

/** `script` of util-linux gives a command a pseudo-terminal. */
function onTerminal(args: readonly string[], columns: number): readonly string[] {
  const words = [SKIPPER, ...args].map((word) => `'${word}'`).join(' ');
  return ['script', '-qec', `stty cols ${columns} rows 24; ${words}`, '/dev/null'];
}

function follow(child: ReturnType<typeof spawnSkipper>): Running {
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  return {
    out: () => out,
    err: () => err,
    signal: (signal) => {
      child.kill(signal);
    },
    ended,
  };
}
