import { isOpen } from '../../domain/rollout/rollout.ts';
import { progressOf } from '../fleet/rollout-progress.ts';
import { namespaces } from '../fleet/words.ts';
import { firstUpper } from '../ui/first-upper.ts';
import { StackedBar } from '../ui/stacked-bar.tsx';
import type { RolloutStore } from './rollout-store.ts';
import { StateIcon } from './state-icon.tsx';
import { ROLLOUT_WORDS } from './words.ts';

/** Why the rollout is in its state, and what it waits for. */
export function SituationPanel({ store }: { store: RolloutStore }) {
  const { state, stateReason = '', because = '', counts } = store.rollout.value;
  const { hue, meaning } = ROLLOUT_WORDS[state];
  const progress = progressOf(counts);
  // Why a rollout that runs once began is in its timeline.
  const isMoving = isOpen(state) && state !== 'paused';
  const why = (isMoving && because) || stateReason || meaning;
  const [headline = '', ...rest] = sentences(firstUpper(why));
  // A pause by Skipper itself says so already.
  const isMore = state === 'paused' && because !== '' && !/nothing new is admitted/i.test(stateReason);
  return (
    <section class={`panel why ${hue}`} aria-label="Why it is in this state">
      <p class="why-headline" aria-live="polite">
        <StateIcon state={state} />
        <strong>{headline}</strong>
      </p>
      {rest.length === 0 ? null : <p class="situation-now">{rest.join(' ')}</p>}
      {isMore ? <p class="situation-now">Now: {because}.</p> : null}
      <div class="situation-bar">
        <StackedBar parts={progress.parts} total={progress.total} label={progress.inWords} />
      </div>
      <p class="numbers">
        {namespaces(progress.total)}
        {progress.inWords === '' ? '' : `: ${progress.inWords}`}
      </p>
    </section>
  );
}

/** A cause can have dots: a sentence ends before a capital letter. */
function sentences(text: string): string[] {
  return text.split(/(?<=\.) (?=[A-Z])/);
}
