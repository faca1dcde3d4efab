import type { ApiClient } from '../../client/api-client.ts';
import { isWellAgain } from '../../domain/heal/describe-healing.ts';
import type { HealingEntry } from '../../domain/heal/healing-view.ts';
import { describeMeans } from '../../domain/heal/ladder.ts';
import type { HealingFilter } from '../../domain/heal/list-healing.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type ListFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { printCsv } from '../text/csv.ts';
import { nameSome } from '../text/name-some.ts';
import { painter } from '../text/paint.ts';
import { type Column, drawTable } from '../text/table.ts';
import { age, timestamp } from '../text/time.ts';
import { describeStatus } from './describe-status.ts';
import { readAllHealing } from './read-all-healing.ts';
import { HEALING_STYLES } from './styles.ts';

const CSV = [
  'namespace',
  'state',
  'since',
  'rule',
  'evidence',
  'nextMeans',
  'nextAt',
  'steps',
  'reason',
] as const;

interface ShowHealing {
  readonly filter: HealingFilter;
  readonly format: ListFormat;
}

/** The latest pass of healing, and the namespaces that are not well. */
export async function showHealing(
  client: ApiClient,
  { filter, format }: ShowHealing,
  io: Io,
): Promise<ExitCode> {
  const list = await readAllHealing(client, filter);
  if (format === 'csv') printCsv(list.namespaces.map(toCsvRow), CSV, io.out);
  else if (format !== 'table') await printDocument(list, format, io.out);
  else {
    for (const line of describeStatus(list, io.now())) io.out.write(`${line}\n`);
    printNamespaces(list.namespaces, io);
  }
  if (list.namespaces.length === 0) io.err.write('skipper: no namespaces match\n');
  return EXIT.ok;
}

/** What is well again only takes places of the cap: names are enough. */
function printNamespaces(entries: readonly HealingEntry[], io: Io): void {
  const listed = entries.filter((entry) => !isWellAgain(entry));
  const well = entries.filter(isWellAgain).map(({ namespace }) => namespace);
  if (listed.length > 0) printTable(listed, io);
  if (well.length > 0)
    io.out.write(`\nWell again, what was done is remembered for some time: ${nameSome(well)}.\n`);
}

function printTable(entries: readonly HealingEntry[], { out, now }: Io): void {
  const forPeople = out.isInteractive;
  const columns: readonly Column<HealingEntry>[] = [
    { heading: 'NAMESPACE', cell: ({ namespace }) => namespace },
    { heading: 'STATE', cell: ({ state }) => ({ text: state, style: HEALING_STYLES[state] }) },
    {
      heading: forPeople ? 'FOR' : 'SINCE',
      cell: ({ since }) => (forPeople ? age(now() - since) : timestamp(since)),
      dispensable: 2,
    },
    { heading: 'RULE', cell: ({ findings: [first] }) => first?.rule ?? '' },
    { heading: 'NEXT', cell: nextOf, dispensable: 3 },
    { heading: 'STEPS', cell: ({ steps }) => String(steps.length), dispensable: 1 },
    { heading: 'WHY', cell: whyOf },
  ];
  const width = forPeople ? out.columns() - 1 : undefined;
  out.write('\n');
  for (const line of drawTable(columns, entries, { width, paint: painter(out) })) out.write(`${line}\n`);
}

function nextOf({ nextMeans, findings: [first] }: HealingEntry): string {
  return nextMeans ? describeMeans(nextMeans, first?.rule) : '';
}

/** The reason alone does not say what was seen. */
function whyOf({ state, reason, findings: [first] }: HealingEntry): string {
  return state === 'reported' && first ? `${reason}: ${first.evidence}` : reason;
}

function toCsvRow({ namespace, state, since, findings: [first], steps, ...entry }: HealingEntry) {
  const { nextMeans, nextAt, reason } = entry;
  const { rule, evidence } = first ?? {};
  return { namespace, state, since, rule, evidence, nextMeans, nextAt, steps: steps.length, reason };
}
