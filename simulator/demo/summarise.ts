import { oneLine } from '../../cli/text/lines.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import type { DemoNamespace } from './plan-fleet.ts';

/** The last line of `npm run demo -- --once`, for machines. */
export interface DemoSummary {
  readonly simulated: boolean;
  readonly namespaces: number;
  /** Namespaces without a fault. */
  readonly healthy: number;
  readonly verified: number;
  readonly bootstrapped: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly failed: readonly { readonly namespace: string; readonly reason: string }[];
  readonly expectedFailures: number;
  /** From the request to the end of the last namespace. */
  readonly seconds: number;
  /** Up to the last one that was verified: what fails may take until its deadline. */
  readonly verifiedPerSecond: number;
  readonly rollout: string;
}

const UPDATES: readonly (string | undefined)[] = ['created', 'updated', 'redeployed'];

export function summarise(
  rollout: RolloutView,
  fleet: readonly DemoNamespace[],
  isSimulated: boolean,
): DemoSummary {
  const { targets, createdAt } = rollout;
  const verified = targets.filter(({ state }) => state === 'completed');
  const finished = (some: typeof targets) =>
    Math.max(createdAt, ...some.map((target) => target.finishedAt ?? 0));
  const misbehaving = fleet.filter(({ fault }) => fault !== undefined).length;
  return {
    simulated: isSimulated,
    namespaces: fleet.length,
    healthy: fleet.length - misbehaving,
    verified: verified.length,
    bootstrapped: verified.filter(({ outcome }) => outcome === 'bootstrapped').length,
    updated: verified.filter(({ outcome }) => UPDATES.includes(outcome)).length,
    unchanged: verified.filter(({ outcome }) => outcome === 'unchanged').length,
    failed: targets
      .filter(({ state }) => state !== 'completed')
      .map((target) => ({ namespace: target.namespace, reason: oneLine(target.reason) || target.state })),
    expectedFailures: misbehaving,
    seconds: rounded((finished(targets) - createdAt) / 1_000),
    verifiedPerSecond: rounded(verified.length / Math.max(0.001, (finished(verified) - createdAt) / 1_000)),
    rollout: rollout.id,
  };
}

/** What did not end as it had to: healthy namespaces that were not verified, misbehaving ones that did not fail. */
export function surprises(rollout: RolloutView, fleet: readonly DemoNamespace[]): readonly string[] {
  const states = new Map<string, string>(rollout.targets.map(({ namespace, state }) => [namespace, state]));
  return fleet.flatMap(({ name, fault }) => {
    const state = states.get(name) ?? 'missing';
    const expected = fault === undefined ? 'completed' : 'failed';
    if (state === expected) return [];
    const what = fault === undefined ? 'is healthy' : `has the fault ${fault.kind}`;
    return [`${name} ${what}, and its deployment is ${state}`];
  });
}

export function isAllVerified({ verified, namespaces }: DemoSummary): boolean {
  return verified === namespaces;
}

/** `17 of 20 namespaces verified in 30.14 s (3.25/s): 2 bootstrapped, 15 updated; 3 expected to fail` */
export function describeSummary(summary: DemoSummary): string {
  const { verified, namespaces, seconds, verifiedPerSecond, expectedFailures } = summary;
  const outcomes = (['bootstrapped', 'updated', 'unchanged'] as const)
    .filter((outcome) => summary[outcome] > 0)
    .map((outcome) => `${summary[outcome]} ${outcome}`);
  const how = outcomes.length === 0 ? '' : `: ${outcomes.join(', ')}`;
  const expected = expectedFailures === 0 ? '' : `; ${expectedFailures} expected to fail`;
  return `${verified} of ${namespaces} namespaces verified in ${seconds} s (${verifiedPerSecond}/s)${how}${expected}`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
