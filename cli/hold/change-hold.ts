import type { ApiClient } from '../../client/api-client.ts';
import type { HoldBody, HoldCommand } from '../../client/hold-requests.ts';
import type { NamespaceHold } from '../../domain/rollout/rollout-view.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { oneLine } from '../text/lines.ts';

export interface HoldChange {
  readonly namespace: string;
  readonly command: HoldCommand;
  readonly body: HoldBody;
}

/** Holds, pins or releases a namespace, and says what that means for it. */
export async function changeHold(
  client: ApiClient,
  { namespace, command, body }: HoldChange,
  format: OutputFormat,
  { out }: Io,
): Promise<ExitCode> {
  const answer = await client.holdNamespace(namespace, command, body);
  if (format !== 'table') await printDocument(answer, format, out);
  else for (const line of describeHold(answer)) out.write(`${oneLine(line)}\n`);
  return EXIT.ok;
}

function describeHold({ namespace, hold }: NamespaceHold): string[] {
  if (hold === undefined) {
    return [`${namespace} is not held any more: the next release check treats it as any other namespace.`];
  }
  const until = `end it with: skipper release ${namespace}`;
  return hold.pin === undefined
    ? [`${namespace} gets no release automatically until it is released.`, until]
    : [`${namespace} is pinned to ${hold.pin} until it is released.`, until];
}
