import { spawn } from 'node:child_process';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { FleetRow } from '../../domain/fleet/fleet-row.ts';
import type { SkipperProcess } from '../../simulator/demo/skipper-process.ts';
import { createCli, NOWHERE, SKIPPER, shown } from '../support/cli-process.ts';
import { freePort } from '../support/free-port.ts';
import { type Gate, isApplicationWrite } from '../support/gate.ts';
import { NEW, OLD } from '../support/published.ts';
import { useWorld, writeInto } from '../support/simulated-world.ts';
import { startStrictProcess } from '../support/strict-process.ts';
import { until } from '../support/until.ts';

let gate: Gate | undefined;
const world = useWorld({}, async (opened) => {
  gate = await opened.openGate();
  await opened.startStandalone({ gate });
});

const cli = createCli(world);
const { start, skipper } = cli;
afterEach(() => cli.killAll());

async function rowOf(namespace: string): Promise<FleetRow | undefined> {
  const { rows } = (await world.http('/api/fleet')).body;
  return rows.find((row: FleetRow) => row.namespace === namespace);
}

function rolloutIn(text: string): string {
  return /rollout (\S+) has started/.exec(text)?.[1] ?? '';
}

describe('exit codes', () => {
  test.each<[string, string[], number, RegExp]>([
    ['neither names nor --all', ['deploy'], 2, /no namespaces given: name them, or use --all/],
    ['names and --all', ['deploy', 'a', '--all'], 2, /not both/],
    [
      'an unknown option',
      ['status', '--bogus'],
      2,
      /unknown option '--bogus'\n\(run skipper status --help\)/,
    ],
    ['a timeout without a wait', ['deploy', 'a', '--timeout', '5m'], 2, /--timeout .* use it with --wait/],
    ['that of apply', ['apply', 'plan-1', '--timeout', '5m'], 2, /--timeout .* use it with --wait/],
    ['that of rollback', ['rollback', 'r1', '--timeout', '5m'], 2, /--timeout .* use it with --wait/],
    [
      'a timeout with a dry run',
      ['deploy', 'a', '--dry-run', '--wait', '--timeout=5m'],
      2,
      /--timeout .* use it with --wait/,
    ],
    ['an unknown status', ['status', '--status', 'BAD'], 2, /Allowed choices are FAILED, UNAVAILABLE/],
    ['an unknown command', ['frobnicate'], 2, /unknown command/],
    ['an invalid time', ['deploy', 'a', '--timeout', 'soon'], 2, /90s, 5m or 2h/],
    ['an unknown namespace', ['deploy', 'nowhere'], 2, /nowhere/],
    ['an unknown namespace to explain', ['why', 'nowhere'], 2, /"nowhere" is not a FIAAS namespace/],
    ['an unknown rollout', ['wait', 'nothing'], 2, /rollout "nothing" does not exist/],
    ['a missing token file', ['status', '--token-file', '/nowhere'], 2, /--token-file \/nowhere/],
    [
      'an unreachable API',
      ['status', '--server', NOWHERE],
      3,
      /no answer from .*--server or \$SKIPPER_SERVER/s,
    ],
  ])('%s', async (_, args, code, message) => {
    const ended = await skipper(args);

    expect(ended.err).toMatch(message);
    expect(ended.err).not.toMatch(/^ +at /m);
    expect(ended).toMatchObject({ code, out: '' });
  });

  test('are in the help', async () => {
    const { code, out } = await skipper(['deploy', '--help']);

    expect(code).toBe(0);
    for (const number of [0, 1, 2, 3, 4, 130]) expect(out).toMatch(new RegExp(`^ +${number} +\\S`, 'm'));
  });
});

