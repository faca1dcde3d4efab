import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../../client/api-client.ts';
import { isOpen, type TargetState } from '../../domain/rollout/rollout.ts';
import { estimateEnd, type ProgressSample, withSample } from '../../domain/rollout/rollout-eta.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import type { Terminal } from '../../shared/terminal.ts';
import { CliError, EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import { drawWaves } from '../rollout/describe-rollout.ts';
import { nextCommands, standsStill } from '../rollout/next-commands.ts';
import type { Io } from '../terminal.ts';
import { oneLine, truncate } from '../text/lines.ts';
import { painter } from '../text/paint.ts';
import { openRedrawn } from '../text/redrawn.ts';
import { duration, timestamp } from '../text/time.ts';
import { awaitRollout } from './await-rollout.ts';
import { newsOf } from './rollout-news.ts';
import { countEnded, describeProgress, drawProgress, endOf, summarize } from './rollout-progress.ts';

export interface WaitChoices {
  readonly format: OutputFormat;
  readonly timeoutMs: number | undefined;
  /** Also shows waves and decisions; then only a completed rollout is a success. */
  readonly isWatch?: boolean;
}

/** Shows a rollout until it ends or is paused, then its result. */
export async function waitForRollout(
  client: ApiClient,
  id: string,
  choices: WaitChoices,
  io: Io,
): Promise<ExitCode> {
  const { out, err, now } = io;
  const { timeoutMs } = choices;
  const output = choices.format === 'table' ? out : err;
  const progress = openProgress(output, now, choices.isWatch);
  const again = choices.isWatch ? 'rollout watch' : 'wait';
  const hint = `rollout ${id} continues; follow it with: skipper ${again} ${id}`;
  const stopListening = onSignals((exitCode) => {
    err.write(`\nskipper: interrupted; ${hint}\n`);
    process.exit(exitCode);
  });
  const waited = await awaitRollout(client, id, {
    deadline: timeoutMs === undefined ? undefined : now() + timeoutMs,
    now,
    pause,
    ...progress,
  }).finally(stopListening);
  const { rollout, isEnded, isStopped = false } = waited;
  if (rollout === undefined || !(isEnded || isStopped)) {
    const seen = rollout === undefined ? 'the API did not answer' : describeProgress(rollout.counts);
    throw new CliError(EXIT.timeout, `not finished after ${duration(timeoutMs ?? 0)}: ${seen}`, [hint]);
  }
  return conclude(rollout, choices, io);
}

async function conclude(
  rollout: RolloutView,
  { format, isWatch = false }: WaitChoices,
  { out, err }: Io,
): Promise<ExitCode> {
  const { state, counts } = rollout;
  const isSuccess = isWatch ? state === 'completed' : !UNSUCCESSFUL.includes(state) && counts.failed === 0;
  if (format !== 'table') await printDocument(rollout, format, out);
  for (const line of summarize(rollout)) err.write(`${line}\n`);
  const output = isSuccess && format === 'table' ? out : err;
  if (isWatch || !isSuccess) for (const line of describeConclusion(rollout)) output.write(`${line}\n`);
  return isSuccess ? EXIT.ok : EXIT.failed;
}

const UNSUCCESSFUL: readonly TargetState[] = ['paused', 'failed', 'cancelled'];

/** How the rollout ended, or why it is paused; then the commands that fit. */
function describeConclusion(rollout: RolloutView): string[] {
  const { id, state, strategy, stateReason = '' } = rollout;
  // An older API, without reasons and commands: the targets have said all.
  if (stateReason === '' && strategy === undefined) return [];
  // An operator's reason begins with the state; that of a rollout that has just ended comes a moment later.
  const isComplete = stateReason.startsWith(state);
  const reason = isComplete ? stateReason : [state, stateReason].filter(Boolean).join(': ');
  const commands = state === 'completed' ? [] : nextCommands(rollout);
  return [
    oneLine(`rollout ${id} is ${reason}`),
    ...commands.map(({ command, effect }) => `  ${command}   # ${effect}`),
  ];
}

export interface Progress {
  onSeen(rollout: RolloutView): void;
  onLost(reason: string): void;
  onBack(): void;
}

export function openProgress(output: Terminal, now: () => number, isWatch = false): Progress {
  return output.isInteractive ? onScreen(output, now, isWatch) : inLines(output, now, isWatch);
}

const OTHER_LINES = 6;

/** A progress bar; failures stay above it, and the decisions of a watched rollout. */
function onScreen(output: Terminal, now: () => number, isWatch: boolean): Progress {
  const screen = openRedrawn(output);
  const paint = painter(output);
  const columns = () => output.columns() - 1;
  // Below and above the waves: the bar, what the rollout waits for, a lost connection, the cursor.
  const room = () => Math.max(1, output.rows() - OTHER_LINES);
  let last: RolloutView | undefined;
  let samples: readonly ProgressSample[] = [];
  let note: string[] = [];
  const bar = (rollout: RolloutView) => {
    const endAt = rollout.eta?.p50 ?? estimateEnd(samples, rollout.targets.length - countEnded(rollout));
    const leftMs = endAt === undefined ? undefined : Math.max(0, endAt - now());
    return drawProgress(rollout, leftMs, columns(), paint);
  };
  const below = (rollout: RolloutView) => [
    ...(isWatch ? drawWaves(rollout.waves ?? [], { width: columns(), paint }, room()) : []),
    ...describeNow(rollout).map((line) => paint(truncate(line, columns()), 'dim')),
  ];
  const draw = () => screen.show([...(last === undefined ? [] : [bar(last), ...below(last)]), ...note]);
  return {
    onSeen: (rollout) => {
      const news = newsOf(last, rollout, isWatch)
        .filter(({ isNotable }) => isNotable)
        .map(({ text, isFailure }) => paint(truncate(text, columns()), isFailure ? 'red' : undefined));
      if (news.length > 0) screen.printAbove(news);
      last = rollout;
      samples = withSample(samples, { at: now(), done: countEnded(rollout) });
      draw();
    },
    onLost: (reason) => {
      note = [paint(truncate(`connection lost, reconnecting: ${reason}`, columns()), 'yellow')];
      draw();
    },
    onBack: () => {
      note = [];
    },
  };
}

/** What a rollout that goes in waves waits for. */
function describeNow(rollout: RolloutView): string[] {
  const { state, strategy, because } = rollout;
  if (strategy?.type !== 'Progressive' || !isOpen(state) || !because) return [];
  return [oneLine(because), ...approvalHint(rollout)];
}

function approvalHint(rollout: RolloutView): string[] {
  if (!standsStill(rollout)) return [];
  return [`to let the next wave begin: skipper rollout approve ${rollout.id} --reason "…"`];
}

/** One line for each namespace that has ended, and for each decision of a watched rollout. */
function inLines(output: Terminal, now: () => number, isWatch: boolean): Progress {
  let last: RolloutView | undefined;
  const print = (line: string, at = now()) => output.write(`${timestamp(at)} ${line}\n`);
  return {
    onSeen: (rollout) => {
      const news = newsOf(last, rollout, isWatch);
      for (const { text, at } of news) print(text, at);
      if (news.some(({ isEnd }) => isEnd) || last === undefined)
        print(`rollout ${rollout.id} ${describeProgress(rollout.counts)}`, endOf(rollout));
      if (last === undefined || !standsStill(last)) for (const hint of approvalHint(rollout)) print(hint);
      last = rollout;
    },
    onLost: (reason) => print(`connection lost, reconnecting: ${reason}`),
    onBack: () => print('reconnected'),
  };
}

/** Ctrl-C ends the wait, not the rollout. */
function onSignals(act: (exitCode: number) => void): () => void {
  const onInterrupt = () => act(EXIT.interrupted);
  const onTerminate = () => act(143);
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onTerminate);
  return () => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  };
}
