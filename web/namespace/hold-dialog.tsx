import { type Signal, useSignal } from '@preact/signals';
import type { HoldCommand } from '../../client/hold-requests.ts';
import { CommandField } from '../command/command-field.tsx';
import { ReasonDialog } from '../command/reason-dialog.tsx';
import { sendHold } from './hold-api.ts';
import { describeHoldCommand, HOLD_WORDS } from './hold-words.ts';
import type { NamespaceStore } from './namespace-store.ts';

interface HoldDialogProps {
  readonly store: NamespaceStore;
  readonly open: Signal<HoldCommand | undefined>;
}

/** Holds, pins or releases the namespace. Each opening starts fresh. */
export function HoldDialog({ store, open }: HoldDialogProps) {
  const command = open.value;
  if (command === undefined) return null;
  const close = () => {
    open.value = undefined;
  };
  return <HoldForm key={command} store={store} command={command} onClose={close} />;
}

interface HoldFormProps {
  readonly store: NamespaceStore;
  readonly command: HoldCommand;
  readonly onClose: () => void;
}

function HoldForm({ store, command, onClose }: HoldFormProps) {
  const { row } = store.details.value;
  const { namespace } = row;
  const typed = useSignal(row.version);
  const version = command === 'pin' ? typed.value.trim() : '';
  const send = async (reason: string) => {
    store.hold.value = await sendHold({ namespace, command, reason, version });
    onClose();
  };
  return (
    <ReasonDialog
      title={`${HOLD_WORDS[command]}: ${namespace}`}
      lines={describeHoldCommand({ command, namespace, version })}
      button={HOLD_WORDS[command]}
      isReady={command !== 'pin' || version !== ''}
      onClose={onClose}
      send={send}
    >
      {command === 'pin' ? <CommandField name="Version" value={typed} isRequired /> : null}
    </ReasonDialog>
  );
}