describe('skipper deploy', () => {
  test('--dry-run shows what would happen and changes nothing', async () => {
    await world.addNamespace('planned', { fdd: OLD });

    const { code, out } = await skipper(['deploy', 'planned', '--dry-run']);

    expect(code).toBe(0);
    expect(out).toMatch(/^planned +update +20190215094822-2ace0ea → 20220808113256-eef68a8 /m);
    expect(out).toMatch(/would deploy 1 namespace: 1 update/);
    expect(world.changes('planned')).toEqual([]);
  });

  test('--wait exits with 0 when all is verified; status and why then show the namespace as healthy', async () => {
    await world.addNamespaces('good', 2);

    const { code, out, err } = await skipper(['deploy', 'good-1', 'good-2', '--wait']);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^deploying 2 namespaces: 2 bootstrap$/m);
    expect(out).toMatch(/^\d{4}-\S+Z good-1 completed after \S+: bootstrapped$/m);
    expect(out).toMatch(/ 2 of 2 ended$/m);
    await until(async () => (await rowOf('good-1'))?.health === 'healthy', 'the row shows it');
    const status = await skipper(['status', 'good-1', '-o', 'json']);
    expect(JSON.parse(status.out).rows).toMatchObject([
      { namespace: 'good-1', status: 'OK', health: 'healthy', version: NEW },
    ]);
    const why = await skipper(['why', 'good-1']);
    expect(why).toMatchObject({ code: 0, out: expect.stringMatching(/^good-1 {2}healthy {2}OK/) });
    expect(why.out).toContain('bootstrapped');
  });

  test('--wait exits with 1 and the reason if a namespace failed; why shows it, too', async () => {
    await world.addNamespace('healthy');
    await world.addNamespace('unhealthy');
    world.fdds.misbehaviour.set('unhealthy', {
      kind: 'bootstrap-exits',
      exitCode: 1,
      lines: ['no such thing'],
    });

    const { code, err } = await skipper(['deploy', 'healthy', 'unhealthy', '--wait', '-o', 'json']);
    await until(async () => (await rowOf('unhealthy'))?.health === 'degraded', 'the row shows it');
    const why = await skipper(['why', 'unhealthy']);
    const failing = await skipper(['status', '--health', 'degraded', 'healthy', 'unhealthy']);

    expect(code).toBe(1);
    expect(err).toMatch(/1 of 2 namespaces failed:\n {2}unhealthy: .*exit code 1/);
    expect(why.code).toBe(1);
    expect(why.out).toMatch(/^unhealthy {2}degraded/);
    expect(why.out).toContain('What to do\n');
    expect(failing.out).toMatch(/^unhealthy .*exit code 1/m);
    expect(failing.out).not.toMatch(/^healthy/m);
  });

  test('what failed is retried with the same release by skipper rollout retry', async () => {
    await world.addNamespace('repaired');
    world.fdds.misbehaviour.set('repaired', { kind: 'bootstrap-exits', exitCode: 1, lines: ['no'] });
    const failed = await skipper(['deploy', 'repaired', '--wait', '--reason', 'OPS-1']);
    world.fdds.misbehaviour.clear('repaired');
    const id = rolloutIn(failed.out);

    const retry = await skipper(['rollout', 'retry', id, '--reason', 'OPS-2: fixed']);
    const watch = await skipper(['rollout', 'watch', id]);

    expect(failed).toMatchObject({ code: 1, err: expect.stringContaining(`skipper rollout retry ${id}`) });
    expect(retry).toMatchObject({ code: 0, err: '', out: expect.stringContaining('retried: 1 target') });
    expect(watch).toMatchObject({ code: 0, out: expect.stringMatching(/retried by .*: OPS-2: fixed/) });
  });

  test('the same key deploys once', async () => {
    await world.addNamespace('once');
    const args = ['deploy', 'once', '--idempotency-key', 'once-only', '-o', 'yaml'];

    const [first, second] = [await skipper(args), await skipper(args)];

    const id = /^id: (\S+)$/m.exec(first.out)?.[1];
    expect(id).toBeDefined();
    expect(second.out).toContain(`id: ${id}\n`);
    await world.rolloutFinished(id ?? '');
  });

  test('--wait --timeout exits with 4, and wait continues to follow the rollout', async () => {
    await world.addNamespace('slow');
    world.fdds.misbehaviour.set('slow', { kind: 'hang' });

    const { code, out, err } = await skipper(['deploy', 'slow', '--wait', '--timeout', '1']);
    const id = rolloutIn(out);
    const interrupted = start(['wait', id]);
    await until(() => interrupted.out().includes(' ended'), 'wait shows the progress');
    interrupted.signal('SIGINT');
    const after = await interrupted.ended;

    world.fdds.misbehaviour.clear('slow');
    await world.rolloutFinished(id);

    expect(code).toBe(4);
    expect(err).toContain(`rollout ${id} continues; follow it with: skipper wait ${id}`);
    expect(after.code).toBe(130);
    expect(after.err).toContain(`rollout ${id} continues`);
  });
});

