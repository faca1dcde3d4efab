import { type Signal, useSignal } from '@preact/signals';
import { CommandField } from '../command/command-field.tsx';
import { ReasonDialog } from '../command/reason-dialog.tsx';
import { namespaces as countNamespaces } from '../fleet/words.ts';
import { COMMAND_WORDS, describeCommand, type RolloutCommand } from './commands.ts';
import { type CommandAnswer, sendCommand } from './rollout-api.ts';
import type { RolloutStore } from './rollout-store.ts';

interface CommandDialogProps {
  readonly store: RolloutStore;
  readonly open: Signal<RolloutCommand | undefined>;
  readonly onDone: (answer: CommandAnswer) => void;
  /** The rollout may have changed: it is read again. */
  readonly onRefused: () => void;
}

/** Says what a command will do, and gives it. Each opening starts fresh. */
export function CommandDialog({ open, ...rest }: CommandDialogProps) {
  const command = open.value;
  if (command === undefined) return null;
  const close = () => {
    open.value = undefined;
  };
  return <CommandForm {...rest} command={command} onClose={close} />;
}

const NAMES_HINT: Readonly<Partial<Record<RolloutCommand, string>>> = {
  skip: 'Separated by spaces or commas',
  retry: 'All that have failed',
  rollback: 'All that this rollout has reached',
};

interface CommandFormProps extends Omit<CommandDialogProps, 'open'> {
  readonly command: RolloutCommand;
  readonly onClose: () => void;
}

function CommandForm({ store, command, onClose, onDone, onRefused }: CommandFormProps) {
  const names = useSignal([...store.checked.peek()].sort().join(' '));
  const to = useSignal('');
  const rollout = store.rollout.value;
  const hint = NAMES_HINT[command];
  const named = hint === undefined ? [] : splitNames(names.value);
  const { button, title, isDanger } = COMMAND_WORDS[command];
  const send = async (reason: string) => {
    const request = { command, reason, namespaces: named, to: to.value.trim() };
    const answer = await sendCommand(rollout.id, request).catch((error: unknown) => {
      onRefused();
      throw error;
    });
    onClose();
    onDone(answer);
  };
  return (
    <ReasonDialog
      title={title}
      lines={describeCommand(command, rollout, named)}
      button={named.length === 0 ? button : `${button}: ${countNamespaces(named.length)}`}
      isDanger={isDanger === true}
      isReady={command !== 'skip' || named.length > 0}
      onClose={onClose}
      send={send}
    >
      {hint === undefined ? null : (
        <CommandField name="Namespaces" hint={hint} value={names} isRequired={command === 'skip'} />
      )}
      {command === 'rollback' ? (
        <CommandField name="Version" hint="The one that was verified before, in each namespace" value={to} />
      ) : null}
    </ReasonDialog>
  );
}

export function splitNames(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}
