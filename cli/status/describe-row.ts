import { type FleetRow, HEALTHS, isPastCause } from '../../domain/fleet/fleet-row.ts';
import type { FleetSummary } from '../../domain/fleet/fleet-summary.ts';
import { plural } from '../../domain/plural.ts';
import { isOpen } from '../../domain/rollout/rollout.ts';
import { oneLine } from '../text/lines.ts';
import { HEALTH_STYLES } from '../text/paint.ts';
import type { Column } from '../text/table.ts';
import { age, duration, timestamp } from '../text/time.ts';

/** The row in one line, for logs; a row with the same text has no visible change. */
export function describeRow(row: FleetRow): string {
  const { status, version, wanted } = row;
  const behind = wanted !== '' && wanted !== version ? ` (wanted: ${wanted})` : '';
  const parts = [`${status} ${version || 'no version'}${behind}`, describeDetail(row, undefined)];
  return oneLine(parts.filter(Boolean).join('; '));
}

/** The activity and the cause. With `now`, also the time until a retry. */
export function describeDetail(row: FleetRow, now: number | undefined): string {
  const { activity, attempt, detail, cause, retryAt } = row;
  const retry =
    activity === 'retrying' && retryAt !== undefined && now !== undefined
      ? ` in ${duration(Math.ceil(Math.max(0, retryAt - now) / 1_000) * 1_000)}`
      : '';
  const counted = attempt > 1 ? ` (attempt ${attempt})` : '';
  const doing =
    activity === 'idle'
      ? ''
      : `${activity}${retry}${counted}${detail && detail !== cause ? `: ${detail}` : ''}`;
  return [doing, isPastCause(row) ? `last attempt: ${cause}` : cause].filter(Boolean).join('; ');
}

/** Relative times for people, timestamps for programs. */
export function rowColumns({
  now,
  forPeople,
}: {
  readonly now: number;
  readonly forPeople: boolean;
}): readonly Column<FleetRow>[] {
  return [
    { heading: 'NAMESPACE', cell: ({ namespace }) => namespace },
    { heading: 'HEALTH', cell: ({ health }) => ({ text: health, style: HEALTH_STYLES[health] }) },
    { heading: 'STATUS', cell: ({ status }) => status },
    { heading: 'CHANNEL', cell: ({ channel }) => channel, dispensable: 3 },
    { heading: 'VERSION', cell: ({ version }) => version, dispensable: 2 },
    {
      heading: 'WANTED',
      cell: ({ version, wanted }) => (forPeople && wanted === version ? '' : wanted),
      dispensable: 4,
    },
    {
      heading: 'SINCE',
      cell: ({ since }) => {
        if (since === undefined) return '';
        return forPeople ? age(now - since) : timestamp(since);
      },
      dispensable: 1,
    },
    { heading: 'DETAIL', cell: (row) => describeDetail(row, forPeople ? now : undefined) },
  ];
}

/** `20 namespaces: 1 degraded, 19 healthy` */
export function describeCounts(rows: readonly FleetRow[]): string {
  const counts = HEALTHS.map(
    (health) => [health, rows.filter((row) => row.health === health).length] as const,
  );
  const named = counts.filter(([, count]) => count > 0).map(([health, count]) => `${count} ${health}`);
  return `${plural(rows.length, 'namespace')}${named.length === 0 ? '' : `: ${named.join(', ')}`}`;
}

/** Workers, queue, and rollouts in progress. */
export function describeWork({ workers, queue, rollouts }: FleetSummary, now: number): string {
  const running = rollouts
    .filter(({ state }) => isOpen(state))
    .map(({ id, state, counts, etaAt }) => {
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const left = counts.pending + counts.running + counts.paused;
      const eta = etaAt === undefined || etaAt <= now ? '' : `, about ${duration(etaAt - now)} left`;
      return `rollout ${id}: ${total - left} of ${total}${state === 'paused' ? ', paused' : eta}`;
    });
  return [
    ...(workers === undefined ? [] : [plural(workers, 'worker')]),
    ...(queue === undefined ? [] : [`${plural(queue.waiting + queue.active + queue.delayed, 'job')} to do`]),
    ...running,
  ].join('; ');
}
