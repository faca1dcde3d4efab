import { plural } from '../plural.ts';
import { describeFailures, groupFailures } from './group-failures.ts';
import type { FailureGroup } from './rollout-status.ts';
import { type DecidedTarget, isCountedFailure, isOver, type Situation } from './situation.ts';

/** Why a rollout must not reach more targets, and what failed, grouped by cause. */
export interface Stop {
  readonly reason: string;
  readonly failures: readonly FailureGroup[];
}

/** Undefined as long as the failures are within the budget, and a canary has proved the release. */
export function whyStop(situation: Situation): Stop | undefined {
  const { id } = situation.rollout;
  const spent = spentBudget(situation);
  if (spent) {
    const failures = groupFailures(spent.failures);
    const advice = `Roll back (skipper rollback ${id}), or correct the cause and retry what failed (skipper rollout retry ${id}), or resume or cancel.`;
    const reason = `${spent.what}: ${describeFailures(failures)}. Nothing new is admitted. ${advice}`;
    return { reason, failures };
  }
  const unproved = unprovedCanary(situation);
  if (unproved === undefined) return undefined;
  const advice = `Resume to continue without a canary (skipper rollout resume ${id}), or cancel.`;
  return { reason: `${unproved}. Nothing new is admitted. ${advice}`, failures: [] };
}

interface SpentBudget {
  readonly what: string;
  readonly failures: readonly DecidedTarget[];
}

/** The failures that are more than the strategy allows. */
export function spentBudget({ targets, strategy }: Situation): SpentBudget | undefined {
  const failures = targets.filter(isCountedFailure);
  for (const [wave, { maxFailures, isCanary }] of strategy.waves.entries()) {
    const own = failures.filter((target) => target.wave === wave);
    if (own.length <= maxFailures) continue;
    const place = `wave ${wave + 1} of ${strategy.waves.length}`;
    const what = isCanary
      ? `${countOf(own)} of the canary failed`
      : `${countOf(own)} of ${place} failed, more than maxFailures allows per wave (${maxFailures})`;
    return { what, failures: own };
  }
  if (failures.length <= strategy.maxFailures) return undefined;
  return {
    what: `${countOf(failures)} failed, more than maxFailures allows in all (${strategy.maxFailures})`,
    failures,
  };
}

/** A canary that was cancelled or superseded says nothing about the release. */
function unprovedCanary(situation: Situation): string | undefined {
  const wave = situation.strategy.waves.findIndex(({ isCanary }) => isCanary);
  const canaries = situation.targets.filter((target) => target.wave === wave);
  if (canaries.length === 0 || !canaries.every((target) => isOver(target, situation))) return undefined;
  if (canaries.some(({ state, isExcused }) => state === 'completed' || isExcused)) return undefined;
  const states = canaries.map(({ namespace, state }) => `${namespace} is ${state}`);
  return `the canary has proved nothing: ${states.join(', ')}`;
}

function countOf({ length }: readonly unknown[]): string {
  return plural(length, 'target');
}
