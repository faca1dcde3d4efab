import type { ApiClient } from '../../client/api-client.ts';
import type { ReceiverView } from '../../domain/notify/receiver-view.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type ListFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { printCsv } from '../text/csv.ts';
import { painter } from '../text/paint.ts';
import { type Column, drawTable } from '../text/table.ts';
import { age, timestamp } from '../text/time.ts';

const CSV = ['name', 'type', 'events', 'isSigned', 'isSilenced', 'deliveredAt', 'failed'] as const;

/** The receivers of notifications, without their URLs, which the API does not give away. */
export async function showReceivers(client: ApiClient, format: ListFormat, io: Io): Promise<ExitCode> {
  const list = await client.receivers();
  if (format === 'csv') printCsv(list.receivers.map(toCsvRow), CSV, io.out);
  else if (format !== 'table') await printDocument(list, format, io.out);
  else printTable(list.receivers, io);
  if (list.problem !== undefined) io.err.write(`skipper: ${list.problem}\n`);
  if (list.receivers.length === 0) io.err.write('skipper: there are no receivers (--notifications)\n');
  return EXIT.ok;
}

function toCsvRow({ events, failed, ...receiver }: ReceiverView) {
  return { ...receiver, events: events.join(' '), failed: failed?.reason };
}

function printTable(receivers: readonly ReceiverView[], { out, now }: Io): void {
  const when = (at: number) => (out.isInteractive ? `${age(now() - at)} ago` : timestamp(at));
  const columns: readonly Column<ReceiverView>[] = [
    { heading: 'RECEIVER', cell: ({ name }) => name },
    { heading: 'TYPE', cell: ({ type, isSigned }) => (isSigned ? `${type}, signed` : type) },
    { heading: 'SILENCED', cell: ({ isSilenced }) => (isSilenced ? 'now' : ''), dispensable: 2 },
    {
      heading: 'DELIVERED',
      cell: ({ deliveredAt }) => (deliveredAt === undefined ? 'never' : when(deliveredAt)),
    },
    {
      heading: 'LAST FAILURE',
      cell: ({ failed }) => (failed === undefined ? '' : `${when(failed.at)}: ${failed.reason}`),
    },
    { heading: 'EVENTS', cell: ({ events }) => events.join(' '), dispensable: 1 },
  ];
  const width = out.isInteractive ? out.columns() - 1 : undefined;
  for (const line of drawTable(columns, receivers, { width, paint: painter(out) })) out.write(`${line}\n`);
}
