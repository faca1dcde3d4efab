import { readFileSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { ConfigurationError } from './config.ts';

/** A mounted ConfigMap takes about a minute to change, so this adds nothing. */
const CHECK_EVERY_MS = 5_000;

/** A file of settings that is read again whenever it changes. */
export interface WatchedFile<Content> {
  current(): Content;
  /** When it was read, in milliseconds since the epoch. */
  readAt(): number;
  /** What is wrong with the file now; the content that was read before stays in use. */
  problem(): string | undefined;
  /** Calls the listener after each change; returns a function that unsubscribes it. */
  onChange(listener: () => void): () => void;
  stop(): void;
}

export interface WatchedFileOptions<Content> {
  readonly path: string;
  /** As people call it: `rollout policy`. */
  readonly name: string;
  /** The last word of the name. */
  readonly short: string;
  /** `--rollout-policy` */
  readonly flag: string;
  /** The content, or a line for each mistake. */
  readonly parse: (
    text: string,
  ) =>
    | { readonly ok: true; readonly content: Content }
    | { readonly ok: false; readonly problems: readonly string[] };
  readonly log: Logger;
  readonly everyMs?: number | undefined;
}

/** Throws a ConfigurationError if the file is wrong at the start. */
export function watchFile<Content>(options: WatchedFileOptions<Content>): WatchedFile<Content> {
  const { path, name, short, log, everyMs = CHECK_EVERY_MS } = options;
  const listeners = new Set<() => void>();
  let content = read(options);
  let readAt = Date.now();
  let stamp = stampOf(path);
  let seen = stamp;
  let problem: string | undefined;
  const timer = setInterval(() => {
    const now = stampOf(path);
    const isStill = now === seen;
    seen = now;
    // A file that is just being written is read when it is whole.
    if (now === stamp || !isStill) return;
    stamp = now;
    try {
      content = read(options);
      readAt = Date.now();
      problem = undefined;
      log.info({ path }, `the ${name} has changed`);
      for (const listener of listeners) listener();
    } catch (error) {
      problem = `${messageOf(error)}; the ${short} that was read before stays in use`;
      log.error({ path }, problem);
    }
  }, everyMs);
  timer.unref();
  return {
    current: () => content,
    readAt: () => readAt,
    problem: () => problem,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => clearInterval(timer),
  };
}

/** In place of a file that is not configured. */
export function noFile<Content>(content: Content): WatchedFile<Content> {
  const readAt = Date.now();
  return {
    current: () => content,
    readAt: () => readAt,
    problem: () => undefined,
    onChange: () => () => undefined,
    stop: () => undefined,
  };
}

function read<Content>({ path, name, flag, parse }: WatchedFileOptions<Content>): Content {
  const result = parse(readOrFail(path, name, flag));
  if (result.ok) return result.content;
  const lines = result.problems.map((problem) => `  ${problem}`);
  throw new ConfigurationError([`${name} ${path} is wrong:`, ...lines].join('\n'));
}

function readOrFail(path: string, name: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`${name} ${path} cannot be read: ${messageOf(error)}; correct ${flag}`);
  }
}

/** Differs when the file has changed; follows links, which is how a mounted ConfigMap changes. */
function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return [mtimeMs, size, ino].join(' ');
  } catch {
    return '';
  }
}
