import { HEALTHS } from '../../domain/fleet/fleet-row.ts';
import { HealthIcon } from '../ui/icon.tsx';
import { StackedBar } from '../ui/stacked-bar.tsx';
import type { FleetStore } from './fleet-store.ts';
import { toggleHealth } from './selection.ts';
import { SelectionLink } from './selection-link.tsx';
import { HEALTH_WORDS, number } from './words.ts';

/** The fleet in numbers; each is a filter, and several can be combined. */
export function HealthTiles({ store }: { store: FleetStore }) {
  const { byHealth, namespaces } = store.summary.value;
  const selection = store.selection.value;
  const parts = HEALTHS.map((health) => ({
    key: health,
    count: byHealth[health] ?? 0,
    className: `fill ${health}`,
  }));
  const inWords = parts
    .map(({ key, count }) => `${count} ${HEALTH_WORDS[key].word.toLowerCase()}`)
    .join(', ');
  return (
    <section class="panel tiles-panel" aria-label="Health">
      <ul class="tiles">
        {parts.map(({ key, count }) => (
          <li key={key}>
            <SelectionLink
              store={store}
              to={toggleHealth(selection, key)}
              class={`tile ${key}${count === 0 ? ' zero' : ''}`}
              title={HEALTH_WORDS[key].meaning}
              isCurrent={selection.health.includes(key)}
            >
              <HealthIcon health={key} />
              <span class="tile-count numbers">{number(count)}</span>
              <span class="tile-word">{HEALTH_WORDS[key].word}</span>
            </SelectionLink>
          </li>
        ))}
      </ul>
      <StackedBar parts={parts} total={namespaces} label={inWords} />
    </section>
  );
}
