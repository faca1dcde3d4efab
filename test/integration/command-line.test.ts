import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { flagOf, isFlag, SETTING_NAMES, variableOf } from '../../shared/config.ts';
import { isReadBy, PROCESSES } from '../../shared/setting-readers.ts';
import { freePort } from '../support/free-port.ts';
import { FDD, NEW } from '../support/published.ts';
import { type Raw, useWorld, writeInto } from '../support/simulated-world.ts';
import { UNTIL_TIMEOUT_MS, until } from '../support/until.ts';

const SKIPPER = fileURLToPath(new URL('../../dist/bin/skipper.js', import.meta.url));

const world = useWorld({ processes: true });

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `skipper` until it exits. */
function skipper(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [SKIPPER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: world.folder, ...env },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const overdue = setTimeout(() => child.kill('SIGKILL'), UNTIL_TIMEOUT_MS);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(overdue);
      resolve({ code, out, err });
    });
  });
}

describe('skipper --help', () => {
  test('lists the commands', async () => {
    const { code, out } = await skipper(['--help']);

    expect(code).toBe(0);
    for (const command of ['api', 'worker', 'standalone'])
      expect(out).toMatch(new RegExp(`^ +${command} `, 'm'));
  });

  test("acceptance 20: lists for each command every flag with its variable, including upstream's", async () => {
    const texts = await Promise.all(
      PROCESSES.map(async (process) => {
        const { code, out } = await skipper([process, '--help']);
        expect(code).toBe(0);
        return [process, out.replaceAll(/\s+/g, ' ')] as const;
      }),
    );

    for (const [process, text] of texts) {
      for (const name of SETTING_NAMES) {
        const isListed = isReadBy(process, name);
        expect(text.includes(` --${flagOf(name)}${isFlag(name) ? ' ' : ' <'}`)).toBe(isListed);
        expect(text.includes(`[$${variableOf(name)}]`)).toBe(isListed);
      }
    }
    const text = texts.map(([, each]) => each).join();
    for (const flag of [
      'log-format',
      'debug',
      'port',
      'baseurl',
      'release-channel-metadata',
      'release-channel-metadata-spec',
      'spec-file-override',
      'disable-autoupdate',
      'status-update-interval',
      'manage-rbac',
      'use-apiextensionsv1-crd',
      'api-server',
      'api-token',
      'api-cert',
      'client-cert',
      'client-key',
      'config-file',
    ]) {
      expect(text).toContain(`--${flag} `);
    }
    expect(text).toContain('-c, --config-file');
  });

  test('--version is a version', async () => {
    const [own, ofClient, ofService] = await Promise.all(
      [['--version'], ['status', '--version'], ['worker', '--version']].map((args) => skipper(args)),
    );

    expect(own?.out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(ofClient).toEqual(own);
    expect(ofService).toEqual(own);
  });
});

const WRONG: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>, RegExp])[] = [
  ['an unknown command', ['serve'], {}, /unknown command 'serve'/],
  ['the demo, which is not part of the product', ['demo', '--once'], {}, /npm run demo/],
  ['the simulated cluster', ['simulated-cluster', '--help'], {}, /npm run simulated-cluster/],
  ['an unknown flag', ['api', '--no-such-flag'], {}, /unknown option '--no-such-flag'/],
  ['an invalid port', ['api', '--port', 'http'], {}, /--port/],
  ['a port out of range', ['api', '--port', '70000'], {}, /--port.*65535/s],
  ['an invalid log format', ['api', '--log-format', 'xml'], {}, /--log-format.*plain.*json/s],
  ['a concurrency of zero', ['worker', '--concurrency', '0'], {}, /--concurrency/],
  ['a negative deadline', ['worker', '--progress-deadline', '-1'], {}, /--progress-deadline/],
  ['an invalid variable', ['api'], { MANAGE_RBAC: 'perhaps' }, /\$MANAGE_RBAC.*true or false/],
  ['several errors at once', ['api', '--port', 'x'], { CONCURRENCY: 'y' }, /--port[\s\S]*\$CONCURRENCY/],
  ['a missing config file', ['api', '--config-file', '/nowhere.yaml'], {}, /\/nowhere.yaml.*--config-file/],
  [
    'an incomplete hardcoded mode',
    ['api', '--release-channel-metadata', '{}'],
    {},
    /--release-channel-metadata-spec/,
  ],
  ['a client certificate without key', ['api', '--client-cert', '/a'], {}, /--client-key/],
  [
    'a missing token file',
    ['api', '--auth-token-file', '/nowhere', '--api-server', 'http://127.0.0.1:1'],
    {},
    /--auth-token-file \/nowhere/,
  ],
  ['a missing kubeconfig', ['worker', '--kubeconfig', '/nowhere'], {}, /\/nowhere.*--kubeconfig/],
  [
    "a worker's flag on the API",
    ['api', '--concurrency', '5'],
    {},
    /--concurrency is a setting of skipper worker and skipper standalone: skipper api does not read it/,
  ],
  [
    "the API's flags on a worker",
    ['worker', '--port', '80', '--auth-token-file', 'x'],
    {},
    /--port is a setting of skipper api and skipper standalone.*\n--auth-token-file is a setting of skipper api/,
  ],
  [
    "a worker's port on a standalone",
    ['standalone', '--worker-port', '81'],
    {},
    /--worker-port is a setting of skipper worker: skipper standalone does not read it/,
  ],
  ['no cluster at all', ['worker'], {}, /no cluster.*--kubeconfig/],
];

