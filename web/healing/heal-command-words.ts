import { RELEASE_FROM_QUARANTINE } from '../../domain/heal/describe-healing.ts';
import type { HealMode } from '../../domain/heal/healing.ts';
import { namespaces as countNamespaces } from '../fleet/words.ts';

/** What an operator can do about healing. */
export type HealCommand =
  | { readonly kind: 'stop' | 'resume' }
  | { readonly kind: 'release'; readonly namespaces: readonly string[] };

export const HEAL_BUTTONS: Readonly<Record<HealCommand['kind'], string>> = {
  stop: 'Stop healing',
  resume: 'Resume healing',
  release: 'Release from quarantine',
};

export function titleOf(command: HealCommand): string {
  const button = HEAL_BUTTONS[command.kind];
  if (command.kind !== 'release') return button;
  const { namespaces } = command;
  return `${button}: ${namespaces.length === 1 ? namespaces[0] : countNamespaces(namespaces.length)}`;
}

/** What a command will do, line by line. */
export function describeHealCommand({ kind }: HealCommand, mode: HealMode | undefined): string[] {
  const only =
    mode === 'report' ? ['Now healing only reports (--heal report): nothing is repaired anyway.'] : [];
  switch (kind) {
    case 'stop':
      return [
        'No namespace is repaired until somebody resumes healing; it does not resume automatically.',
        'Rules are still checked and shown. A step that has written something is not taken back.',
        ...only,
      ];
    case 'resume':
      return [
        'What is not well is repaired again within seconds, as far as the cap for this hour allows.',
        'What fell sick before does not stop healing again; more that falls sick can.',
        ...only,
      ];
    case 'release':
      return [RELEASE_FROM_QUARANTINE, ...only];
  }
}
