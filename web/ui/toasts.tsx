import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface Toast {
  readonly id: string;
  readonly content: ComponentChildren;
}

/** For pages that number their toasts: an id that none of these has. */
export function nextToastId(toasts: readonly Toast[]): string {
  return `${Number(toasts.at(-1)?.id ?? 0) + 1}`;
}

/** Confirms an action; stays until it is closed, so that users need not hurry. */
export function Toasts({ toasts, onClose }: { toasts: readonly Toast[]; onClose: (id: string) => void }) {
  const place = useRef<HTMLDivElement>(null);
  const newest = toasts.at(-1)?.id;
  useEffect(() => {
    // In a small window it is at the top of the page, which may be scrolled away.
    if (newest !== undefined) place.current?.scrollIntoView({ block: 'nearest' });
  }, [newest]);
  return (
    <div class="toasts" aria-live="polite" ref={place}>
      {toasts.map(({ id, content }) => (
        <div class="toast healthy" key={id}>
          <div>{content}</div>
          <button type="button" class="icon-button" onClick={() => onClose(id)}>
            <Icon name="close" />
            <span class="visually-hidden">Close</span>
          </button>
        </div>
      ))}
    </div>
  );
}
