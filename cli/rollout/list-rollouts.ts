import type { ApiClient } from '../../client/api-client.ts';
import type { RolloutFilter } from '../../client/rollout-requests.ts';
import { isOpen, TARGET_STATES } from '../../domain/rollout/rollout.ts';
import type { RolloutHead } from '../../domain/rollout/rollout-view.ts';
import { describeProgress } from '../deploy/rollout-progress.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type ListFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { printCsv } from '../text/csv.ts';
import { painter } from '../text/paint.ts';
import { type Column, drawTable } from '../text/table.ts';
import { age, timestamp } from '../text/time.ts';
import { STATE_STYLES } from './describe-rollout.ts';

const CSV_COLUMNS = [
  'id',
  'state',
  'trigger',
  'requestedBy',
  'createdAt',
  'versions',
  ...TARGET_STATES,
  'reason',
  'stateReason',
] as const;

export async function listRollouts(
  client: ApiClient,
  { filter, format }: { readonly filter: RolloutFilter; readonly format: ListFormat },
  { out, err, now }: Io,
): Promise<ExitCode> {
  const list = await client.rollouts(filter);
  if (format === 'csv') printCsv(list.rollouts.map(toCsvRow), CSV_COLUMNS, out);
  else if (format !== 'table') await printDocument(list, format, out);
  else {
    const forPeople = out.isInteractive;
    const width = forPeople ? out.columns() - 1 : undefined;
    const columns = rolloutColumns({ now: now(), forPeople });
    for (const line of drawTable(columns, list.rollouts, { width, paint: painter(out) }))
      out.write(`${line}\n`);
  }
  if (list.rollouts.length === 0) err.write('skipper: no rollouts match\n');
  if (list.next !== undefined && format !== 'json' && format !== 'yaml')
    err.write(`skipper: older rollouts: add --before ${list.next}\n`);
  return EXIT.ok;
}

function rolloutColumns({
  now,
  forPeople,
}: {
  readonly now: number;
  readonly forPeople: boolean;
}): readonly Column<RolloutHead>[] {
  return [
    { heading: 'ROLLOUT', cell: ({ id }) => id },
    { heading: 'STATE', cell: ({ state }) => ({ text: state, style: STATE_STYLES[state] }) },
    {
      heading: forPeople ? 'AGE' : 'CREATED',
      cell: ({ createdAt }) => (forPeople ? age(now - createdAt) : timestamp(createdAt)),
    },
    { heading: 'TRIGGER', cell: ({ trigger }) => trigger, dispensable: 2 },
    { heading: 'BY', cell: ({ requestedBy }) => requestedBy, dispensable: 4 },
    { heading: 'VERSION', cell: versionsOf, dispensable: 1 },
    { heading: 'PROGRESS', cell: ({ counts }) => describeProgress(counts), dispensable: 3 },
    { heading: 'WHY', cell: whyOf },
  ];
}

/** An open rollout shows what it waits for, an ended one how it ended. */
function whyOf({ state, stateReason, because, reason }: RolloutHead): string {
  const now = isOpen(state) && state !== 'paused' ? because : stateReason;
  return now || reason || '';
}

function versionsOf({ releases }: RolloutHead): string {
  return [...new Set(releases.map(({ version }) => version))].join(', ');
}

function toCsvRow(rollout: RolloutHead) {
  const { id, state, trigger, requestedBy, createdAt, counts, reason, stateReason } = rollout;
  return {
    ...counts,
    id,
    state,
    trigger,
    requestedBy,
    createdAt,
    versions: versionsOf(rollout),
    reason,
    stateReason,
  };
}
