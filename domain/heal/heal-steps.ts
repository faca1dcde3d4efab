import type { Repair } from '../rollout/repair.ts';
import { isOpen, type RolloutTarget } from '../rollout/rollout.ts';
import { HOUR_MS } from '../time-parts.ts';
import type { HealingStep, NamespaceHealing } from './healing.ts';
import type { Rule } from './rule.ts';

export function isUnderWay({ endedAt }: HealingStep): boolean {
  return endedAt === undefined;
}

type Climb = Pick<NamespaceHealing, 'steps' | 'since' | 'ladderSince'>;

/** When its ladder began: it fell sick, or a quarantine has ended since then. */
export function ladderStart({ since, ladderSince = since }: Omit<Climb, 'steps'>): number {
  return Math.max(since, ladderSince);
}

/** The steps since its ladder began; earlier ones are only remembered. */
export function ladderSteps(healing: Climb): readonly HealingStep[] {
  return healing.steps.filter(({ at }) => at >= ladderStart(healing));
}

/** What counts as tried for a rule: the steps since its ladder began, and those after which the rule has come back. */
export function triedSteps({ steps, ...climb }: Climb, rule: Rule): readonly HealingStep[] {
  const { since, ladderSince = 0 } = climb;
  return steps.filter((step) => step.at >= ladderSince && (step.at >= since || step.rule === rule));
}

/** The steps within the last hour. */
export function recentSteps(steps: readonly HealingStep[], now: number): readonly HealingStep[] {
  return steps.filter(({ at }) => now - at < HOUR_MS);
}

/** True for a step that was decided, and whose rollout is not known: the worker died, or is about to request it. */
export function isUnrequested({ rolloutId, endedAt }: HealingStep): boolean {
  return rolloutId === undefined && endedAt === undefined;
}

/** Notes the rollout of the steps that were decided at a time. */
export function withRollout(healing: NamespaceHealing, at: number, rolloutId: string): NamespaceHealing {
  return changeStep(healing, (step) =>
    isUnrequested(step) && step.at === at ? { ...step, rolloutId } : step,
  );
}

/** A decision that is older is not carried out any more: what it was based on has changed, and so has what the cap counts. */
export const STALE_DECISION_MS = 60_000;

/** The unrequested steps for which there is a reason against them will not be carried out any more. */
export function withoutUnrequested(
  healing: NamespaceHealing,
  whyNot: (step: HealingStep) => string | undefined,
  now: number,
): NamespaceHealing {
  return changeStep(healing, (step) => {
    const reason = isUnrequested(step) ? whyNot(step) : undefined;
    if (reason === undefined) return step;
    return { ...step, endedAt: now, end: 'cancelled', result: `not carried out: ${reason}` };
  });
}

/** Notes how the step of a rollout ended; `target` is undefined if Redis has lost it. */
export function withResult(
  healing: NamespaceHealing,
  rolloutId: string,
  target: RolloutTarget | undefined,
  now: number,
): NamespaceHealing {
  if (target && isOpen(target.state)) return healing;
  const { state, reason, outcome } = target ?? { state: 'superseded', reason: 'its rollout is lost' };
  const result = state === 'completed' ? (outcome ?? state) : `${state}: ${reason ?? ''}`;
  // Not when the run says that it ended: its worker's clock can be wrong, and the next wait counts from here.
  const ended = { endedAt: now, end: state, result } as const;
  return changeStep(healing, (step) =>
    step.rolloutId === rolloutId && step.endedAt === undefined ? { ...step, ...ended } : step,
  );
}

/** What the rollout of an unrequested step carries out. */
export function repairOf({ findings, steps }: NamespaceHealing, pods: readonly string[]): Repair | undefined {
  const step = steps.find(isUnrequested);
  if (!step) return undefined;
  const { means, rule } = step;
  const evidence = (findings.find((finding) => finding.rule === rule) ?? findings[0])?.evidence ?? rule;
  return { means, rule, evidence, ...(means === 'restart' && pods.length > 0 && { pods }) };
}

function changeStep(healing: NamespaceHealing, change: (step: HealingStep) => HealingStep): NamespaceHealing {
  const steps = healing.steps.map(change);
  return steps.every((step, index) => step === healing.steps[index]) ? healing : { ...healing, steps };
}
