import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

export interface Toast {
  readonly id: string;
  readonly content: ComponentChildren;
}

/** Confirms an action; stays until it is closed, so that users need not hurry. */
export function Toasts({ toasts, onClose }: { toasts: readonly Toast[]; onClose: (id: string) => void }) {
  return (
    <div class="toasts" aria-live="polite">
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
