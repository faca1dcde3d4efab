import type { Signal } from '@preact/signals';
import { Dialog } from '../ui/dialog.tsx';

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['/'], 'search'],
  [['j', '↓'], 'next namespace'],
  [['k', '↑'], 'previous namespace'],
  [['Enter'], 'open the namespace'],
  [['x'], 'select the namespace; with Shift, the range from the last one'],
  [['d'], 'deploy the selected namespaces, or the current one'],
  [['g'], 'group by cause, on or off'],
  [['Esc'], 'clear the search, then the selection'],
  [['?'], 'show this help'],
];

export function KeysDialog({ isOpen }: { isOpen: Signal<boolean> }) {
  if (!isOpen.value) return null;
  const close = () => {
    isOpen.value = false;
  };
  return (
    <Dialog title="Keyboard shortcuts" class="keys-dialog" onClose={close}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
