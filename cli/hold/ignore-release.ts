import type { ApiClient } from '../../client/api-client.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { oneLine } from '../text/lines.ts';

export interface IgnoredVersion {
  readonly version: string;
  readonly reason: string;
  /** True rolls it out automatically again. */
  readonly isEnd: boolean;
}

/** Keeps the release check from rolling a version out, or ends that. */
export async function ignoreRelease(
  client: ApiClient,
  { version, reason, isEnd }: IgnoredVersion,
  format: OutputFormat,
  { out }: Io,
): Promise<ExitCode> {
  await (isEnd ? client.endIgnoring(version, reason) : client.ignoreRelease(version, reason));
  if (format !== 'table') await printDocument({ version, reason, isIgnored: !isEnd }, format, out);
  else out.write(`${oneLine(describe(version, isEnd))}\n`);
  return EXIT.ok;
}

function describe(version: string, isEnd: boolean): string {
  return isEnd
    ? `${version} is not ignored any more: the next release check can roll it out.`
    : `${version} is not rolled out automatically. End that with: skipper ignore --end ${version}`;
}
