import type { ApiClient } from '../../client/api-client.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { painter } from '../text/paint.ts';
import { describeRollout } from './describe-rollout.ts';

export async function showRollout(
  client: ApiClient,
  id: string,
  format: OutputFormat,
  { out, now }: Io,
): Promise<ExitCode> {
  const rollout = await client.rollout(id);
  if (format !== 'table') {
    await printDocument(rollout, format, out);
    return EXIT.ok;
  }
  const width = out.isInteractive ? out.columns() - 1 : undefined;
  const lines = describeRollout(rollout, { width, paint: painter(out), now: now() });
  out.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}
