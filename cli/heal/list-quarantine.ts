import type { ApiClient } from '../../client/api-client.ts';
import type { QuarantineList } from '../../domain/heal/healing-view.ts';
import { describeMeans } from '../../domain/heal/ladder.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type ListFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { printCsv } from '../text/csv.ts';
import { painter } from '../text/paint.ts';
import { type Column, drawTable } from '../text/table.ts';
import { age, timestamp } from '../text/time.ts';

type Quarantined = QuarantineList['namespaces'][number];

const CSV = ['namespace', 'since', 'rule', 'evidence', 'reason', 'tried'] as const;

/** What healing has given up. */
export async function listQuarantine(client: ApiClient, format: ListFormat, io: Io): Promise<ExitCode> {
  const list = await client.quarantine();
  const { namespaces } = list;
  if (format === 'csv')
    printCsv(
      namespaces.map((each) => ({ ...each, tried: triedIn(each) })),
      CSV,
      io.out,
    );
  else if (format !== 'table') await printDocument(list, format, io.out);
  else if (namespaces.length > 0) printTable(namespaces, io);
  if (namespaces.length === 0) io.err.write('skipper: no namespace is in quarantine\n');
  return EXIT.ok;
}

function printTable(namespaces: readonly Quarantined[], { out, now }: Io): void {
  const forPeople = out.isInteractive;
  const columns: readonly Column<Quarantined>[] = [
    { heading: 'NAMESPACE', cell: ({ namespace }) => namespace },
    {
      heading: forPeople ? 'FOR' : 'SINCE',
      cell: ({ since }) => (forPeople ? age(now() - since) : timestamp(since)),
      dispensable: 1,
    },
    { heading: 'RULE', cell: ({ rule }) => rule },
    { heading: 'TRIED', cell: triedIn, dispensable: 2 },
    { heading: 'REASON', cell: ({ reason }) => reason, dispensable: 3 },
    { heading: 'EVIDENCE', cell: ({ evidence }) => evidence },
  ];
  const width = forPeople ? out.columns() - 1 : undefined;
  for (const line of drawTable(columns, namespaces, { width, paint: painter(out) })) out.write(`${line}\n`);
}

function triedIn({ steps }: Quarantined): string {
  return steps.map(({ means, rule }) => describeMeans(means, rule)).join(', ');
}