describe('on a terminal', () => {
  test('deploy asks for confirmation before it deploys to many; "no" deploys nothing', async () => {
    const names = await world.addNamespaces('many', 6);
    const running = start(['deploy', ...names], { columns: 100 });
    await until(() => running.out().includes('[y/N]'), 'deploy asks for confirmation');

    const { code, out } = await start(['deploy', ...names], { columns: 100, input: 'n\n' }).ended;
    running.signal('SIGKILL');

    expect(shown(out)).toContain('Deploy to 6 namespaces? [y/N]');
    expect(shown(out)).toContain('skipper: nothing was deployed');
    expect(code).toBe(2);
    expect(world.changes('many-1')).toEqual([]);
  });

  test('deploy --wait draws one progress bar until the end', async () => {
    await world.addNamespaces('drawn', 2);
    const held = gate?.hold(isApplicationWrite('drawn-2'));
    const waiting = start(['deploy', 'drawn-1', 'drawn-2', '--wait'], { columns: 90 });

    await until(() => /[01] of 2 ended/.test(shown(waiting.out())), 'the bar is drawn');
    held?.release();
    const { code, out } = await waiting.ended;

    expect(code).toBe(0);
    expect(out).toContain('\x1b[1A[');
    expect(shown(out)).toMatch(/\[#{30}\] 2 of 2 ended\n$/);
    for (const line of shown(out).split('\n')) expect(line.length).toBeLessThan(90);
  });

  test('status is cut to the width, coloured unless NO_COLOR is set, and ends with the totals', async () => {
    await world.addNamespace('coloured');
    await until(async () => (await rowOf('coloured'))?.wanted === NEW, 'it has its row');
    const args = ['status', 'coloured'];

    const [coloured, plain] = await Promise.all([
      skipper(args, { columns: 60 }),
      skipper(args, { columns: 60, env: { NO_COLOR: '1' } }),
    ]);

    expect(coloured.out).toContain('\x1b[');
    expect(plain.out).not.toContain('\x1b[');
    expect(shown(coloured.out)).toBe(shown(plain.out));
    expect(shown(plain.out)).toMatch(/\n1 namespace: 1 \w+\n/);
    for (const line of shown(plain.out).split('\n')) expect(line.length).toBeLessThan(60);
  });

  test('status --watch is redrawn when something changes', async () => {
    await world.addNamespace('watched');
    const watch = start(['status', '--watch', 'watched'], { columns: 100 });
    await until(() => /watched +\w+ +NOT_FOUND/.test(shown(watch.out())), 'the namespace is shown');

    await world.deployed('watched');

    await until(() => /watched +healthy +OK/.test(shown(watch.out())), 'the namespace is shown as healthy');
    expect(watch.out()).toMatch(/\[\d+A/);
    watch.signal('SIGTERM');
    await watch.ended;
  });
});

describe('in a pipe', () => {
  test('status --watch prints one line for each change', async () => {
    await world.addNamespace('piped');
    const watch = start(['status', '--watch', 'piped']);
    await until(() => watch.err().includes('watching 1 namespace'), 'the watch has begun');

    await world.deployed('piped');
    await until(() => / piped OK 20220808113256-eef68a8\n$/.test(watch.out()), 'the end is shown');
    watch.signal('SIGINT');
    const { out, code } = await watch.ended;

    const lines = out.trimEnd().split('\n');
    for (const line of lines)
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\S+Z piped (NOT_FOUND|UNAVAILABLE|VERSION_MISMATCH|OK) /);
    expect(new Set(lines.map((line) => line.replace(/^\S+ /, ''))).size).toBe(lines.length);
    expect(out).not.toContain('\x1b');
    expect(code).toBeNull();
  });

  test('a reader that closes the pipe early is not an error', async () => {
    const { code, err } = await new Promise<{ code: number | null; err: string }>((resolve) => {
      const server = world.running().at(-1)?.url ?? NOWHERE;
      const child = spawn('sh', ['-c', `'${SKIPPER}' status --server ${server} | true`]);
      cli.killLater(child);
      let reported = '';
      child.stderr.on('data', (chunk) => {
        reported += chunk;
      });
      child.once('close', (ended) => resolve({ code: ended, err: reported }));
    });

    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});

describe('skipper releases', () => {
  test('--check makes a worker check the channels, and shows the result', async () => {
    await world.addNamespace('on-latest', { tag: 'latest' });

    const { code, out } = await skipper(['releases', '--check', '-o', 'json']);

    expect(code).toBe(0);
    expect(JSON.parse(out).channels).toContainEqual(
      expect.objectContaining({
        channel: 'latest',
        version: NEW,
        namespaces: 1,
        checkedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      }),
    );
    expect((await skipper(['releases'])).out).toMatch(/^latest +20220808113256-eef68a8 +1 /m);
  });
});

describe('completion', () => {
  test('in bash offers the namespaces of the server, and prints nothing without a server', async () => {
    await world.addNamespaces('completed', 2);
    const server = world.running().at(-1)?.url ?? '';
    const offer = (url: string) =>
      new Promise<string>((resolve) => {
        const script = `source <('${SKIPPER}' completion bash)
          COMP_WORDS=('${SKIPPER}' why --server ${url} comp); COMP_CWORD=4; _skipper; echo "\${COMPREPLY[@]}"`;
        const child = spawn('bash', ['--norc', '-c', script]);
        cli.killLater(child);
        let reported = '';
        for (const stream of [child.stdout, child.stderr]) {
          stream.on('data', (chunk) => {
            reported += chunk;
          });
        }
        child.once('close', () => resolve(reported.trim()));
      });

    expect(await offer(server)).toBe('completed-1 completed-2');
    expect(await offer(NOWHERE)).toBe('');
  });
});

describe('an API that restarts', () => {
  /** An API on a fixed port, so that it can come back on the same one. */
  async function apiOn(port: number): Promise<SkipperProcess> {
    const api = startStrictProcess({
      command: 'api',
      port,
      flags: {
        'redis-url': world.redis.url,
        'api-server': world.cluster.url,
        'api-token': world.cluster.token,
        baseurl: world.channel.url,
      },
      env: { PATH: process.env.PATH, HOME: world.folder },
    });
    apis.push(api);
    await api.ready();
    return api;
  }

  const apis: SkipperProcess[] = [];
  afterEach(() => Promise.all(apis.splice(0).map((api) => api.stop())));

  test('ends neither a --watch, which shows the missed changes, nor a --wait', async () => {
    const port = await freePort();
    const first = await apiOn(port);
    await world.addNamespace('through');
    const isSeen = async () =>
      (await world.http('/api/namespaces/through', { url: first.url })).status === 200;
    await until(isSeen, 'the api sees the namespace');
    const held = gate?.hold(isApplicationWrite('through'));
    const env = { SKIPPER_SERVER: first.url };
    const watch = start(['status', '--watch', 'through'], { env });
    await until(() => watch.err().includes('watching'), 'the watch has begun');
    const wait = start(['deploy', 'through', '--wait'], { env });
    await until(
      () => rolloutIn(wait.out()) !== '' && wait.out().includes(' 0 of 1 ended'),
      'the wait has begun',
    );

    const follow = start(['rollout', 'watch', rolloutIn(wait.out())], { env });
    await until(() => follow.out().includes(' 0 of 1 ended'), 'the rollout is watched');

    await held?.arrived();
    await first.stop();
    await until(() => follow.out().includes('connection lost'), 'the rollout watch reports it, too');
    await until(() => watch.err().includes('connection lost'), 'the watch reports the lost connection');
    await until(() => wait.out().includes('connection lost'), 'the wait reports the lost connection');
    held?.release();
    await apiOn(port);

    expect(await wait.ended).toMatchObject({ code: 0 });
    expect(wait.out()).toMatch(/reconnected.*through completed/s);
    expect(await follow.ended).toMatchObject({ code: 0, out: expect.stringContaining('is completed: ') });
    await until(() => / through OK /.test(watch.out()), 'the watch shows the end');
    expect(watch.err()).toContain('reconnected');
    watch.signal('SIGINT');
    await watch.ended;
  });
});

describe('an API that requires a token', () => {
  test('gets it from a file or a variable; without one, deploy exits with 3 and explains where to put it', async () => {
    const file = await writeInto(world, 'token', 'a-secret');
    await world.withApi({ flags: { 'auth-token-file': file } }, async ({ url }) => {
      const args = ['deploy', 'nowhere', '--server', url];

      const without = await skipper(args);
      const wrong = await skipper(args, { env: { SKIPPER_TOKEN: 'another' } });
      const byFile = await skipper([...args, '--token-file', file]);
      const byVariable = await skipper(args, { env: { SKIPPER_TOKEN: 'a-secret' } });

      expect(without).toMatchObject({
        code: 3,
        err: expect.stringMatching(/--token-file or \$SKIPPER_TOKEN_FILE/),
      });
      expect(without.err).toContain('a token is required');
      expect(wrong).toMatchObject({ code: 3, err: expect.stringContaining('the token is wrong') });
      for (const ended of [byFile, byVariable]) {
        expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('nowhere') });
      }
    });
  });
});