describe('acceptance 20: invalid settings end with a non-zero exit code and a message that says what to change', () => {
  let ended: Readonly<Record<string, Ended>> = {};

  // All at once, because most of the time is the start of Node.
  beforeAll(async () => {
    const ends = WRONG.map(async ([what, args, env]) => [
      what,
      await skipper(args, { PORT: '0', WORKER_PORT: '0', ...env }),
    ]);
    ended = Object.fromEntries(await Promise.all(ends));
  });

  test.each(WRONG)('%s', (what, _args, _env, message) => {
    const { code, out, err } = ended[what] as Ended;

    expect(code).toBeGreaterThan(0);
    expect(out + err).toMatch(message);
    expect(err).not.toMatch(/^ +at /m);
  });

  test('hardcoded metadata of an image that FDD cannot deploy', async () => {
    const spec = await writeInto(world, 'spec.yml', 'version: 3\n');
    const metadata = JSON.stringify({ image: `fiaas/${FDD}` });

    const { code, err } = await skipper([
      'api',
      ...['--release-channel-metadata', metadata, '--release-channel-metadata-spec', spec],
      ...['--api-server', world.cluster.url, '--port', '0'],
    ]);

    expect(code).toBeGreaterThan(0);
    expect(err).toMatch(/--release-channel-metadata.*no tag/);
  });

  test('a port that is in use', async () => {
    const port = new URL(world.channel.url).port;
    const commands = ['api', 'worker', 'standalone'] as const;

    const ends = await Promise.all(
      commands.map((command) => {
        const flag = command === 'worker' ? '--worker-port' : '--port';
        const cluster = ['--api-server', world.cluster.url, '--redis-url', world.redis.url];
        return skipper([command, flag, port, ...cluster]);
      }),
    );

    for (const [index, { code, out, err }] of ends.entries()) {
      const flag = commands[index] === 'worker' ? '--worker-port' : '--port';
      expect(code).toBeGreaterThan(0);
      expect(out + err).toContain(`port ${port} is in use: choose another one with ${flag}`);
    }
  });
});

describe('a second worker on one machine', () => {
  test('takes a free port, and logs it, if the usual one is in use', async () => {
    const usual = createServer();
    const isOurs = await new Promise<boolean>((resolve) => {
      usual.once('error', () => resolve(false)).listen(5001, () => resolve(true));
    });
    const worker = spawn(
      process.execPath,
      [SKIPPER, 'worker', '--redis-url', world.redis.url, '--api-server', world.cluster.url],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env.PATH, HOME: world.folder },
      },
    );
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    let out = '';
    worker.stdout.on('data', (chunk) => {
      out += chunk;
    });

    try {
      const port = await until(
        () => /serving health and metrics on port (\d+) \(port 5001 is in use\)/.exec(out)?.[1],
        'the port is logged',
      );
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    } finally {
      worker.kill('SIGTERM');
      await exited;
      if (isOurs) usual.close();
    }
  });
});

