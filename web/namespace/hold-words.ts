import type { HoldCommand } from '../../client/hold-requests.ts';
import type { Hold } from '../../domain/rollout/hold.ts';

export const HOLD_WORDS: Readonly<Record<HoldCommand, string>> = {
  hold: 'Hold',
  pin: 'Pin',
  release: 'Release the hold',
};

/** The commands that fit what holds the namespace now. */
export function fittingHolds(hold: Hold | undefined): HoldCommand[] {
  return hold === undefined ? ['hold', 'pin'] : ['release'];
}

interface HoldSubject {
  readonly command: HoldCommand;
  readonly namespace: string;
  /** To pin to; empty if unknown. */
  readonly version: string;
}

/** What a command will do, line by line. */
export function describeHoldCommand({ command, namespace, version }: HoldSubject): string[] {
  switch (command) {
    case 'hold':
      return [
        `New releases are not rolled out to ${namespace} automatically until the hold is released.`,
        'Nothing is deployed or stopped now. A deploy that a person requests still happens.',
      ];
    case 'pin':
      return [
        `${namespace} gets no release automatically but ${version || 'the version that you name'}, until it is released.`,
        'Nothing is deployed now. A deploy that a person requests still happens.',
      ];
    case 'release':
      return [
        `The next release check treats ${namespace} as any other: it can get a newer release within minutes.`,
      ];
  }
}
