import type { Logger } from 'pino';
import { describeProblem, parseRolloutPolicy, type RolloutPolicy } from '../domain/rollout/rollout-policy.ts';
import { noFile, type WatchedFile, watchFile } from './watched-file.ts';

/** The policy in use. */
export type RolloutPolicySource = WatchedFile<RolloutPolicy>;

/** Reads the file of `--rollout-policy`, again whenever it changes. Throws a ConfigurationError if it is wrong at the start. */
export function openRolloutPolicy(
  path: string | undefined,
  log: Logger,
  { everyMs }: { readonly everyMs?: number } = {},
): RolloutPolicySource {
  if (path === undefined) return noFile({});
  return watchFile({
    path,
    name: 'rollout policy',
    short: 'policy',
    flag: '--rollout-policy',
    parse: (text) => {
      const result = parseRolloutPolicy(text);
      return result.ok
        ? { ok: true, content: result.policy }
        : { ok: false, problems: result.problems.map(describeProblem) };
    },
    log,
    everyMs,
  });
}
