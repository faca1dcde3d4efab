import type { ComponentChild } from 'preact';
import type { TargetState } from '../../domain/rollout/rollout.ts';
import { HealthIcon } from '../ui/icon.tsx';

const RING = <circle cx="8" cy="8" r="6.400" fill="none" stroke="currentColor" stroke-width="1.600" />;

/** Shapes that no health has; each state can be recognized without colour. */
const OWN_SHAPES: Readonly<Partial<Record<TargetState, ComponentChild>>> = {
  paused: (
    <>
      <circle cx="8" cy="8" r="7.200" fill="currentColor" />
      <path d="M6 5v6M10 5v6" stroke="var(--on-mark)" stroke-width="1.800" stroke-linecap="round" />
    </>
  ),
  pending: (
    <>
      {RING}
      <path
        d="M8 4.500V8l2.400 1.600"
        fill="none"
        stroke="currentColor"
        stroke-width="1.600"
        stroke-linecap="round"
      />
    </>
  ),
  cancelled: (
    <>
      {RING}
      <path d="M3.600 12.400l8.800-8.800" stroke="currentColor" stroke-width="1.600" />
    </>
  ),
  superseded: (
    <>
      {RING}
      <path
        d="M5.500 5.500 8 8l-2.500 2.500M8.500 5.500 11 8l-2.500 2.500"
        fill="none"
        stroke="currentColor"
        stroke-width="1.400"
      />
    </>
  ),
};

const HUES: Readonly<Partial<Record<TargetState, string>>> = { paused: 'outdated' };

/** The state of a rollout or of a target; the text beside it says the same. */
export function StateIcon({ state }: { state: TargetState }) {
  const shape = OWN_SHAPES[state];
  if (state === 'completed') return <HealthIcon health="healthy" />;
  if (state === 'failed') return <HealthIcon health="degraded" />;
  if (shape === undefined) return <HealthIcon health="progressing" />;
  return (
    <svg
      class={`icon health ${HUES[state] ?? 'unmanaged'}`}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
    >
      {shape}
    </svg>
  );
}
