import { useSignal } from '@preact/signals';
import { useCallback, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { DeployScope } from '../deploy/scope.ts';
import { namesBetween, withNames } from './check-range.ts';
import { EmptyFleet } from './empty-fleet.tsx';
import { FleetRowLine, type RowActions } from './fleet-row-line.tsx';
import { type FleetStore, toggled } from './fleet-store.ts';
import { type GroupActions, GroupLine } from './group-line.tsx';
import { lineHeight } from './line-height.ts';
import { nextSort, type SortKey } from './selection.ts';
import { SelectionLink } from './selection-link.tsx';
import { useVirtualLines, type VirtualLines } from './use-virtual-lines.ts';
import { number } from './words.ts';

const COLUMNS: readonly (readonly [className: string, title: string, sort: SortKey | undefined])[] = [
  ['status', 'Status', 'status'],
  ['namespace', 'Namespace', 'namespace'],
  ['channel', 'Channel', 'channel'],
  ['version', 'Version', 'version'],
  ['going-on', 'Activity and cause', undefined],
  ['since', 'Since', 'since'],
];

const PHONE = '(max-width: 700px)';

const HOLD_MS = 2_500;

interface FleetTableProps {
  readonly store: FleetStore;
  readonly onDeploy: (scope: DeployScope) => void;
  /** Receives the function that scrolls a line into view, for the keyboard shortcuts. */
  readonly onLines: (scrollTo: VirtualLines['scrollTo']) => void;
}

/** The namespaces, one line each, as many as the window shows. */
export function FleetTable({ store, onDeploy, onLines }: FleetTableProps) {
  const { items, lines: lineCount } = store.list.value;
  const isComplete = store.isComplete.value;
  const body = useRef<HTMLTableSectionElement>(null);
  const isPhone = useMatches(PHONE);
  const keyOf = useCallback(
    (index: number) => {
      const item = items[index];
      return item?.kind === 'row' ? item.row.namespace : `group:${item?.group.cause}`;
    },
    [items],
  );
  const lines = useVirtualLines({
    count: items.length,
    keyOf,
    heightOf: (index) => lineHeight(items[index], isPhone),
    layout: isPhone ? 'phone' : 'wide',
    list: body,
    covered: () => coveredHeight(body.current),
    isOn: isComplete,
  });
  onLines(lines.scrollTo);
  const hold = useMemo(() => holdWhilePointed(store), [store]);
  const actions = useMemo(() => createActions(store, onDeploy), [store, onDeploy]);
  const checked = store.checked.value;
  const expanded = store.expanded.value;
  const active = store.active.value;

  if (items.length === 0) return <EmptyFleet store={store} />;
  return (
    <>
      <table class="fleet-table" aria-rowcount={lineCount + 1}>
        <caption class="visually-hidden">Namespaces</caption>
        <Head store={store} />
        <tbody
          class="fleet-lines"
          ref={body}
          style={
            isComplete ? { paddingTop: `${lines.before}px`, paddingBottom: `${lines.after}px` } : undefined
          }
          {...hold}
        >
          {lines.indexes.map((index) => {
            const item = items[index];
            if (!item) return null;
            const key = keyOf(index);
            return item.kind === 'group' ? (
              <GroupLine
                key={key}
                store={store}
                item={item}
                index={index}
                measure={lines.measure}
                actions={actions}
              />
            ) : (
              <FleetRowLine
                key={key}
                store={store}
                row={item.row}
                index={index}
                isChecked={checked.has(item.row.namespace)}
                isExpanded={expanded.has(item.row.namespace)}
                isActive={active === item.row.namespace}
                measure={lines.measure}
                actions={actions}
              />
            );
          })}
        </tbody>
      </table>
      {isComplete || lineCount <= items.length ? null : (
        <p class="more muted">
          Showing the first {number(items.length)} of {number(lineCount)}.{' '}
          <span class="without-script">Without JavaScript, search or filter to see the others.</span>
        </p>
      )}
    </>
  );
}

function Head({ store }: { store: FleetStore }) {
  const selection = store.selection.value;
  const { matched } = store.list.value;
  const checked = store.checked.value.size;
  const isAll = matched > 0 && checked >= matched;
  const checkAll = () => {
    store.checked.value = new Set(isAll ? [] : store.selected());
  };
  const direction = selection.descending ? 'descending' : 'ascending';
  return (
    <thead class="head">
      <tr class="line" aria-rowindex={1}>
        <th scope="col" class="cell check needs-script">
          <input
            type="checkbox"
            aria-label={`Select all ${number(matched)} shown`}
            checked={isAll}
            indeterminate={checked > 0 && !isAll}
            onClick={checkAll}
          />
        </th>
        {COLUMNS.map(([className, title, sort]) => {
          const isSorted = sort !== undefined && selection.sort === sort;
          return (
            <th
              key={className}
              scope="col"
              class={`cell ${className}`}
              aria-sort={isSorted ? direction : undefined}
            >
              {sort === undefined ? (
                title
              ) : (
                <SelectionLink
                  store={store}
                  to={nextSort(selection, sort)}
                  class={`sort${isSorted ? ` ${direction}` : ''}`}
                >
                  {title}
                </SelectionLink>
              )}
            </th>
          );
        })}
        <th scope="col" class="cell row-actions needs-script">
          <span class="visually-hidden">Deploy</span>
        </th>
      </tr>
    </thead>
  );
}

/** Lines keep their places while a pointer moves over them, so that users do not click a line that has just moved. */
function holdWhilePointed(store: FleetStore) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const release = () => {
    clearTimeout(timer);
    store.held.value = false;
  };
  return {
    onPointerMove: (event: PointerEvent) => {
      if (event.pointerType !== 'mouse') return;
      clearTimeout(timer);
      store.held.value = true;
      timer = setTimeout(release, HOLD_MS);
    },
    onPointerLeave: release,
  };
}

