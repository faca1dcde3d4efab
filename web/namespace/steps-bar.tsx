import type { AttemptStep } from '../../domain/rollout/attempt.ts';
import { seriesOf, stepName, took } from './words.ts';

const WIDTH = 1_000;
/** Keeps a step that took no time visible. */
const NARROWEST = 4;
const GAP = 3;

/** Where the time of an attempt went. SVG needs no inline style for its widths. */
export function StepsBar({ steps }: { steps: readonly AttemptStep[] }) {
  const total = steps.reduce((sum, step) => sum + step.ms, 0);
  const label = steps.map((step) => `${step.kind} ${took(step.ms)}`).join(', ');
  let x = 0;
  const room = WIDTH - steps.length * (NARROWEST + GAP);
  return (
    <svg
      class="steps-bar"
      viewBox={`0 0 ${WIDTH} 8`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {steps.map((step) => {
        const width = NARROWEST + (total === 0 ? 0 : (step.ms / total) * Math.max(0, room));
        const at = x;
        x += width + GAP;
        return (
          <rect
            key={`${step.at} ${step.kind}`}
            class={seriesOf(step.kind)}
            x={at}
            y="0"
            width={width}
            height="8"
          >
            <title>{`${stepName(step)} (${took(step.ms)})`}</title>
          </rect>
        );
      })}
    </svg>
  );
}