describe('settings', () => {
  test('acceptance 20: a flag wins over a variable, a variable over the file, the file over the default', async () => {
    const [byFlag, byVariable, byFile] = await Promise.all([freePort(), freePort(), freePort()]);
    const file = await writeInto(
      world,
      'settings.yaml',
      `port: ${byFile}\nbaseurl: ${world.channel.url}\nlog-format: json\nsome-unknown-key: ignored\n`,
    );
    const plain = { baseurl: undefined, 'log-format': undefined, port: undefined };

    for (const [port, flags, env] of [
      [byFile, { ...plain, 'config-file': file }, {}],
      [byVariable, { ...plain }, { PORT: String(byVariable), CONFIG_FILE: file }],
      [byFlag, { ...plain, 'config-file': file }, { PORT: String(byVariable) }],
    ] as const) {
      const args = Object.entries({
        ...flags,
        'redis-url': world.redis.url,
        'api-server': world.cluster.url,
        ...(port === byFlag ? { port } : {}),
      }).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, String(value)]));
      const child = spawn(process.execPath, [SKIPPER, 'api', ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env.PATH, HOME: world.folder, ...env },
      });
      const lines: string[] = [];
      child.stdout.on('data', (chunk) => lines.push(...String(chunk).split('\n')));
      const exited = new Promise((resolve) => child.once('exit', resolve));
      try {
        const base = `http://127.0.0.1:${port}`;
        await until(async () => (await fetch(`${base}/healthz`)).ok, `the process listens on ${port}`);
        const first = await until(() => lines[0], 'the first line is read');
        expect(JSON.parse(first)).toMatchObject({ level: 'INFO' });
      } finally {
        child.kill('SIGTERM');
        await exited;
      }
    }
  });

  test('a kubeconfig is read from its flag and from $KUBECONFIG', async () => {
    const file = await writeInto(world, 'kubeconfig', world.cluster.kubeconfig);
    await world.addNamespace('through-kubeconfig');
    const direct = { 'api-server': undefined, 'api-token': undefined };

    for (const options of [
      { flags: { ...direct, kubeconfig: file } },
      { flags: direct, env: { KUBECONFIG: file } },
    ]) {
      await world.withApi(options, async () => {
        expect((await world.http('/api/namespaces/through-kubeconfig')).status).toBe(200);
      });
    }
  });

  test('/readyz reports a token that the API server refuses', async () => {
    const api = await world.startApi({ flags: { 'api-token': 'wrong' }, unready: true });

    const answer = await until(async () => {
      const { status, body } = await world.http('/readyz');
      return status === 503 && body.problems.some((problem: string) => problem.includes('401')) && body;
    }, 'the problem is reported');

    expect(answer.problems.join()).toMatch(/Unauthorized/);
    await api.stop();
  });
});

describe('log lines', () => {
  test("acceptance 20: are JSON with upstream's field names under --log-format json", async () => {
    await world.addNamespace('logged');
    const lines = await world.withApi({}, (api) =>
      world.withWorker({}, async (worker) => {
        const target = await world.deployed('logged');
        expect(target.version).toBe(NEW);
        await until(
          () => worker.lines().some((line) => line.includes('"logged"')),
          'the worker has logged it',
        );
        return [...api.lines(), ...worker.lines()];
      }),
    );

    const records: Raw[] = lines.map((line) => JSON.parse(line));
    expect(records.length).toBeGreaterThan(4);
    for (const record of records) {
      expect(record).toMatchObject({
        '@timestamp': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        '@version': 1,
        level: expect.stringMatching(/^(DEBUG|INFO|WARN|ERROR|FATAL)$/),
        message: expect.any(String),
        logger: expect.any(String),
      });
    }
    expect(records.find(({ namespace }) => namespace === 'logged')).toMatchObject({
      rollout: expect.any(String),
      job: expect.any(String),
    });
    expect(records.filter(({ level }) => level === 'ERROR')).toEqual([]);
  });

  test('are plain text under --log-format plain, which is the default', async () => {
    const lines = await world.withApi({ flags: { 'log-format': undefined } }, async (api) => [
      ...api.lines(),
    ]);

    expect(lines[0]).toMatch(/INFO.*skipper api is starting \[api\]/);
    for (const line of lines) expect(() => JSON.parse(line)).toThrow();
  });

  test('contain no secrets', async () => {
    const file = await writeInto(world, 'secret-token', 'a-very-secret-token');
    const lines = await world.withApi({ flags: { 'auth-token-file': file, debug: true } }, async (api) => {
      const headers = { authorization: 'Bearer a-very-secret-token', cookie: 'session=a-secret-cookie' };
      await world.http('/api/deploy', { method: 'POST', body: { namespaces: ['nowhere'] }, headers });
      await until(() => api.lines().some((line) => line.includes('/api/deploy')), 'the request is logged');
      return [...api.lines()];
    });

    const text = lines.join('\n');
    expect(text).toContain('/api/deploy');
    expect(text).not.toContain('a-very-secret-token');
    expect(text).not.toContain('a-secret-cookie');
    expect(text).not.toContain(world.cluster.token);
  });
});
