import { readFileSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import { describeProblem, parseRolloutPolicy, type RolloutPolicy } from '../domain/rollout/rollout-policy.ts';
import { ConfigurationError } from './config.ts';

/** A mounted ConfigMap takes about a minute to change, so this adds nothing. */
const CHECK_EVERY_MS = 5_000;

/** The policy in use. */
export interface RolloutPolicySource {
  current(): RolloutPolicy;
  /** What is wrong with the file now; the policy that was read before stays in use. */
  problem(): string | undefined;
  /** Calls the listener after each change; returns a function that unsubscribes it. */
  onChange(listener: () => void): () => void;
  stop(): void;
}

/** Reads the file of `--rollout-policy`, again whenever it changes. Throws a ConfigurationError if it is wrong at the start. */
export function openRolloutPolicy(
  path: string | undefined,
  log: Logger,
  { everyMs = CHECK_EVERY_MS } = {},
): RolloutPolicySource {
  if (path === undefined) return NO_FILE;
  const listeners = new Set<() => void>();
  let policy = read(path);
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
      policy = read(path);
      problem = undefined;
      log.info({ path }, 'the rollout policy has changed');
      for (const listener of listeners) listener();
    } catch (error) {
      problem = `${messageOf(error)}; the policy that was read before stays in use`;
      log.error({ path }, problem);
    }
  }, everyMs);
  timer.unref();
  return {
    current: () => policy,
    problem: () => problem,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => clearInterval(timer),
  };
}

const NO_FILE: RolloutPolicySource = {
  current: () => ({}),
  problem: () => undefined,
  onChange: () => () => undefined,
  stop: () => undefined,
};

function read(path: string): RolloutPolicy {
  const result = parseRolloutPolicy(readOrFail(path));
  if (result.ok) return result.policy;
  const lines = result.problems.map((problem) => `  ${describeProblem(problem)}`);
  throw new ConfigurationError([`rollout policy ${path} is wrong:`, ...lines].join('\n'));
}

function readOrFail(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(
      `rollout policy ${path} cannot be read: ${messageOf(error)}; correct --rollout-policy`,
    );
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
