import { plural } from '../../domain/plural.ts';
import { describeDuration } from '../../domain/rollout/describe-duration.ts';
import type { ResolvedStrategy, Wave } from '../../domain/rollout/resolved-strategy.ts';
import type { RolloutHead } from '../../domain/rollout/rollout-view.ts';

const NEWER_RELEASE = {
  replace: 'a newer release replaces what is pending',
  finish: 'a newer release waits for its end',
  ask: 'a newer release waits for a decision',
} as const;

/** `Progressive: a canary of 1, then 9, 40 and 150 namespaces; at most 50 in progress; …` */
export function describeStrategy({
  trigger,
  strategy,
  newerRelease,
}: Pick<RolloutHead, 'strategy' | 'newerRelease'> & Partial<Pick<RolloutHead, 'trigger'>>): string {
  if (trigger === 'unknown') return 'not known';
  if (strategy === undefined || strategy.type === 'All') return 'All: every namespace at once';
  const rules = [
    describeWaves(strategy.waves),
    `at most ${strategy.maxConcurrency} in progress`,
    ...describeTimes(strategy),
    describeBudget(strategy),
    ...(strategy.approval ? ['each wave after the first needs an approval'] : []),
    ...(newerRelease === undefined ? [] : [NEWER_RELEASE[newerRelease]]),
  ];
  return `Progressive: ${rules.join('; ')}`;
}

function describeWaves(waves: readonly Wave[]): string {
  const [first, ...others] = waves;
  if (first === undefined) return 'no namespaces';
  const canary = first.isCanary ? `a canary of ${first.size}` : undefined;
  const sizes = (canary === undefined ? waves : others).map(({ size }) => String(size));
  if (sizes.length === 0) return canary ?? '';
  const noun = sizes.length === 1 && sizes[0] === '1' ? 'namespace' : 'namespaces';
  return [...(canary === undefined ? [] : [canary]), `${listed(sizes)} ${noun}`].join(', then ');
}

function describeBudget({ waves, maxFailures }: ResolvedStrategy): string {
  const canary = waves[0]?.isCanary ? ', or a failed canary,' : '';
  return `more than ${plural(maxFailures, 'failure')} in all${canary} pauses it`;
}

function describeTimes({ minSuccessMs, progressDeadlineMs }: ResolvedStrategy): string[] {
  return [
    ...(minSuccessMs > 0 ? [`each must stay verified for ${describeDuration(minSuccessMs)}`] : []),
    ...(progressDeadlineMs === undefined
      ? []
      : [`each must be verified within ${describeDuration(progressDeadlineMs)}`]),
  ];
}

/** `9, 40 and 150` */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
