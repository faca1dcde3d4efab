import { useContext, useEffect } from 'preact/hooks';
import type { DeployScope } from '../deploy/scope.ts';
import { BasePath } from '../ui/link.tsx';
import { namesBetween, withNames } from './check-range.ts';
import { type FleetStore, toggled } from './fleet-store.ts';
import { type KeyAction, keyAction, type Pressed } from './keyboard.ts';

interface KeyTargets {
  readonly deploy: (scope: DeployScope) => void;
  readonly showKeys: () => void;
  readonly scrollTo: (index: number) => void;
}

/** The keyboard shortcuts of the page, active while no dialog is open. */
export function useFleetKeys(store: FleetStore, targets: KeyTargets): void {
  const base = useContext(BasePath);
  useEffect(() => {
    let lastChecked: string | undefined;

    function move(by: 1 | -1): void {
      // Immediately: the next key must not go to the search field.
      searchField()?.blur();
      const { items } = store.list.value;
      const from = items.findIndex(
        (item) => item.kind === 'row' && item.row.namespace === store.active.value,
      );
      let index = from < 0 ? (by > 0 ? 0 : items.length - 1) : from + by;
      while (items[index]?.kind === 'group') index += by;
      const item = items[index];
      if (item?.kind !== 'row') return;
      store.active.value = item.row.namespace;
      targets.scrollTo(index);
      focusSoon(item.row.namespace);
    }

    function check(withRange: boolean): void {
      const namespace = store.active.value;
      if (namespace === '') return;
      if (withRange && lastChecked !== undefined) {
        const names = namesBetween(store.list.value.items, lastChecked, namespace);
        store.checked.value = withNames(store.checked.value, names, true);
      } else {
        store.checked.value = toggled(store.checked.value, namespace);
      }
      lastChecked = namespace;
    }

    function clear(): void {
      const search = searchField();
      if (document.activeElement === search) search?.blur();
      if (store.selection.value.search !== '')
        store.selection.value = { ...store.selection.value, search: '' };
      else if (store.checked.value.size > 0) store.checked.value = new Set();
      else store.active.value = '';
    }

    const actions: Readonly<Record<KeyAction, () => void>> = {
      search: () => searchField()?.select(),
      next: () => move(1),
      previous: () => move(-1),
      open: () => {
        if (store.active.value !== '') location.assign(`${base}/status/${store.active.value}`);
      },
      check: () => check(false),
      'check-range': () => check(true),
      deploy: () => {
        if (store.checked.value.size > 0) targets.deploy({ kind: 'checked' });
        else if (store.active.value !== '') targets.deploy({ kind: 'one', namespace: store.active.value });
      },
      group: () => {
        const selection = store.selection.value;
        store.selection.value = { ...selection, grouped: !selection.grouped };
      },
      clear,
      help: targets.showKeys,
    };

    function onKeyDown(event: KeyboardEvent): void {
      if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
      const action = keyAction(toPressed(event));
      if (action === undefined) return;
      if (action !== 'clear') event.preventDefault();
      actions[action]();
    }

    /** The keys act on the focused line. */
    function onFocusIn(event: FocusEvent): void {
      const line = (event.target as Element).closest<HTMLElement>('[data-namespace]');
      if (line?.dataset.namespace !== undefined) store.active.value = line.dataset.namespace;
    }

    document.addEventListener('keydown', onKeyDown);
    document.addEventListener('focusin', onFocusIn);
    return () => {
      document.removeEventListener('keydown', onKeyDown);
      document.removeEventListener('focusin', onFocusIn);
    };
  }, [store, base]);
}

function searchField(): HTMLInputElement | null {
  return document.querySelector<HTMLInputElement>('#search');
}

/** Waits until the line is rendered: it could have been outside the window. */
function focusSoon(namespace: string): void {
  requestAnimationFrame(() => {
    const line = document.querySelector<HTMLElement>(`[data-namespace="${CSS.escape(namespace)}"]`);
    line?.focus({ preventScroll: true });
  });
}

function toPressed(event: KeyboardEvent): Pressed {
  const target = event.target as Element;
  const isField = target.matches('input:not([type="checkbox"]), select, textarea');
  const isControl = target.matches('a, button, input, summary');
  return {
    key: event.key,
    hasModifier: event.ctrlKey || event.altKey || event.metaKey,
    at: target === searchField() ? 'search' : isField ? 'field' : isControl ? 'control' : 'page',
  };
}
