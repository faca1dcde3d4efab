import type { NamespaceAnswer } from '../../client/namespace-answer.ts';
import { plural } from '../../domain/plural.ts';
import type { Attempt } from '../../domain/rollout/attempt.ts';
import { hang, oneLine, wrap } from '../text/lines.ts';
import { HEALTH_STYLES, type Paint } from '../text/paint.ts';
import { type Column, drawTable } from '../text/table.ts';
import { age, duration, timestamp } from '../text/time.ts';
import { describeHealthRules } from './describe-health-rules.ts';

/** The parts of the API's answer that are shown. */
export type ExplainedNamespace = Pick<
  NamespaceAnswer,
  'namespace' | 'status' | 'channel' | 'version' | 'why' | 'holds' | 'attempts' | 'historyProblem' | 'now'
> &
  Partial<Pick<NamespaceAnswer, 'healing'>>;

export interface Page {
  /** Undefined in a pipe: no line is wrapped, and times are timestamps. */
  readonly width: number | undefined;
  readonly paint: Paint;
}

const LATEST = 5;

export function describeWhy(answer: ExplainedNamespace, page: Page): string[] {
  const { namespace, status, version, why, historyProblem } = answer;
  const { width, paint } = page;
  const style = HEALTH_STYLES[why.health];
  return [
    `${paint(namespace, 'bold')}  ${paint(why.health, style)}  ${status}${version === '' ? '' : `  ${version}`}`,
    ...wrap(oneLine(why.headline), width),
    ...section(
      'Because',
      paint,
      why.because.flatMap((line) => hang('  - ', oneLine(line), width)),
    ),
    ...section(
      'What holds it, in order',
      paint,
      (answer.holds ?? []).flatMap(({ text }, index) => hang(`  ${index + 1}. `, oneLine(text), width)),
    ),
    ...section(
      'What to do',
      paint,
      why.remedy.flatMap((line, index) => hang(`  ${index + 1}. `, oneLine(line), width)),
    ),
    ...section('Health rules', paint, describeRules(answer, width)),
    ...section('Latest attempts', paint, describeAttempts(answer, page)),
    ...section(
      'Latest attempts are unavailable',
      paint,
      historyProblem === undefined ? [] : hang('  ', oneLine(historyProblem), width),
    ),
  ];
}

function describeRules({ healing, now }: ExplainedNamespace, width: Page['width']): string[] {
  if (healing === undefined) return [];
  const clock = { now, forPeople: width !== undefined };
  return describeHealthRules(healing, clock).flatMap(([bullet, line]) => hang(bullet, line, width));
}

function describeAttempts({ attempts, now }: ExplainedNamespace, { width, paint }: Page): string[] {
  if (attempts.length === 0) return [];
  const latest = attempts.slice(0, LATEST);
  const room = width === undefined ? undefined : width - 2;
  const lines = drawTable(columns({ now, forPeople: width !== undefined }), latest, { width: room, paint });
  return lines.map((line) => `  ${line}`);
}

function columns({ now, forPeople }: { now: number; forPeople: boolean }): readonly Column<Attempt>[] {
  const ended = ({ end }: Attempt) => end ?? 'running';
  return [
    {
      heading: 'STARTED',
      cell: ({ startedAt }) => (forPeople ? `${age(now - startedAt)} ago` : timestamp(startedAt)),
    },
    {
      heading: 'TOOK',
      cell: ({ startedAt, endedAt }) => (endedAt === undefined ? '' : duration(endedAt - startedAt)),
    },
    { heading: 'VERSION', cell: ({ version }) => version, dispensable: 1 },
    {
      heading: 'END',
      cell: (attempt) => ({ text: ended(attempt), style: attempt.end === 'failed' ? 'red' : undefined }),
    },
    { heading: 'WHAT', cell: describeAttempt },
  ];
}

function describeAttempt({ outcome, reason, retryDelayMs, times, steps }: Attempt): string {
  const slowest = steps.toSorted((a, b) => b.ms - a.ms)[0];
  return [
    ...(outcome === undefined ? [] : [outcome]),
    ...(reason === '' ? [] : [reason]),
    ...(slowest === undefined || slowest.ms < 1_000 ? [] : [`${slowest.kind} took ${duration(slowest.ms)}`]),
    ...(retryDelayMs === undefined ? [] : [`next after ${duration(retryDelayMs)}`]),
    ...(times > 1 ? [`repeated ${plural(times, 'time')}`] : []),
  ].join('; ');
}

function section(title: string, paint: Paint, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', paint(title, 'bold'), ...lines];
}
