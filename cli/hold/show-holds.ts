import type { ApiClient } from '../../client/api-client.ts';
import type { HoldList, IgnoredReleaseList } from '../../domain/rollout/rollout-view.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type ListFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { printCsv } from '../text/csv.ts';
import { painter } from '../text/paint.ts';
import { type Column, drawTable } from '../text/table.ts';
import { age, timestamp } from '../text/time.ts';

type HeldNamespace = HoldList['holds'][number];
type IgnoredRelease = IgnoredReleaseList['releases'][number];

const HOLD_CSV = ['namespace', 'pin', 'at', 'by', 'reason', 'rolloutId'] as const;
const IGNORED_CSV = ['version', 'key', 'at', 'by', 'reason', 'rolloutId'] as const;

/** The namespaces that get no release automatically. */
export async function showHolds(client: ApiClient, format: ListFormat, io: Io): Promise<ExitCode> {
  const list = await client.holds();
  if (format === 'csv') printCsv(list.holds, HOLD_CSV, io.out);
  else if (format !== 'table') await printDocument(list, format, io.out);
  else {
    const subject: readonly Column<HeldNamespace>[] = [
      { heading: 'NAMESPACE', cell: ({ namespace }) => namespace },
      { heading: 'PIN', cell: ({ pin }) => pin ?? '', dispensable: 1 },
    ];
    printTable([...subject, ...holdColumns<HeldNamespace>(io)], list.holds, io);
  }
  if (list.holds.length === 0) io.err.write('skipper: no namespace is held\n');
  return EXIT.ok;
}

/** The releases that are not rolled out automatically. */
export async function showIgnored(client: ApiClient, format: ListFormat, io: Io): Promise<ExitCode> {
  const list = await client.ignoredReleases();
  if (format === 'csv') printCsv(list.releases, IGNORED_CSV, io.out);
  else if (format !== 'table') await printDocument(list, format, io.out);
  else {
    const subject: readonly Column<IgnoredRelease>[] = [
      { heading: 'VERSION', cell: ({ version }) => version },
    ];
    printTable([...subject, ...holdColumns<IgnoredRelease>(io)], list.releases, io);
  }
  if (list.releases.length === 0) io.err.write('skipper: no release is ignored\n');
  return EXIT.ok;
}

function holdColumns<Held extends Omit<HeldNamespace, 'namespace'>>({
  out,
  now,
}: Io): readonly Column<Held>[] {
  return [
    {
      heading: 'SINCE',
      cell: ({ at }) => (out.isInteractive ? age(now() - at) : timestamp(at)),
      dispensable: 2,
    },
    { heading: 'BY', cell: ({ by }) => by, dispensable: 4 },
    { heading: 'ROLLOUT', cell: ({ rolloutId }) => rolloutId ?? '', dispensable: 3 },
    { heading: 'REASON', cell: ({ reason }) => reason },
  ];
}

function printTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], { out }: Io): void {
  const width = out.isInteractive ? out.columns() - 1 : undefined;
  for (const line of drawTable(columns, rows, { width, paint: painter(out) })) out.write(`${line}\n`);
}
