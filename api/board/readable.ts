import type { Phase } from '../../domain/rollout/phase.ts';
import type { Outcome } from '../../domain/rollout/rollout.ts';

/** Progress of a run when it enters a phase, in percent. */
const PERCENT: Readonly<Partial<Record<Phase, number>>> = {
  planning: 5,
  applying: 15,
  bootstrapping: 30,
  'collecting the bootstrap log': 45,
  'waiting for FDD': 50,
  'rolling out': 75,
  done: 100,
};

const OUTCOMES: Readonly<Record<Outcome, (version: string) => string>> = {
  created: (version) => `created with ${version}`,
  updated: (version) => `updated to ${version}`,
  redeployed: (version) => `redeployed ${version}`,
  bootstrapped: (version) => `bootstrapped with ${version}`,
  restarted: (version) => `restarted with ${version}`,
  verified: (version) => `verified ${version}`,
  unchanged: (version) => `unchanged at ${version}`,
  skipped: () => 'skipped',
};

/** A deploy's progress with the percentage that the board draws. */
export function readableProgress(progress: unknown): unknown {
  const phase = fieldOf(progress, 'phase');
  const percent = typeof phase === 'string' ? PERCENT[phase as Phase] : undefined;
  return percent === undefined ? progress : { ...(progress as object), progress: percent };
}

/** A deploy's result with one sentence in front of it. */
export function readableDeployResult(result: unknown): unknown {
  return withSummary(result, deploySummary(result));
}

/** The result of a release check or a repair with one sentence in front of it. */
export function readableCheckResult(result: unknown): unknown {
  return withSummary(result, checkSummary(result));
}

/** A decision about a rollout with one sentence in front of it. */
export function readableDecision(result: unknown): unknown {
  const because = fieldOf(result, 'because');
  const admitted = fieldOf(result, 'admitted');
  if (typeof because !== 'string') return result;
  const what = typeof admitted === 'number' && admitted > 0 ? `${admitted} admitted; ` : '';
  return withSummary(result, what + because);
}

/** A delivery with one sentence in front of it. */
export function readableDelivery(result: unknown): unknown {
  const tries = fieldOf(result, 'tries');
  if (typeof tries !== 'number') return result;
  return withSummary(result, tries === 1 ? 'delivered' : `delivered at try ${tries}`);
}

function deploySummary(result: unknown): string | undefined {
  const outcome = fieldOf(result, 'outcome');
  const reason = fieldOf(result, 'reason');
  if (outcome === 'nothing new') return 'nothing new was requested';
  if (outcome === 'skipped') return typeof reason === 'string' ? reason : 'skipped';
  const sentence = OUTCOMES[outcome as Outcome]?.(String(fieldOf(result, 'version') ?? ''));
  const durationMs = fieldOf(result, 'durationMs');
  if (sentence === undefined || typeof durationMs !== 'number') return sentence;
  return `${sentence} in ${(durationMs / 1000).toFixed(1)} s`;
}

function checkSummary(result: unknown): string | undefined {
  const repaired = fieldOf(result, 'repaired');
  const channels = fieldOf(result, 'channels');
  const requeued = typeof repaired === 'number' && repaired > 0 ? `${repaired} lost jobs queued again` : '';
  if (!Array.isArray(channels)) return requeued || (repaired === 0 ? 'no lost jobs' : undefined);
  const problems = channels.filter((channel) => fieldOf(channel, 'problem') !== undefined).length;
  const rolloutId = fieldOf(result, 'rolloutId');
  const retryId = fieldOf(result, 'retryRolloutId');
  return [
    `${channels.length} channels read`,
    problems > 0 ? `${problems} with a problem` : '',
    `${fieldOf(result, 'outdated')} of ${fieldOf(result, 'namespaces')} namespaces outdated`,
    rolloutId === undefined ? '' : `rollout ${rolloutId}`,
    retryId === undefined ? '' : `retried in rollout ${retryId}`,
    requeued,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function withSummary(result: unknown, summary: string | undefined): unknown {
  return summary === undefined ? result : { summary, ...(result as object) };
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
}
