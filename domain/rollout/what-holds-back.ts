import { utcTime } from '../utc-time.ts';
import { currentWave, soakEnd } from './decide-rollout.ts';
import { isHeldBack, isInProgress, type Situation } from './situation.ts';
import type { Wait } from './wait.ts';

/** Why a rollout has not admitted one of its targets, in the order in which it matters; nothing if it has. */
export function whatHoldsBack(situation: Situation, namespace: string, stateReason: string): Wait[] {
  const target = situation.targets.find((each) => each.namespace === namespace);
  if (!target || !isHeldBack(target)) return [];
  const { id, state } = situation.rollout;
  const paused: Wait[] =
    state === 'paused' || target.state === 'paused'
      ? [
          {
            kind: 'paused',
            text: describePause(id, stateReason),
            rolloutId: id,
          },
        ]
      : [];
  return [...paused, ...whyInOrder(situation, namespace, target.wave)];
}

/** The reason of an operator begins with the state. */
function describePause(id: string, stateReason: string): string {
  if (stateReason.startsWith('paused')) return `rollout ${id} is ${stateReason}`;
  return `rollout ${id} is paused: ${stateReason || 'an operator holds it back'}`;
}

function whyInOrder(situation: Situation, namespace: string, wave: number): Wait[] {
  const { rollout, strategy } = situation;
  const current = currentWave(situation) ?? wave;
  const place = describePlace(situation, namespace, { wave, current });
  const waits: Wait[] = [{ kind: 'wave', text: place, rolloutId: rollout.id }];
  const until = soakEnd(situation, current);
  if (until !== undefined && until > situation.now) {
    const text = `wave ${current + 1} of ${strategy.waves.length} soaks until ${utcTime(until)}`;
    waits.push({ kind: 'soak', text, until });
  }
  if (strategy.approval && wave > (rollout.approvedWave ?? 0)) {
    const text = `wave ${wave + 1} needs an approval: skipper rollout approve ${rollout.id}`;
    waits.push({ kind: 'approval', text, rolloutId: rollout.id });
  }
  return [...waits, ...whyFull(situation)];
}

function describePlace(
  { rollout, targets, strategy }: Situation,
  namespace: string,
  { wave, current }: { readonly wave: number; readonly current: number },
): string {
  const waiting = targets
    .filter((target) => target.wave === wave && isHeldBack(target))
    .sort((a, b) => a.order - b.order);
  const place = waiting.findIndex((target) => target.namespace === namespace) + 1;
  const waves = strategy.waves.length;
  const before = current < wave ? `; wave ${current + 1} has not ended` : '';
  return `rollout ${rollout.id} holds it back in wave ${wave + 1} of ${waves}, as number ${place} of ${waiting.length}${before}`;
}

function whyFull({ targets, strategy }: Situation): Wait[] {
  const unended = targets.filter(isInProgress).length;
  if (unended < strategy.maxConcurrency) return [];
  const text = `${unended} targets are in progress, as many as maxConcurrency allows (${strategy.maxConcurrency})`;
  return [{ kind: 'concurrency', text }];
}
