import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { type DeployRefusal, toRefusal } from '../deploy/deploy-api.ts';
import { RefusalNote } from '../deploy/refusal-note.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TokenField } from '../ui/token-field.tsx';

/** As long as the API accepts. */
const LONGEST_REASON = 500;

interface ReasonDialogProps {
  readonly title: string;
  /** What will happen, line by line. */
  readonly lines: readonly string[];
  /** Its words on the button. */
  readonly button: string;
  readonly isDanger?: boolean;
  /** False while a field is missing. */
  readonly isReady?: boolean;
  readonly onClose: () => void;
  /** Rejects with the reason of a refusal. */
  readonly send: (reason: string) => Promise<void>;
  /** More fields. */
  readonly children?: ComponentChildren;
}

/** Says what a command will do before it is given, and asks why. */
export function ReasonDialog({
  title,
  lines,
  button,
  isDanger = false,
  isReady = true,
  onClose,
  send,
  children,
}: ReasonDialogProps) {
  const reason = useSignal('');
  const isSending = useSignal(false);
  const refusal = useSignal<DeployRefusal | undefined>(undefined);
  const text = reason.value.trim();

  async function submit(): Promise<void> {
    isSending.value = true;
    refusal.value = undefined;
    try {
      await send(text);
    } catch (error) {
      refusal.value = toRefusal(error);
    } finally {
      isSending.value = false;
    }
  }

  return (
    <Dialog title={title} class="deploy-dialog" onClose={onClose}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && text !== '' && !isSending.value) void submit();
        }}
      >
        <section class="command-lines" aria-label="What will happen">
          {lines.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </section>
        {children}
        <label class="command-field">
          <span>Reason</span>
          <textarea
            class="field"
            name="reason"
            rows={2}
            required
            maxLength={LONGEST_REASON}
            placeholder="Kept, and shown to others with your address"
            value={reason.value}
            onInput={(event) => {
              reason.value = event.currentTarget.value;
            }}
          />
        </label>
        {refusal.value === undefined ? null : <RefusalNote refusal={refusal.value} />}
        {refusal.value?.needsToken ? <TokenField onToken={() => (refusal.value = undefined)} /> : null}
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Close
          </button>
          <button
            type="submit"
            class={`button ${isDanger ? 'danger' : 'primary'}`}
            disabled={!isReady || text === '' || isSending.value}
          >
            {isSending.value ? 'Requesting…' : button}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
