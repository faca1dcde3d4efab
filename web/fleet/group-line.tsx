import { HealthIcon, Icon } from '../ui/icon.tsx';
import type { Item } from './fleet-list.ts';
import type { FleetStore } from './fleet-store.ts';
import { SelectionLink } from './selection-link.tsx';
import { namespaces } from './words.ts';

interface GroupLineProps {
  readonly store: FleetStore;
  readonly item: Extract<Item, { kind: 'group' }>;
  readonly index: number;
  readonly measure: (line: HTMLElement | null) => void;
  readonly actions: GroupActions;
}

export interface GroupActions {
  readonly unfold: (cause: string) => void;
  readonly checkGroup: (cause: string) => void;
  readonly deployGroup: (cause: string) => void;
}

/** All namespaces with the same cause, to unfold, select or deploy together. */
export function GroupLine({ store, item, index, measure, actions }: GroupLineProps) {
  const { cause, health } = item.group;
  const isUnfolded = store.unfolded.value.has(cause);
  const members = store.members(cause);
  const checked = store.checked.value;
  const isChecked = members.length > 0 && members.every((namespace) => checked.has(namespace));
  const words = cause === '' ? 'no cause reported' : cause;
  return (
    <tr class={`line group ${health}`} aria-rowindex={index + 2} data-index={index} ref={measure}>
      <td class="cell check needs-script">
        <input
          type="checkbox"
          aria-label={`Select ${namespaces(item.size)}: ${words}`}
          checked={isChecked}
          onClick={() => actions.checkGroup(cause)}
        />
      </td>
      <td class="cell group-title">
        <button
          type="button"
          class="fold needs-script"
          aria-expanded={isUnfolded}
          onClick={() => actions.unfold(cause)}
        >
          <Icon name="chevron" />
          <HealthIcon health={health} />
          <span class="group-count numbers">{namespaces(item.size)}</span>
          <span class="group-cause">{words}</span>
        </button>
        {cause === '' ? null : (
          <SelectionLink
            store={store}
            class="group-only"
            to={{ ...store.selection.value, cause, grouped: false }}
            title="Show only these"
          >
            <span class="without-script">
              {namespaces(item.size)}: {cause}{' '}
            </span>
            Only these
          </SelectionLink>
        )}
      </td>
      <td class="cell row-actions needs-script">
        <button type="button" class="button small" onClick={() => actions.deployGroup(cause)}>
          Deploy {item.size}
          <span class="visually-hidden">: {words}</span>
        </button>
      </td>
    </tr>
  );
}
