import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../domain/errors.ts';
import { ConfigurationError } from '../../shared/config.ts';
import { createClosers } from './closers.ts';
import type { DemoOptions, DemoSurroundings } from './demo-options.ts';
import { greeting, introduction } from './introduction.ts';
import { type End, listenForTheEnd } from './listen-for-the-end.ts';
import { type LiveTable, openLiveTable } from './live-table.ts';
import { CURRENT_VERSION, versionAfter } from './published-versions.ts';
import { type Demo, startDemo } from './start-demo.ts';
import { describeSummary, summarise, surprises } from './summarise.ts';
import { watchFleetOf } from './watch-fleet-of.ts';

const POLL_INTERVAL_MS = 300;
/** As a shell tells of a command that was ended by Ctrl-C. */
const INTERRUPTED = 130;

interface Outcome {
  readonly exitCode: number;
  /** For machines: it is printed when all else has been. */
  readonly lastLine?: string;
}

/** Runs the demo to its end, or until Ctrl-C; resolves with the exit code when nothing of it is left. */
export async function runDemo(options: DemoOptions, { env, terminal }: DemoSurroundings): Promise<number> {
  if (options.json !== undefined && !options.once) throw new ConfigurationError('--json goes with --once');
  const end = listenForTheEnd();
  const closers = createClosers();
  const table = openLiveTable(terminal);
  const { say } = table;
  let outcome: Outcome;
  try {
    greeting(options).forEach(say);
    const starting = startDemo({ options, env, closers, say, signal: end.signal });
    const demo = await Promise.race([starting, end.asked]);
    // What it is starting is in `closers` only when it has started.
    if (demo === 'ended') await starting.catch(() => undefined);
    outcome = demo === 'ended' ? interrupted(options) : await show(options, demo, table, end);
  } finally {
    if (end.signal.aborted) say('ending everything that the demo has started');
    await closers.closeAll().catch((error: unknown) => console.error(`demo: ${messageOf(error)}`));
  }
  if (outcome.lastLine !== undefined) say(outcome.lastLine);
  return outcome.exitCode;
}

/** Who is asked to verify everything, and may not, has not done it; who is only watched may always stop. */
function interrupted({ once }: DemoOptions): Outcome {
  return { exitCode: once ? INTERRUPTED : 0 };
}

async function show(options: DemoOptions, demo: Demo, table: LiveTable, end: End): Promise<Outcome> {
  introduction(options, demo).forEach(table.say);
  const act = options.once ? deployOnce : watch;
  const broken = demo.skippers.broken.then((error) => {
    throw error;
  });
  const outcome = await Promise.race([act(options, demo, table, end.signal), broken, end.asked]);
  return outcome === 'ended' ? interrupted(options) : outcome;
}

async function deployOnce(
  options: DemoOptions,
  { api, fleet, cluster }: Demo,
  table: LiveTable,
  signal: AbortSignal,
): Promise<Outcome> {
  // On a cluster of someone's own, nothing but what the demo has made.
  const asked = await api.deploy(cluster.isSimulated ? undefined : fleet.map(({ name }) => name));
  const look = watchFleetOf(api, table, asked.createdAt);
  let rollout = asked;
  for (;;) {
    await look('');
    rollout = await api.rollout(asked.id);
    if (rollout.state !== 'pending' && rollout.state !== 'running') break;
    await pause(POLL_INTERVAL_MS, undefined, { signal });
  }
  await look('');
  const summary = summarise(rollout, fleet, cluster.isSimulated);
  describeSummary(summary).forEach(table.say);
  const unexpected = surprises(rollout, fleet);
  for (const surprise of unexpected) table.say(`NOT AS IT SHOULD BE: ${surprise}`);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(summary, undefined, 2)}\n`);
  return { exitCode: unexpected.length === 0 ? 0 : 1, lastLine: JSON.stringify(summary) };
}

async function watch(
  { releaseEvery }: DemoOptions,
  { api, channels }: Demo,
  table: LiveTable,
  signal: AbortSignal,
): Promise<never> {
  const look = watchFleetOf(api, table, Date.now());
  let published = CURRENT_VERSION;
  let publishAt = releaseEvery === undefined ? Number.POSITIVE_INFINITY : Date.now() + releaseEvery * 1_000;
  for (;;) {
    if (releaseEvery !== undefined && Date.now() >= publishAt) {
      published = versionAfter(published);
      channels.publish('stable', published);
      publishAt += releaseEvery * 1_000;
    }
    await look(`channel   stable is ${published}`);
    await pause(POLL_INTERVAL_MS, undefined, { signal });
  }
}