function createActions(store: FleetStore, onDeploy: (scope: DeployScope) => void): RowActions & GroupActions {
  let lastChecked: string | undefined;
  const nameAt = (index: number) => {
    const item = store.list.value.items[index];
    return item?.kind === 'row' ? item.row.namespace : undefined;
  };
  return {
    check: (index, withShift) => {
      const namespace = nameAt(index);
      if (namespace === undefined) return;
      const checked = store.checked.value;
      const from = withShift ? (lastChecked ?? namespace) : namespace;
      const names = namesBetween(store.list.value.items, from, namespace);
      store.checked.value = withNames(checked, names, !checked.has(namespace));
      lastChecked = namespace;
    },
    checkGroup: (cause) => {
      const members = store.members(cause);
      const checked = store.checked.value;
      store.checked.value = withNames(checked, members, !members.every((name) => checked.has(name)));
    },
    expand: (namespace) => {
      store.expanded.value = toggled(store.expanded.value, namespace);
    },
    unfold: (cause) => {
      store.unfolded.value = toggled(store.unfolded.value, cause);
    },
    deploy: (namespace) => onDeploy({ kind: 'one', namespace }),
    deployGroup: (cause) => onDeploy({ kind: 'group', cause }),
  };
}

/** Whether a media query matches; false until the browser has evaluated it. */
function useMatches(query: string): boolean {
  const matches = useSignal(false);
  useLayoutEffect(() => {
    const media = matchMedia(query);
    const take = () => {
      matches.value = media.matches;
    };
    take();
    media.addEventListener('change', take);
    return () => media.removeEventListener('change', take);
  }, [matches, query]);
  return matches.value;
}

/** Height in pixels of the sticky elements above the lines: the toolbar and the column heads. */
function coveredHeight(body: HTMLElement | null): number {
  const head = body?.previousElementSibling;
  if (!head) return 0;
  const { height } = head.getBoundingClientRect();
  return height + Number.parseFloat(getComputedStyle(head).top || '0');
}
