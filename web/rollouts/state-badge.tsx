import type { TargetState } from '../../domain/rollout/rollout.ts';
import { StateIcon } from './state-icon.tsx';
import { ROLLOUT_WORDS } from './words.ts';

/** The state of a rollout: shape, word and colour. */
export function StateBadge({ state }: { state: TargetState }) {
  const { word, meaning, hue } = ROLLOUT_WORDS[state];
  return (
    <span class={`health-badge ${hue}`} title={meaning}>
      <StateIcon state={state} />
      {word}
    </span>
  );
}
