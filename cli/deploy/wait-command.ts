import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../../client/api-client.ts';
import { estimateEnd, type ProgressSample, withSample } from '../../domain/rollout/rollout-eta.ts';
import type { RolloutView } from '../../domain/rollout/rollout-view.ts';
import type { Terminal } from '../../shared/terminal.ts';
import { CliError, EXIT, type ExitCode } from '../exit-code.ts';
import { type OutputFormat, printDocument } from '../output-format.ts';
import type { Io } from '../terminal.ts';
import { truncate } from '../text/lines.ts';
import { painter } from '../text/paint.ts';
import { openRedrawn } from '../text/redrawn.ts';
import { duration, timestamp } from '../text/time.ts';
import { awaitRollout } from './await-rollout.ts';
import {
  byEnd,
  countEnded,
  describeCounts,
  describeEnd,
  drawProgress,
  endOf,
  newlyEnded,
  summarize,
} from './rollout-progress.ts';

export interface WaitChoices {
  readonly format: OutputFormat;
  readonly timeoutMs: number | undefined;
}

/** Shows a rollout until it ends, then its result. */
export async function waitForRollout(
  client: ApiClient,
  id: string,
  { format, timeoutMs }: WaitChoices,
  io: Io,
): Promise<ExitCode> {
  const { out, err, now } = io;
  const output = format === 'table' ? out : err;
  const progress = openProgress(output, now);
  const hint = `rollout ${id} continues; follow it with: skipper wait ${id}`;
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
  if (!waited.isEnded || waited.rollout === undefined) {
    const seen = waited.rollout === undefined ? 'the API did not answer' : describeCounts(waited.rollout);
    throw new CliError(EXIT.timeout, `not finished after ${duration(timeoutMs ?? 0)}: ${seen}`, [hint]);
  }
  return conclude(waited.rollout, format, io);
}

async function conclude(rollout: RolloutView, format: OutputFormat, { out, err }: Io): Promise<ExitCode> {
  if (format !== 'table') await printDocument(rollout, format, out);
  for (const line of summarize(rollout)) err.write(`${line}\n`);
  return (rollout.counts.failed ?? 0) > 0 ? EXIT.failed : EXIT.ok;
}

export interface Progress {
  onSeen(rollout: RolloutView): void;
  onLost(reason: string): void;
  onBack(): void;
}

export function openProgress(output: Terminal, now: () => number): Progress {
  return output.isInteractive ? onScreen(output, now) : inLines(output, now);
}

/** A progress bar; failures stay above it. */
function onScreen(output: Terminal, now: () => number): Progress {
  const screen = openRedrawn(output);
  const paint = painter(output);
  const columns = () => output.columns() - 1;
  let last: RolloutView | undefined;
  let samples: readonly ProgressSample[] = [];
  let note: string[] = [];
  const bar = (rollout: RolloutView) => {
    const endAt = estimateEnd(samples, rollout.targets.length - countEnded(rollout));
    const leftMs = endAt === undefined ? undefined : Math.max(0, endAt - now());
    return drawProgress(rollout, leftMs, columns(), paint);
  };
  const draw = () => screen.show([...(last === undefined ? [] : [bar(last)]), ...note]);
  return {
    onSeen: (rollout) => {
      const failures = newlyEnded(last, rollout)
        .filter(({ state }) => state === 'failed')
        .map((target) => paint(truncate(`${target.namespace} ${describeEnd(target)}`, columns()), 'red'));
      if (failures.length > 0) screen.printAbove(failures);
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

/** One line for each namespace that has ended. */
function inLines(output: Terminal, now: () => number): Progress {
  let last: RolloutView | undefined;
  const print = (line: string, at = now()) => output.write(`${timestamp(at)} ${line}\n`);
  return {
    onSeen: (rollout) => {
      const ended = newlyEnded(last, rollout).toSorted(byEnd);
      for (const target of ended) print(`${target.namespace} ${describeEnd(target)}`, target.finishedAt);
      if (ended.length > 0 || last === undefined)
        print(`rollout ${rollout.id} ${describeCounts(rollout)}`, endOf(rollout));
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
