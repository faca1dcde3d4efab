import { namespaces as countNamespaces } from '../fleet/words.ts';
import type { HeldCommand } from './held-api.ts';

export const HELD_BUTTONS: Readonly<Record<HeldCommand['kind'], string>> = {
  ignore: 'Ignore a version',
  'stop ignoring': 'Stop ignoring',
  release: 'Release',
};

export function titleOf(command: HeldCommand): string {
  if (command.kind === 'ignore') return HELD_BUTTONS.ignore;
  if (command.kind === 'stop ignoring') return `Stop ignoring ${command.version}`;
  const { namespaces } = command;
  return namespaces.length === 1
    ? `Release ${namespaces[0]}`
    : `Release ${countNamespaces(namespaces.length)}`;
}

/** What a command will do, line by line. */
export function describeHeldCommand(command: HeldCommand): string[] {
  switch (command.kind) {
    case 'ignore':
      return [
        'No release check rolls this version out, in any channel, until you stop ignoring it.',
        'A rollout of it that runs continues: pause or cancel that on its page.',
      ];
    case 'stop ignoring':
      return ['If a channel has this version, the next release check rolls it out, within minutes.'];
    case 'release':
      return [
        'The next release check treats them as any other: they can get a newer release within minutes.',
      ];
  }
}
