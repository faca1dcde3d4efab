import { causeGroup } from '../../domain/fleet/cause-group.ts';
import { groupFailures } from '../../domain/rollout/group-failures.ts';
import { isOpen, type TargetState } from '../../domain/rollout/rollout.ts';
import type { FailureGroup } from '../../domain/rollout/rollout-status.ts';
import type { RolloutView, WaveView } from '../../domain/rollout/rollout-view.ts';
import { describeProgress, drawBar } from '../deploy/rollout-progress.ts';
import { hang, oneLine, truncate, wrap } from '../text/lines.ts';
import { nameSome } from '../text/name-some.ts';
import type { Paint, Style } from '../text/paint.ts';
import { age, timestamp } from '../text/time.ts';
import { describeEvent } from './describe-event.ts';
import { describeStrategy } from './describe-strategy.ts';
import { nextCommands } from './next-commands.ts';

export interface Page {
  /** Undefined in a pipe: no line is wrapped, and times are timestamps. */
  readonly width: number | undefined;
  readonly paint: Paint;
  readonly now: number;
}

const LATEST_EVENTS = 10;
const NAMESPACES_PER_CAUSE = 10;
const BAR_COLUMNS = 20;

export const STATE_STYLES: Readonly<Record<TargetState, Style | undefined>> = {
  pending: undefined,
  running: 'cyan',
  paused: 'yellow',
  completed: 'green',
  failed: 'red',
  cancelled: 'dim',
  superseded: 'dim',
};

/** A rollout for people: what it does and why, how far it is, and what can be done. */
export function describeRollout(rollout: RolloutView, page: Page): string[] {
  return [
    ...describeState(rollout, page),
    ...describeFacts(rollout, page),
    ...section('Waves', drawWaves(rollout.waves ?? [], page), page),
    ...section('Failures', describeCauses(rollout, page), page),
    ...section('Timeline', describeTimeline(rollout, page), page),
    ...section('What you can do', describeCommands(rollout), page),
  ];
}

function describeState(rollout: RolloutView, { width, paint }: Page): string[] {
  const { id, state, counts, stateReason = '', because = '' } = rollout;
  const head = `${paint(id, 'bold')}  ${paint(state, STATE_STYLES[state])}  ${describeProgress(counts)}`;
  // Why a rollout that runs once began is in its timeline.
  const isMoving = isOpen(state) && state !== 'paused';
  const why = (isMoving && because) || stateReason;
  return [head, ...(why === '' ? [] : wrap(oneLine(why), width))];
}

function describeFacts(rollout: RolloutView, page: Page): string[] {
  const { reason, createdAt, releases, rollsBack } = rollout;
  const versions = releases.map(({ channel, version }) => (channel ? `${channel} → ${version}` : version));
  const facts: readonly (readonly [string, string])[] = [
    ['Requested', `${when(createdAt, page)} ${describeRequester(rollout)}`],
    ['Reason', reason ?? ''],
    ['Releases', versions.join(', ')],
    ['Takes back', rollsBack ?? ''],
    ['Strategy', describeStrategy(rollout)],
    ['Expected end', describeEta(rollout, page)],
  ];
  const shown = facts.filter(([, text]) => text !== '');
  const lines = shown.flatMap(([name, text]) => hang(`${`${name}:`.padEnd(14)}`, oneLine(text), page.width));
  return ['', ...lines];
}

function describeRequester({ trigger, requestedBy }: RolloutView): string {
  return trigger === 'unknown'
    ? '(by whom is not known: Redis lost its data)'
    : `by ${requestedBy || 'Skipper'} (${trigger})`;
}

function describeEta({ eta }: RolloutView, { width, now }: Page): string {
  if (eta === undefined) return '';
  if (width === undefined) return `${timestamp(eta.p50)}, at the latest ${timestamp(eta.p90)} (p90)`;
  return `in about ${age(eta.p50 - now)}, with 90 % probability within ${age(eta.p90 - now)}`;
}

/** One line for each wave: a bar, and counts. With too little room, those from the first unfinished wave on. */
export function drawWaves(
  waves: readonly WaveView[],
  page: Pick<Page, 'width' | 'paint'>,
  room = waves.length,
): string[] {
  const unfinished = waves.findIndex(({ counts }) => counts.pending + counts.running + counts.paused > 0);
  const start = Math.max(0, Math.min(unfinished, waves.length - room));
  return waves.slice(start, start + room).map((wave, index) => drawWave(wave, start + index + 1, page));
}

function drawWave(
  { isCanary, counts }: WaveView,
  number: number,
  { width, paint }: Pick<Page, 'width' | 'paint'>,
): string {
  const name = `${number}${isCanary ? ' canary' : ''}`.padEnd(9);
  const text = describeProgress(counts);
  const isRoomy = width === undefined || width >= name.length + BAR_COLUMNS + text.length + 5;
  const bar = isRoomy ? `${drawBar(counts, BAR_COLUMNS, paint)} ` : '';
  const line = `  ${name}${bar}${text}`;
  return isRoomy || width === undefined ? line : truncate(line, width);
}

function describeCauses(rollout: RolloutView, { width, paint }: Page): string[] {
  return failuresOf(rollout).flatMap(({ cause, namespaces }) => [
    ...hang('  - ', oneLine(cause), width).map((line) => paint(line, 'red')),
    ...hang('    ', nameSome(namespaces, NAMESPACES_PER_CAUSE), width),
  ]);
}

/** The targets are newer than what was noted when the state changed. */
function failuresOf({ targets, failures = [] }: RolloutView): readonly FailureGroup[] {
  const failed = targets.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return failures;
  return groupFailures(
    failed.map(({ namespace, cause, reason }) => ({
      namespace,
      cause: cause ?? causeGroup(reason, namespace),
    })),
  );
}

function describeTimeline({ events = [], stateReason }: RolloutView, page: Page): string[] {
  // The reason of the state can be long, and is shown above.
  const latest = events
    .slice(0, LATEST_EVENTS)
    .map((event) => (event.by === '' && event.reason === stateReason ? { ...event, reason: '' } : event));
  const times = latest.map(({ at }) => when(at, page));
  const column = Math.max(0, ...times.map(({ length }) => length)) + 2;
  const lines = latest.flatMap((event, index) =>
    hang(`  ${(times[index] ?? '').padEnd(column)}`, describeEvent(event), page.width),
  );
  const more = events.length - latest.length;
  return more > 0 ? [...lines, `  and ${more} earlier (-o json has all)`] : lines;
}

function describeCommands(rollout: RolloutView): string[] {
  return nextCommands(rollout).flatMap(({ command, effect }) => [`  ${command}`, `      ${effect}`]);
}

function when(at: number, { width, now }: Page): string {
  return width === undefined ? timestamp(at) : `${age(now - at)} ago`;
}

function section(title: string, lines: readonly string[], { paint }: Page): string[] {
  return lines.length === 0 ? [] : ['', paint(title, 'bold'), ...lines];
}
