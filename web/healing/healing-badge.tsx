import { HEALING_WORDS } from '../../domain/heal/describe-healing.ts';
import type { HealingState } from '../../domain/heal/healing.ts';
import { HealthIcon } from '../ui/icon.tsx';
import { HEALING_HUES } from './words.ts';

/** The state of healing in a namespace; hovering shows what it means. */
export function HealingBadge({ state }: { state: HealingState }) {
  const { word, meaning } = HEALING_WORDS[state];
  const hue = HEALING_HUES[state];
  return (
    <span class={`health-badge ${hue}`} title={meaning}>
      <HealthIcon health={hue} />
      {word}
    </span>
  );
}
