import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../simulator/demo/package-root.ts';
import { isQuiet, useDemo } from '../support/demo.ts';
import { freePort } from '../support/free-port.ts';
import { NEW } from '../support/published.ts';
import { until } from '../support/until.ts';

const DEMO = join(packageRoot, 'dist', 'simulator', 'bin', 'demo.js');

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly err: string;
}

async function demo(...flags: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [DEMO, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, lines: out.trimEnd().split('\n'), err };
}

describe('demo --once, in a pipe', () => {
  let folder: string;
  let good: Ended;
  let bad: Ended;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skipper-demo-test-'));
    const [port, other] = await Promise.all([freePort(), freePort()]);
    const once = ['--once', '--namespaces', '3'];
    [good, bad] = await Promise.all([
      demo(...once, '--port', String(port), '--json', join(folder, 'summary.json')),
      demo(...once, '--port', String(other), '--fail-rate', '0.3'),
    ]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('ends with 0 when every namespace is verified, and a summary for machines', async () => {
    const summary = JSON.parse(good.lines.at(-1) ?? '');

    expect(good.code).toBe(0);
    expect(summary).toMatchObject({ simulated: true, namespaces: 3, verified: 3, failed: [] });
    expect(JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'))).toEqual(summary);
  });

  test('prints a line for each finished namespace, without cursor movement', () => {
    for (const name of ['team-001', 'team-002', 'team-003'])
      expect(good.lines.filter((line) => line.includes(`${name} completed after `))).toHaveLength(1);
    expect(good.lines.join('\n')).not.toContain('\x1b');
  });

  test('ends with 1 when a namespace failed, with the cause', () => {
    const [failure] = JSON.parse(bad.lines.at(-1) ?? '').failed;

    expect(bad.code).toBe(1);
    expect(failure.reason).toContain('manifest unknown');
    expect(bad.lines).toContain(`  ${failure.namespace}: ${failure.reason}`);
    expect(bad.lines).toContain('1 of 3 namespaces failed:');
  });
});

describe('demo', () => {
  test('--help shows how to start it', async () => {
    const { code, lines } = await demo('--help');

    expect(code).toBe(0);
    expect(lines[0]).toBe('Usage: npm run demo -- [options]');
  });

  test('refuses --json without --once, and prints no stack trace', async () => {
    const { code, err } = await demo('--json', 'summary.json');

    expect([code, err]).toEqual([1, 'error: --json goes with --once\n']);
  });
});

describe('demo, until it is stopped', () => {
  const NAMESPACES = 12;
  const running = useDemo({ namespaces: NAMESPACES, failRate: 0.1 }, isQuiet(NAMESPACES));

  test('fills a cluster, deploys all of it with two workers, and shows why one failed', async () => {
    const { rows, summary } = await until(async () => {
      const fleet = await running.fleet();
      const { byHealth, workers } = fleet.summary;
      return byHealth.healthy === 11 && byHealth.degraded === 1 && workers === 2 && fleet;
    }, 'all but one are healthy, and both workers are counted');

    expect(summary.stale).toEqual([]);
    expect(summary.channels.map(({ channel, version }) => [channel, version])).toEqual([['stable', NEW]]);
    const failed = rows.filter(({ health }) => health === 'degraded');
    expect(failed).toMatchObject([{ cause: expect.stringContaining('manifest unknown') }]);
  });

  test('serves the fleet page', async () => {
    const page = await (await fetch(`${running.url}/status`)).text();

    expect(page).toContain(`${NAMESPACES} namespaces`);
  });
});
