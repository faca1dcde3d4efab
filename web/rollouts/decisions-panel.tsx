import type { RolloutEvent } from '../../domain/rollout/rollout-status.ts';
import { namespaces } from '../fleet/words.ts';
import { Section } from '../namespace/section.tsx';
import { Ago } from '../ui/moment.tsx';
import type { RolloutStore } from './rollout-store.ts';
import { StateIcon } from './state-icon.tsx';
import { eventWords, ROLLOUT_WORDS } from './words.ts';

const NAMED = 10;
/** The others are folded away. */
const SHOWN = 12;

/** What was decided, by whom and why; newest first. */
export function DecisionsPanel({ store }: { store: RolloutStore }) {
  const { events = [] } = store.rollout.value;
  if (events.length === 0) return null;
  const rest = events.slice(SHOWN);
  return (
    <Section id="decisions" title="Timeline of decisions" aside="latest first">
      <Events store={store} events={events.slice(0, SHOWN)} />
      {rest.length === 0 ? null : (
        <details class="earlier">
          <summary>{rest.length} earlier</summary>
          <Events store={store} events={rest} />
        </details>
      )}
    </Section>
  );
}

function Events({ store, events }: { store: RolloutStore; events: readonly RolloutEvent[] }) {
  return (
    <ol class="timeline">
      {events.map((event, index) => (
        <li key={`${event.at} ${events.length - index}`} class={`attempt ${ROLLOUT_WORDS[event.state].hue}`}>
          <StateIcon state={event.state} />
          <div class="attempt-body">
            <p class="attempt-head">
              <strong>{eventWords(event)}</strong>
              <span class="attempt-time muted numbers">
                <Ago at={event.at} now={store.now} />
              </span>
            </p>
            {event.reason === '' ? null : <p class="attempt-reason">{event.reason}</p>}
            <About names={event.namespaces ?? []} />
          </div>
        </li>
      ))}
    </ol>
  );
}

function About({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null;
  const rest = names.length - NAMED;
  return (
    <p class="muted">
      {namespaces(names.length)}: {names.slice(0, NAMED).join(', ')}
      {rest > 0 ? ` and ${rest} more` : ''}
    </p>
  );
}
