import { CliError, EXIT } from './exit-code.ts';
import type { Io } from './terminal.ts';

const HINT = 'give the reason with --reason "…": it is kept, and shown to others';

/** The reason of a change: from its flag, otherwise from the user. */
export async function askReason(given: string | undefined, { ask }: Pick<Io, 'ask'>): Promise<string> {
  const reason = (given ?? (await ask?.('Reason (kept, and shown to others):')) ?? '').trim();
  if (reason === '') throw new CliError(EXIT.refused, 'a reason is required: nothing was changed', [HINT]);
  return reason;
}
