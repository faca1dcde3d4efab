import { keysOf } from '../../domain/keys-of.ts';
import { isOpen, type TargetState } from '../../domain/rollout/rollout.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import { oneLine, plural, truncate } from '../text/lines.ts';
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

/** `12 of 20 done, 1 failed, 5 running` */
export function describeCounts(rollout: RolloutView): string {
  const { counts, targets } = rollout;
  const named = keysOf(IS_NAMED)
    .filter((state) => IS_NAMED[state] && counts[state] > 0)
    .map((state) => `, ${counts[state]} ${state}`);
  return `${countEnded(rollout)} of ${targets.length} done${named.join('')}`;
}

/** One line: a bar if there is room, counts, and the remaining time. */
export function drawProgress(
  rollout: RolloutView,
  leftMs: number | undefined,
  columns: number,
  paint: Paint,
): string {
  const { targets } = rollout;
  const left = leftMs === undefined ? '' : `, about ${duration(Math.ceil(leftMs / 1_000) * 1_000)} left`;
  const text = `${describeCounts(rollout)}${left}`;
  const room = Math.min(BAR_COLUMNS, columns - text.length - 3);
  if (room < 8) return truncate(text, columns);
  const share = (count: number) => Math.round((count / Math.max(1, targets.length)) * room);
  const failed = targets.filter(({ state }) => state === 'failed').length;
  const done = share(countEnded(rollout));
  const red = Math.min(done, failed > 0 ? Math.max(1, share(failed)) : 0);
  const bar =
    paint('#'.repeat(done - red), 'green') + paint('!'.repeat(red), 'red') + '-'.repeat(room - done);
  return `[${bar}] ${text}`;
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
