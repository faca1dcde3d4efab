import { DateTime } from 'luxon';
import type { DeployWindow } from '../deploy-window.ts';

/** Why nothing new can begin now, and until when. Times in milliseconds since the epoch. */
export interface Closure {
  readonly kind: 'freeze' | 'window';
  readonly reason: string;
  readonly until: number;
}

/** A period in which nothing is deployed. */
export interface FreezePeriod {
  readonly from: number;
  /** The first moment after it. */
  readonly to: number;
  readonly timeZone: string;
  readonly reason: string;
}

/** When something can be deployed: in the windows if there are some, and in none of the freezes. */
export interface Schedule {
  readonly windows?: DeployWindow | undefined;
  readonly freezes?: readonly FreezePeriod[] | undefined;
}

/** A window that is shut by a change of the clock opens in another week. */
const DAYS_AHEAD = 22;
/** Freezes and windows can follow each other; nobody waits for more of them. */
const MAX_CHANGES = 100;

/** Undefined if the schedule is open. `until` is when it opens, after everything that closes it. */
export function closureAt(schedule: Schedule, now: number): Closure | undefined {
  const first = closedBy(schedule, now);
  if (!first) return undefined;
  let { until } = first;
  for (let change = 0; change < MAX_CHANGES; change += 1) {
    const next = closedBy(schedule, until);
    if (!next) break;
    until = next.until;
  }
  return { kind: first.kind, until, reason: `${first.what} until ${describeTime(until, first.timeZone)}` };
}

/** `Mon 2026-11-30 09:00 Europe/Oslo` */
export function describeTime(at: number, timeZone: string): string {
  return `${DateTime.fromMillis(at, { zone: timeZone, locale: 'en' }).toFormat('ccc yyyy-MM-dd HH:mm')} ${timeZone}`;
}

interface Closed {
  readonly kind: Closure['kind'];
  readonly what: string;
  readonly timeZone: string;
  readonly until: number;
}

function closedBy({ windows, freezes = [] }: Schedule, at: number): Closed | undefined {
  const freeze = freezes.find(({ from, to }) => from <= at && at < to);
  if (freeze) {
    const { reason, timeZone, to } = freeze;
    return { kind: 'freeze', what: `waits for the end of the freeze (${reason})`, timeZone, until: to };
  }
  const until = windows && opensAt(windows, at);
  if (!windows || until === undefined) return undefined;
  const { text, timeZone } = windows;
  return { kind: 'window', what: `waits for the window ${text} ${timeZone}`, timeZone, until };
}

/** When the window opens next; undefined if it is open. */
function opensAt({ spans, timeZone }: DeployWindow, at: number): number | undefined {
  const today = DateTime.fromMillis(at, { zone: timeZone }).startOf('day');
  let opening = Number.POSITIVE_INFINITY;
  for (let offset = -1; offset < DAYS_AHEAD; offset += 1) {
    const day = today.plus({ days: offset });
    for (const { days, from, to } of spans) {
      if (!days.includes(day.weekday)) continue;
      const start = clockTime(day, from);
      const end = clockTime(to <= from ? day.plus({ days: 1 }) : day, to);
      if (start <= at && at < end) return undefined;
      if (start > at && start < end) opening = Math.min(opening, start);
    }
    if (Number.isFinite(opening)) break;
  }
  return opening;
}

function clockTime(day: DateTime, minutes: number): number {
  const hour = Math.floor(minutes / 60);
  return day
    .plus({ days: Math.floor(hour / 24) })
    .set({ hour: hour % 24, minute: minutes % 60 })
    .toMillis();
}
