import { plural } from '../../domain/plural.ts';
import { CliError, EXIT } from '../exit-code.ts';
import type { Io } from '../terminal.ts';
import { nameSome } from '../text/name-some.ts';

export interface TakeoverOptions {
  /** FDD may be taken over from Helm; a confirmation of the deploy does not cover that. */
  readonly mayTakeOver: boolean;
}

/** Afterwards, an upgrade with Helm and Skipper would undo each other: nobody does this by the way. */
export async function confirmTakeover(
  targets: readonly { readonly namespace: string; readonly takesOverFrom?: string | undefined }[],
  { mayTakeOver }: TakeoverOptions,
  io: Io,
): Promise<void> {
  const takeovers = targets.filter(({ takesOverFrom }) => takesOverFrom !== undefined);
  if (takeovers.length === 0 || mayTakeOver) return;
  const named = nameSome(takeovers.map(({ namespace }) => namespace));
  if (io.confirm === undefined) {
    throw new CliError(EXIT.refused, `Helm manages FDD in ${named}: nothing was deployed`, [
      'to take it over from Helm, repeat the command with --take-over-from-helm',
    ]);
  }
  io.err.write(`Helm manages FDD in ${named}. After a takeover, do not upgrade its Helm release again.\n`);
  const isAgreed = await io.confirm(`Take FDD over from Helm in ${plural(takeovers.length, 'namespace')}?`);
  if (!isAgreed) throw new CliError(EXIT.refused, 'nothing was deployed');
}
