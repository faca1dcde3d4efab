import type { ApiClient } from '../../client/api-client.ts';
import { RELEASE_FROM_QUARANTINE } from '../../domain/heal/describe-healing.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { oneLine } from '../text/lines.ts';

interface QuarantineRelease {
  readonly namespaces: readonly string[];
  readonly reason: string;
}

/** Refused if none of them was in quarantine: nothing was changed. */
export async function releaseQuarantine(
  client: ApiClient,
  { namespaces, reason }: QuarantineRelease,
  format: OutputFormat,
  { out, err }: Io,
): Promise<ExitCode> {
  const answer = await client.releaseFromQuarantine(namespaces, reason);
  const { released, unknown } = answer;
  if (format !== 'table') await printDocument(answer, format, out);
  else {
    for (const namespace of released) out.write(`${oneLine(namespace)} is released from quarantine.\n`);
    if (released.length > 0) out.write(`${RELEASE_FROM_QUARANTINE}\n`);
  }
  for (const namespace of unknown) err.write(`skipper: ${oneLine(namespace)} is not in quarantine\n`);
  return released.length === 0 ? EXIT.refused : EXIT.ok;
}
