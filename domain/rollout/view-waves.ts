import { countTargets, isOpen, type Rollout, type RolloutTarget } from './rollout.ts';
import type { RolloutStatus, TargetPlan } from './rollout-status.ts';
import type { WavePhase, WaveView } from './rollout-view.ts';

interface PlannedRollout {
  readonly rollout: Pick<Rollout, 'strategy'>;
  /** Undefined for a rollout that was made before its state was stored. */
  readonly status?: Pick<RolloutStatus, 'state' | 'approvedWave'> | undefined;
  readonly targets: ReadonlyMap<string, RolloutTarget>;
  readonly plans: ReadonlyMap<string, TargetPlan>;
}

interface WaveTarget extends RolloutTarget {
  readonly isAdmitted: boolean;
}

/** The waves of a rollout with their counts, and what each does at this time. Empty if it has none. */
export function viewWaves(known: PlannedRollout, now: number): WaveView[] {
  const { strategy } = known.rollout;
  if (strategy === undefined) return [];
  const byWave = groupByWave(known);
  const views: WaveView[] = [];
  for (const [index, wave] of strategy.waves.entries()) {
    const own = byWave.get(index) ?? [];
    const soaksUntil = soakEnd(own, strategy.minSuccessMs);
    const isNext = views.every(({ phase }) => phase === 'ended');
    const needsApproval =
      isNext && strategy.approval && index > 0 && index > (known.status?.approvedWave ?? 0);
    const canContinue = known.status?.state === 'pending' || known.status?.state === 'running';
    views.push({
      ...wave,
      // Namespaces can have joined it.
      size: Math.max(wave.size, own.length),
      counts: countTargets(own),
      admitted: own.filter(({ isAdmitted }) => isAdmitted).length,
      phase: phaseOf(own, {
        isSoaking: (soaksUntil ?? 0) > now,
        needsApproval: needsApproval && canContinue,
      }),
      ...(soaksUntil === undefined ? {} : { soaksUntil }),
    });
  }
  return views;
}

/** A target without a plan was refused: it is in no wave. */
function groupByWave({ targets, plans }: PlannedRollout): Map<number, WaveTarget[]> {
  const groups = new Map<number, WaveTarget[]>();
  for (const [namespace, { wave, admittedAt }] of plans) {
    const target = targets.get(namespace);
    if (target === undefined) continue;
    const own = groups.get(wave) ?? [];
    own.push({ ...target, isAdmitted: admittedAt !== undefined || target.state === 'running' });
    groups.set(wave, own);
  }
  return groups;
}

/** Undefined if a target has not ended, or none of them has to stay verified. */
function soakEnd(targets: readonly WaveTarget[], minSuccessMs: number): number | undefined {
  if (minSuccessMs === 0 || targets.some(({ state }) => isOpen(state))) return undefined;
  const ends = targets.flatMap(({ state, finishedAt }) => (state === 'completed' ? (finishedAt ?? []) : []));
  return ends.length === 0 ? undefined : ends.reduce((a, b) => Math.max(a, b)) + minSuccessMs;
}

function phaseOf(
  targets: readonly WaveTarget[],
  { isSoaking, needsApproval }: { readonly isSoaking: boolean; readonly needsApproval: boolean },
): WavePhase {
  if (targets.every(({ state }) => !isOpen(state))) return isSoaking ? 'soaking' : 'ended';
  if (targets.some(({ isAdmitted }) => isAdmitted)) return 'running';
  return needsApproval ? 'approval' : 'waiting';
}
