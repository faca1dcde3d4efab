import { healingWords, isWellAgain } from '../../domain/heal/describe-healing.ts';
import type { NamespaceHealing } from '../../domain/heal/healing.ts';
import { HealthIcon } from '../ui/icon.tsx';
import { HEALING_HUES } from './words.ts';

/** The state of healing in a namespace; hovering shows what it means. */
export function HealingBadge({ healing }: { healing: NamespaceHealing }) {
  const { word, meaning } = healingWords(healing);
  const hue = isWellAgain(healing) ? 'unmanaged' : HEALING_HUES[healing.state];
  return (
    <span class={`health-badge ${hue}`} title={meaning}>
      <HealthIcon health={hue} />
      {word}
    </span>
  );
}
