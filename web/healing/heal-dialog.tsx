import type { Signal } from '@preact/signals';
import type { HealMode } from '../../domain/heal/healing.ts';
import { ReasonDialog } from '../command/reason-dialog.tsx';
import { sendHeal } from './heal-api.ts';
import { describeHealCommand, HEAL_BUTTONS, type HealCommand, titleOf } from './heal-command-words.ts';

interface HealDialogProps {
  /** Undefined: closed. */
  readonly open: Signal<HealCommand | undefined>;
  readonly mode: HealMode | undefined;
  /** Reads again what the command has changed. */
  readonly onDone: () => void;
}

/** Says what a command about healing will do, and asks why. */
export function HealDialog({ open, mode, onDone }: HealDialogProps) {
  const command = open.value;
  if (command === undefined) return null;
  const close = () => {
    open.value = undefined;
  };
  const send = async (reason: string) => {
    await sendHeal(command, reason);
    close();
    onDone();
  };
  return (
    <ReasonDialog
      title={titleOf(command)}
      lines={describeHealCommand(command, mode)}
      button={HEAL_BUTTONS[command.kind]}
      isDanger={command.kind === 'stop'}
      onClose={close}
      send={send}
    />
  );
}
