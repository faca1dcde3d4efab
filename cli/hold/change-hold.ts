import type { ApiClient } from '../../client/api-client.ts';
import type { HoldBody, HoldCommand } from '../../client/hold-requests.ts';
import type { NamespaceHold } from '../../domain/rollout/rollout-view.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { oneLine } from '../text/lines.ts';

export interface HoldChange {
  readonly namespaces: readonly string[];
  readonly command: HoldCommand;
  readonly body: HoldBody;
}

/** Holds, pins or releases namespaces, one after the other, and says what that means for each. */
export async function changeHold(
  client: ApiClient,
  { namespaces, command, body }: HoldChange,
  format: OutputFormat,
  { out }: Io,
): Promise<ExitCode> {
  const answers: NamespaceHold[] = [];
  for (const namespace of new Set(namespaces)) {
    const answer = await client.holdNamespace(namespace, command, body);
    answers.push(answer);
    if (format === 'table') for (const line of describeHold(answer)) out.write(`${oneLine(line)}\n`);
  }
  if (format !== 'table') await printDocument(answers.length === 1 ? answers[0] : answers, format, out);
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
