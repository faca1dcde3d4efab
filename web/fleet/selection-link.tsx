import type { ComponentChildren } from 'preact';
import { Link } from '../ui/link.tsx';
import type { FleetStore } from './fleet-store.ts';
import type { Selection } from './selection.ts';
import { formatSelection } from './url-state.ts';

interface SelectionLinkProps {
  readonly store: FleetStore;
  readonly to: Selection;
  readonly class?: string;
  readonly title?: string;
  readonly isCurrent?: boolean;
  readonly label?: string;
  readonly children: ComponentChildren;
}

/** Shows another part of the fleet: a plain link that works without JavaScript, and without a page load with it. */
export function SelectionLink({ store, to, isCurrent, label, children, ...rest }: SelectionLinkProps) {
  const choose = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    store.selection.value = to;
  };
  return (
    <Link
      {...rest}
      href={`/status${formatSelection(to)}`}
      aria-current={isCurrent ? 'true' : undefined}
      aria-label={label}
      onClick={choose}
    >
      {children}
    </Link>
  );
}
