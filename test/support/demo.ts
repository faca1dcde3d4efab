import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from '@jest/globals';
import type { FleetDocument } from '../../domain/fleet/fleet-feed.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const DEMO = fileURLToPath(new URL('../../dist/simulator/bin/demo.js', import.meta.url));
const FILLED_MS = 240_000;

export interface RunningDemo {
  readonly url: string;
  fleet(): Promise<FleetDocument>;
}

/** Runs `npm run demo` like a user, for the tests of a file; ready when `isReady` accepts its fleet. */
export function useDemo(
  { namespaces, failRate }: { namespaces: number; failRate: number },
  isReady: (fleet: FleetDocument) => boolean,
): RunningDemo {
  let child: ChildProcess | undefined;
  let ended: Promise<number | null> | undefined;
  let url = '';

  async function fleet(): Promise<FleetDocument> {
    return (await (await fetch(`${url}/api/fleet`)).json()) as FleetDocument;
  }

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const flags = ['--namespaces', namespaces, '--fail-rate', failRate, '--port', port].map(String);
    child = spawn(process.execPath, [DEMO, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4_000);
      });
    }
    ended = new Promise((resolve) => child?.once('exit', resolve));
    const died = ended.then((code) => {
      throw new Error(`the demo ended with ${code}: ${output}`);
    });
    const ready = until(
      async () => isReady(await fleet()),
      `the demo with ${namespaces} namespaces`,
      FILLED_MS,
    );
    // The first one decides; the other is ignored.
    for (const promise of [died, ready]) promise.catch(() => undefined);
    await Promise.race([ready, died]);
  }, FILLED_MS + 10_000);

  afterAll(async () => {
    child?.kill('SIGINT');
    await ended;
  });

  return {
    get url() {
      return url;
    },
    fleet,
  };
}

/** Whether everything was deployed and has ended. */
export function isQuiet(namespaces: number) {
  return ({ rows, summary }: FleetDocument): boolean =>
    rows.length === namespaces &&
    rows.every(({ activity }) => activity === 'idle') &&
    (summary.byHealth.outdated ?? 0) === 0 &&
    summary.rollouts.length > 0;
}
