import type { Signal } from '@preact/signals';
import { Dialog } from '../ui/dialog.tsx';

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['/'], 'search'],
  [['j', '↓'], 'next namespace'],
  [['k', '↑'], 'previous namespace'],
  [['Enter'], 'open the namespace'],
  [['x'], 'select it; with Shift, all from the last one'],
  [['d'], 'deploy what is selected, or the namespace'],
  [['g'], 'group by cause, and back'],
  [['Esc'], 'clear the search, then the selection'],
  [['?'], 'these keys'],
];

export function KeysDialog({ isOpen }: { isOpen: Signal<boolean> }) {
  if (!isOpen.value) return null;
  const close = () => {
    isOpen.value = false;
  };
  return (
    <Dialog title="Keys" class="keys-dialog" onClose={close}>
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
