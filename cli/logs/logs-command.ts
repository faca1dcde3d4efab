import type { ApiClient } from '../../client/api-client.ts';
import type { ContainerLog } from '../../domain/explain/namespace-logs.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { type Paint, painter } from '../text/paint.ts';

/** Prints the last log lines of FDD's containers, what crashed first. */
export async function showLogs(
  client: ApiClient,
  namespace: string,
  format: OutputFormat,
  { out }: Io,
): Promise<ExitCode> {
  const answer = await client.logs(namespace);
  if (format !== 'table') await printDocument(answer, format, out);
  else if (answer.logs.length === 0) out.write(`${namespace} has no pods of FDD.\n`);
  else out.write(`${answer.logs.map((log) => describeLog(log, painter(out))).join('\n\n')}\n`);
  return answer.logs.some(({ problem }) => problem === undefined) ? EXIT.ok : EXIT.failed;
}

function describeLog({ pod, container, isPrevious, text, problem }: ContainerLog, paint: Paint): string {
  const which = isPrevious ? ', before its last restart' : '';
  const lines = problem === undefined ? withoutControls(text) || '(empty)' : `(not available: ${problem})`;
  return `${paint(`${pod}, container ${container}${which}`, 'bold')}\n${lines}`;
}

/** A log is written by others: escape sequences could rewrite what the terminal shows. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}
