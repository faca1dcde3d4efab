import { countTargets, type Rollout, type RolloutTarget } from './rollout.ts';
import type { TargetPlan } from './rollout-status.ts';
import type { WaveView } from './rollout-view.ts';

/** The waves of a rollout, each with the number of its targets in each state. Refused targets are in none. */
export function countWaves(
  { strategy }: Pick<Rollout, 'strategy'>,
  targets: ReadonlyMap<string, RolloutTarget>,
  plans: ReadonlyMap<string, TargetPlan>,
): WaveView[] {
  const inWaves = new Map<number, RolloutTarget[]>();
  for (const [namespace, { wave }] of plans) {
    const target = targets.get(namespace);
    if (target === undefined) continue;
    const own = inWaves.get(wave) ?? [];
    own.push(target);
    inWaves.set(wave, own);
  }
  return (strategy?.waves ?? []).map((wave, index) => ({
    ...wave,
    counts: countTargets(inWaves.get(index) ?? []),
  }));
}
