import type { ApiClient } from '../../client/api-client.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type ListFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { printCsv } from '../text/csv.ts';
import { oneLine } from '../text/lines.ts';

/** Sends a test message; exits with 1 if a receiver did not take it. */
export async function testReceivers(
  client: ApiClient,
  { receiver, format }: { readonly receiver: string | undefined; readonly format: ListFormat },
  { out }: Io,
): Promise<ExitCode> {
  const test = await client.testReceivers(receiver);
  if (format === 'csv') printCsv(test.results, ['receiver', 'delivered', 'error'], out);
  else if (format !== 'table') await printDocument(test, format, out);
  else {
    for (const { receiver: name, delivered, error = '' } of test.results)
      out.write(`${oneLine(`${name}: ${delivered ? 'delivered' : `not delivered: ${error}`}`)}\n`);
  }
  return test.results.every(({ delivered }) => delivered) ? EXIT.ok : EXIT.failed;
}
