import type { Decision } from './decide-rollout.ts';
import type { RolloutEvent } from './rollout-status.ts';
import type { Situation } from './situation.ts';

/** What a decision adds to the timeline: changes of state, failures, and beginnings of waves; not every admission. */
export function decisionEvent(
  { admit, change, because, fail }: Decision,
  situation: Situation,
): RolloutEvent | undefined {
  const at = situation.now;
  if (change) {
    const { state, reason, failures } = change;
    const namespaces = failures.flatMap((group) => group.namespaces);
    const isStart = state === 'running';
    return {
      at,
      kind: state === 'paused' ? 'paused' : 'decided',
      state,
      by: '',
      reason: isStart ? because : reason,
      ...(namespaces.length > 0 && { namespaces }),
    };
  }
  const { state } = situation.rollout;
  if (fail.length > 0) {
    const namespaces = fail.map(({ namespace }) => namespace);
    return { at, kind: 'decided', state, by: '', reason: fail[0]?.reason ?? '', namespaces };
  }
  const admitted = new Set(admit);
  const wave = situation.targets.find(({ namespace }) => admitted.has(namespace))?.wave;
  const isNewWave =
    wave !== undefined &&
    !situation.targets.some((target) => target.wave === wave && target.admittedAt !== undefined);
  return isNewWave ? { at, kind: 'decided', state, by: '', reason: because } : undefined;
}
