import { writeFile } from 'node:fs/promises';
import { summarize } from '../../cli/deploy/rollout-progress.ts';
import { EXIT } from '../../cli/exit-code.ts';
import type { Io } from '../../cli/terminal.ts';
import { messageOf } from '../../domain/errors.ts';
import { ConfigurationError } from '../../shared/config.ts';
import { createClosers } from './closers.ts';
import type { DemoOptions } from './demo-options.ts';
import { deployFleet } from './deploy-fleet.ts';
import { greeting, introduction } from './introduction.ts';
import { type End, listenForTheEnd } from './listen-for-the-end.ts';
import { publishReleases } from './publish-releases.ts';
import { type Demo, startDemo } from './start-demo.ts';
import { describeSummary, isAllVerified, summarise, surprises } from './summarise.ts';
import { type WatchOptions, watchFleet } from './watch-fleet.ts';

interface Outcome {
  readonly exitCode: number;
  /** For machines: printed after everything else. */
  readonly lastLine?: string;
}

/** Runs the demo to its end, or until Ctrl-C; resolves with the exit code when nothing of it is left. */
export async function runDemo(options: DemoOptions, io: Io): Promise<number> {
  if (options.json !== undefined && !options.once) throw new ConfigurationError('--json goes with --once');
  const end = listenForTheEnd();
  const closers = createClosers();
  const say = sayTo(io);
  let outcome: Outcome;
  try {
    greeting(options).forEach(say);
    const starting = startDemo({ options, env: io.env, closers, say, signal: end.signal });
    const demo = await Promise.race([starting, end.asked]);
    // What it is starting is in `closers` only when it has started.
    if (demo === 'ended') await starting.catch(() => undefined);
    outcome = demo === 'ended' ? interrupted(options) : await show(options, demo, io, end);
  } finally {
    if (end.signal.aborted) say('stopping everything that the demo has started');
    await closers.closeAll().catch((error: unknown) => console.error(`demo: ${messageOf(error)}`));
  }
  if (outcome.lastLine !== undefined) say(outcome.lastLine);
  return outcome.exitCode;
}

function sayTo({ out }: Io): (line: string) => void {
  return (line) => out.write(`${line}\n`);
}

/** An interrupted `--once` has not verified everything; a demo that is only watched may stop at any time. */
function interrupted({ once }: DemoOptions): Outcome {
  return { exitCode: once ? EXIT.interrupted : EXIT.ok };
}

async function show(options: DemoOptions, demo: Demo, io: Io, end: End): Promise<Outcome> {
  introduction(options, demo).forEach(sayTo(io));
  const act = options.once ? deployOnce : watch;
  const broken = demo.skippers.broken.then((error) => {
    throw error;
  });
  const outcome = await Promise.race([act(options, demo, { io, signal: end.signal }), broken, end.asked]);
  return outcome === 'ended' ? interrupted(options) : outcome;
}

async function deployOnce(
  { json }: DemoOptions,
  { client, fleet, cluster }: Demo,
  watching: WatchOptions,
): Promise<Outcome> {
  // On a cluster of someone's own, nothing but what the demo has made.
  const namespaces = cluster.isSimulated ? undefined : fleet.map(({ name }) => name);
  const rollout = await deployFleet(client, namespaces, watching);
  const summary = summarise(rollout, fleet, cluster.isSimulated);
  const unexpected = surprises(rollout, fleet);
  const lines = [
    '',
    ...summarize(rollout),
    ...unexpected.map((surprise) => `NOT AS IT SHOULD BE: ${surprise}`),
    describeSummary(summary),
  ];
  lines.forEach(sayTo(watching.io));
  if (json !== undefined) await writeFile(json, `${JSON.stringify(summary, undefined, 2)}\n`);
  const isGood = isAllVerified(summary) && unexpected.length === 0;
  return { exitCode: isGood ? EXIT.ok : EXIT.failed, lastLine: JSON.stringify(summary) };
}

async function watch(
  { releaseEvery }: DemoOptions,
  { client, channels }: Demo,
  watching: WatchOptions,
): Promise<Outcome> {
  const { io, signal } = watching;
  // On a terminal, the table shows what is wanted.
  const say = io.out.isInteractive ? () => undefined : sayTo(io);
  await Promise.race([
    watchFleet(client, watching),
    publishReleases(channels, releaseEvery, { say, signal }),
  ]);
  return { exitCode: EXIT.ok };
}
