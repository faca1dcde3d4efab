import { keysOf } from '../../domain/keys-of.ts';
import { plural } from '../../domain/plural.ts';
import { isOpen, type TargetCounts, type TargetState } from '../../domain/rollout/rollout.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { oneLine, truncate } from '../text/lines.ts';
import type { Paint } from '../text/paint.ts';
import { duration } from '../text/time.ts';

export type RolloutTarget = RolloutView['targets'][number];

const BAR_COLUMNS = 30;

/** The states that are counted by name; the total covers the others. */
const IS_NAMED: Readonly<Record<TargetState, boolean>> = {
  failed: true,
  cancelled: true,
  superseded: true,
  running: true,
  paused: true,
  completed: false,
  pending: false,
};

export function hasEnded({ state }: { readonly state: TargetState }): boolean {
  return !isOpen(state);
}

export function countEnded({ targets }: RolloutView): number {
  return targets.filter(hasEnded).length;
}

/** Every target has ended, and the rollout does not wait for one to stay verified. */
export function isOver(rollout: RolloutView): boolean {
  return hasEnded(rollout) && rollout.targets.every(hasEnded);
}

/**
 * An operator or a failure has stopped the rollout: it does not continue automatically. If only its last targets are paused,
 * because their queue is, it does.
 */
export function isStopped({ state, strategy, events = [] }: RolloutView): boolean {
  if (state !== 'paused') return false;
  return strategy?.type === 'Progressive' || events[0]?.state === 'paused';
}

/** The targets that have ended since the last read. */
export function newlyEnded(before: RolloutView | undefined, after: RolloutView): RolloutTarget[] {
  const open = new Set(
    before?.targets.filter((target) => !hasEnded(target)).map(({ namespace }) => namespace),
  );
  return after.targets.filter(
    (target) => hasEnded(target) && (before === undefined || open.has(target.namespace)),
  );
}

/** Sorts by end time; a target without one comes last. */
export function byEnd(a: RolloutTarget, b: RolloutTarget): number {
  return (a.finishedAt ?? Number.MAX_SAFE_INTEGER) - (b.finishedAt ?? Number.MAX_SAFE_INTEGER);
}

/** When the last target ended; undefined while a target is unfinished. */
export function endOf({ targets }: RolloutView): number | undefined {
  const ends = targets.flatMap(({ finishedAt }) => finishedAt ?? []);
  return ends.length > 0 && targets.every(hasEnded) ? Math.max(...ends) : undefined;
}

/** `failed after 12s: exceeded quota: pods` */
export function describeEnd({ state, startedAt, finishedAt, outcome, reason }: RolloutTarget): string {
  const took =
    startedAt === undefined || finishedAt === undefined ? '' : ` after ${duration(finishedAt - startedAt)}`;
  const how = state === 'completed' ? outcome : reason;
  return oneLine(`${state}${took}${how ? `: ${how}` : ''}`);
}

/** `12 of 20 ended, 1 failed, 5 running` */
export function describeProgress(counts: TargetCounts): string {
  const named = keysOf(IS_NAMED)
    .filter((state) => IS_NAMED[state] && counts[state] > 0)
    .map((state) => `, ${counts[state]} ${state}`);
  return `${endedOf(counts)} of ${totalOf(counts)} ended${named.join('')}`;
}

/** One line: a bar if there is room, counts, and the remaining time. */
export function drawProgress(
  rollout: RolloutView,
  leftMs: number | undefined,
  columns: number,
  paint: Paint,
): string {
  const { counts } = rollout;
  const left = leftMs === undefined ? '' : `, about ${duration(Math.ceil(leftMs / 1_000) * 1_000)} left`;
  const text = `${describeProgress(counts)}${left}`;
  const room = Math.min(BAR_COLUMNS, columns - text.length - 3);
  if (room < 8) return truncate(text, columns);
  return `${drawBar(counts, room, paint)} ${text}`;
}

/** `[####!!----]`: what has ended, of it what failed, and what is left. */
export function drawBar(counts: TargetCounts, room: number, paint: Paint): string {
  const share = (count: number) => Math.round((count / Math.max(1, totalOf(counts))) * room);
  const done = share(endedOf(counts));
  const red = Math.min(done, counts.failed > 0 ? Math.max(1, share(counts.failed)) : 0);
  const bar =
    paint('#'.repeat(done - red), 'green') + paint('!'.repeat(red), 'red') + '-'.repeat(room - done);
  return `[${bar}]`;
}

function endedOf(counts: TargetCounts): number {
  return keysOf(counts)
    .filter((state) => !isOpen(state))
    .reduce((sum, state) => sum + counts[state], 0);
}

function totalOf(counts: TargetCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The result in words: what failed and why, and what was cancelled or superseded. */
export function summarize(rollout: RolloutView): string[] {
  const { targets } = rollout;
  const of = (state: TargetState) => targets.filter((target) => target.state === state);
  const failed = of('failed');
  const others = [...of('cancelled'), ...of('superseded')];
  return [
    ...(failed.length === 0 ? [] : [`${failed.length} of ${plural(targets.length, 'namespace')} failed:`]),
    ...failed.map(({ namespace, reason }) => `  ${namespace}: ${oneLine(reason)}`),
    ...(others.length === 0 ? [] : [`${plural(others.length, 'namespace')} cancelled or superseded:`]),
    ...others.map(
      ({ namespace, state, reason }) =>
        `  ${namespace}: ${oneLine([state, reason].filter(Boolean).join(', '))}`,
    ),
  ];
}
