import ms from 'ms';
import * as z from 'zod';
import { NewerReleaseMode, type ResolvedStrategy, type Wave } from './resolved-strategy.ts';

/** Enough to find a typing error: no rollout needs more. */
const MAX_WAVES = 100;
const MAX_NAMES = 1_000;

/** Milliseconds of a text that `Duration` accepts. */
export function toMs(duration: string): number {
  return Math.round(ms(duration as ms.StringValue));
}

const DURATION = 'must be a duration with its unit, such as 30s, 5m or 1h';
/** One number and one unit, as Kubernetes and Open Cluster Management write it. */
export const Duration = z
  .string({ error: DURATION })
  .regex(/^\d{1,6}(?:\.\d{1,3})?(?:ms|s|m|h|d)$/, { error: DURATION })
  .meta({ id: 'Duration' });

const PERCENTAGE = /^(?:100|\d{1,2}(?:\.\d{1,3})?)%$/;

function countOrPercentage(least: number) {
  const error = `must be a whole number of at least ${least}, or a percentage such as 5%`;
  // Each part needs the text: if the type fits one of them, zod shows the problem of that part.
  return z.union([z.int({ error }).min(least, { error }), z.string({ error }).regex(PERCENTAGE, { error })], {
    error,
  });
}

const CANARY =
  'must be a number of namespaces, {names: [team-a]}, or {selector: {tier: canary}} for labels of the Namespace';
const Labels = z
  .record(z.string().min(1), z.string())
  .refine((labels) => Object.keys(labels).length > 0, { error: 'must have at least one label' })
  .describe('Labels that the Namespace must have, all of them');

const Canary = z.union(
  [
    z.int({ error: CANARY }).min(0, { error: CANARY }),
    z.strictObject({ names: z.array(z.string().min(1)).min(1).max(MAX_NAMES).readonly() }, { error: CANARY }),
    z.strictObject({ selector: Labels }, { error: CANARY }),
  ],
  { error: CANARY },
);

/** Every target is admitted immediately. */
export const All = z.strictObject({ type: z.literal('All') });

/** Each field has a default: `{type: Progressive}` is how releases are rolled out. */
export const Progressive = z.strictObject({
  type: z.literal('Progressive'),
  canary: Canary.default(1).describe('The first wave; 0: none. One failed canary pauses the rollout'),
  waves: z
    .array(countOrPercentage(1))
    .min(1, { error: 'must have at least one wave' })
    .max(MAX_WAVES, { error: `must have at most ${MAX_WAVES} waves` })
    .readonly()
    .default(['5%', '25%', '100%'])
    .superRefine(refuseFalling)
    .describe('How many targets are reached at the end of each wave, canaries included'),
  maxConcurrency: countOrPercentage(1)
    .default(50)
    .describe('How many targets can be admitted and not yet ended'),
  minSuccessTime: Duration.default('60s').describe('How long a target must stay verified'),
  progressDeadline: Duration.default('5m').describe('How long a target can take once it has started'),
  maxFailures: countOrPercentage(0)
    .default('2%')
    .describe(
      'How many targets can fail, per wave and in all; one more pauses the rollout. A percentage above 0 is at least 1',
    ),
  approval: z.boolean().default(false).describe('Each wave after the first waits for an approval'),
  newerRelease: NewerReleaseMode.default('replace'),
});
type Progressive = Readonly<z.infer<typeof Progressive>>;

/** How a rollout reaches its targets, in the words of Open Cluster Management. */
export const Strategy = z
  .discriminatedUnion('type', [All, Progressive], { error: 'must have the type All or Progressive' })
  .meta({ id: 'Strategy' });
export type Strategy = Readonly<z.infer<typeof Strategy>>;

/**
 * `matched`: how many targets the names or the selector of the canary match. If they match none, one other target is the
 * canary: a policy that wants a canary always gets one. Targets beyond the last wave are a further wave.
 */
export function resolveStrategy(strategy: Strategy, total: number, matched = 0): ResolvedStrategy {
  if (strategy.type === 'All') return resolveAll(total);
  return {
    type: strategy.type,
    waves: resolveWaves(strategy, total, Math.min(total, canariesOf(strategy, matched))),
    maxConcurrency: Math.max(1, Math.ceil(share(strategy.maxConcurrency, total))),
    maxFailures: failuresAllowed(strategy.maxFailures, total),
    minSuccessMs: toMs(strategy.minSuccessTime),
    progressDeadlineMs: toMs(strategy.progressDeadline),
    approval: strategy.approval,
  };
}

/** Nothing is held back, so nothing can be stopped: a failure only decides how the rollout ends. */
function resolveAll(total: number): ResolvedStrategy {
  return {
    type: 'All',
    waves: total === 0 ? [] : [{ size: total, isCanary: false, maxFailures: 0 }],
    maxConcurrency: Math.max(1, total),
    maxFailures: 0,
    minSuccessMs: 0,
    approval: false,
  };
}

function canariesOf({ canary }: Progressive, matched: number): number {
  return typeof canary === 'number' ? canary : Math.max(1, matched);
}

function resolveWaves({ waves, maxFailures }: Progressive, total: number, canaries: number): Wave[] {
  const resolved = canaries === 0 ? [] : [{ size: canaries, isCanary: true, maxFailures: 0 }];
  let reached = canaries;
  for (const wave of [...waves, total]) {
    const size = Math.min(total, Math.ceil(share(wave, total))) - reached;
    if (size <= 0) continue;
    resolved.push({ size, isCanary: false, maxFailures: failuresAllowed(maxFailures, size) });
    reached += size;
  }
  return resolved;
}

function failuresAllowed(maxFailures: number | string, total: number): number {
  const allowed = Math.floor(share(maxFailures, total));
  const isSome = typeof maxFailures === 'string' && Number.parseFloat(maxFailures) > 0;
  return isSome ? Math.max(1, allowed) : allowed;
}

function share(part: number | string, total: number): number {
  if (typeof part === 'number') return part;
  // 8.8 % of 375 would be 33.00000000000001, and a wave of 34 targets.
  return Math.round(((Number.parseFloat(part) * total) / 100) * 1e6) / 1e6;
}

/** Counts and percentages cannot be compared with each other until the number of targets is known. */
function refuseFalling(waves: readonly (number | string)[], context: z.RefinementCtx): void {
  for (const [index, wave] of waves.entries()) {
    const before = waves.slice(0, index).findLast((each) => typeof each === typeof wave);
    const isFalling = Number.parseFloat(String(wave)) <= Number.parseFloat(String(before));
    if (!isFalling) continue;
    const message = `must be more than ${before}: waves are cumulative`;
    context.addIssue({ code: 'custom', path: [index], message });
  }
}
