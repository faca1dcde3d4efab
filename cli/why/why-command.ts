import type { ApiClient } from '../../client/api-client.ts';
import type { Health } from '../../domain/fleet/fleet-row.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import { describeWarnings } from '../status/describe-notices.ts';
import type { Io } from '../terminal.ts';
import { oneLine } from '../text/lines.ts';
import { painter } from '../text/paint.ts';
import { describeWhy } from './describe-why.ts';

const NEEDS_ATTENTION: readonly Health[] = ['degraded', 'outdated', 'unknown'];

/** Explains the state of a namespace; the exit code shows whether it needs attention. */
export async function explain(
  client: ApiClient,
  namespace: string,
  format: OutputFormat,
  { out, err }: Io,
): Promise<ExitCode> {
  const answer = await client.namespace(namespace);
  const { status, channel, version, why, holds, healing, notices, stale, attempts, historyProblem } = answer;
  if (format === 'table') {
    const width = out.isInteractive ? out.columns() - 1 : undefined;
    const lines = describeWhy(answer, { width, paint: painter(out) });
    out.write(`${lines.join('\n')}\n`);
  } else {
    await printDocument(
      { namespace, status, channel, version, why, holds, healing, notices, stale, attempts, historyProblem },
      format,
      out,
    );
  }
  for (const notice of describeWarnings(answer)) err.write(`skipper: ${oneLine(notice)}\n`);
  return NEEDS_ATTENTION.includes(why.health) ? EXIT.failed : EXIT.ok;
}
