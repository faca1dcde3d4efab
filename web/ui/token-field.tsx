import { useRef } from 'preact/hooks';
import { writeToken } from './token-store.ts';

/** Asks for the API's token, and keeps it for this tab. */
export function TokenField({ onToken }: { onToken: (token: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const use = () => {
    const value = field.current?.value.trim() ?? '';
    if (value === '') return;
    writeToken(value);
    onToken(value);
  };
  return (
    <div class="token">
      <label>
        <span>Token</span>
        <input
          ref={field}
          class="field"
          type="password"
          autoComplete="off"
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            use();
          }}
        />
      </label>
      <button type="button" class="button" onClick={use}>
        Use token
      </button>
      <p class="muted">Kept until this tab is closed, and sent only to this API.</p>
    </div>
  );
}
