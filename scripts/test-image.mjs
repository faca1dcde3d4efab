// `npm run test:image`: builds the image, runs it as hardened as the chart does (read-only, no capabilities, uid 1000)
// against Redis and a simulated cluster, deploys, ends it with SIGTERM, and prints its size. With Docker where there is
// one, otherwise with buildah and podman on base images made of Debian packages and npm's Node (`--without-docker`).
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const IMAGE = 'skipper:test';
const LABELS = { VERSION: '9.8.7', REVISION: 'a'.repeat(40), CREATED: '2026-01-02T03:04:05Z' };
const NAMESPACES = 20;
const READY_MS = 60_000;
const ROLLOUT_MS = 120_000;
/** The product's own grace period is 30 s; with nothing left to do it needs none of it. */
const END_MS = 20_000;
const MIB = 1024 * 1024;
/** Where nobody listens to systemd, and as root; the usual limits of podman are more than a container may have here. */
const PODMAN = ['--cgroup-manager=cgroupfs', '--runtime', 'runc'];
const PODMAN_RUN = ['--pull=never', '--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=32768:32768'];
const HARDENED = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--user=1000:1000'];

const folder = mkdtempSync(join(tmpdir(), 'skipper-image-'));
const containers = [];
const processes = [];
let engine;

try {
  engine = openEngine();
  await main();
  say('all is well');
} catch (error) {
  console.error(`test:image: ${error.message}`);
  for (const name of containers) console.error(`--- ${name}\n${engine.logs(name)}`);
  process.exitCode = 1;
} finally {
  for (const name of containers) engine.remove(name);
  for (const child of processes) child.kill('SIGKILL');
  engine?.close();
  rmSync(folder, { recursive: true, force: true });
}

async function main() {
  const began = Date.now();
  engine.build(Object.entries(LABELS).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]));
  say(`built with ${engine.name} in ${seconds(began)}`);
  checkConfig(engine.config());

  const [redis, cluster, channels, health, api, worker] = await Promise.all(
    Array.from({ length: 6 }, freePort),
  );
  startRedis(redis);
  const shared = join(folder, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o777);
  const volume = (mode) => ['--volume', `${shared}:/var/run/config/fiaas:${mode}`];
  const ports = [`--port=${cluster}`, `--channel-port=${channels}`, `--health-port=${health}`];
  const directory = '--directory=/var/run/config/fiaas';
  start('cluster', volume('rw'), ['simulated-cluster', directory, `--namespaces=${NAMESPACES}`, ...ports]);
  await untilReady('cluster');

  const env = { REDIS_URL: `redis://127.0.0.1:${redis}`, DISABLE_AUTOUPDATE: 'true', GRACE_PERIOD: '10' };
  const settings = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  // One by a variable, one by a flag: the health check must find both.
  start('api', [...volume('ro'), ...settings, '--env', `PORT=${api}`], []);
  start('worker', [...volume('ro'), ...settings], ['worker', '--worker-port', String(worker)]);
  await untilReady('api');
  await untilReady('worker');
  for (const name of ['api', 'worker']) checkHardened(name);

  await deployAll(`http://127.0.0.1:${api}`);
  for (const name of ['api', 'worker', 'cluster']) await endWithSigterm(name);
  printSizes();
}

function checkConfig(config) {
  const { Labels = {}, Healthcheck, Entrypoint = [], User } = config;
  expect(
    Labels['org.opencontainers.image.version'] === LABELS.VERSION,
    'the label of the version is as given',
  );
  expect(
    Labels['org.opencontainers.image.revision'] === LABELS.REVISION,
    'the label of the revision is as given',
  );
  expect(Labels['org.opencontainers.image.created'] === LABELS.CREATED, 'the label of the date is as given');
  expect(Healthcheck?.Test?.[0] === 'CMD', 'the health check needs no shell');
  expect(Entrypoint[0] === '/app/bin/skipper', 'the entry point is skipper, without a shell around it');
  expect(User === '1000:1000', 'the user is no root');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(engine.once(['--version']).trim() === version, `skipper --version says ${version}`);
}

/** What is true of the running process, and of the files around it. */
function checkHardened(name) {
  const status = engine.exec(name, ['cat', '/proc/1/status']).out;
  expect(/^Uid:\t1000\t/m.test(status), `${name} runs as uid 1000`);
  expect(/^CapEff:\t0+$/m.test(status), `${name} has no capabilities`);
  expect(/^NoNewPrivs:\t1$/m.test(status), `${name} can get no privileges`);
  const threads = engine.exec(name, ['sh', '-c', 'cat /proc/[0-9]*/comm']).out.trim().split('\n');
  // Process 1 is bin/skipper, which passes signals on.
  expect(
    threads.filter((command) => !['cat', 'sh', 'skipper'].includes(command)).length === 1,
    `${name} is one process`,
  );
  expect(engine.exec(name, ['touch', '/app/x']).status !== 0, `${name} cannot write`);
  for (const missing of [
    'node_modules/typescript',
    'node_modules/jest',
    'node_modules/esbuild',
    'test',
    'web/entry',
  ])
    expect(engine.exec(name, ['ls', `/app/${missing}`]).status !== 0, `${missing} is not in the image`);
  expect(engine.exec(name, ['sh', '-c', 'command -v npm curl']).status !== 0, 'neither npm nor curl is');
  expect(engine.exec(name, ['ls', '/app/LICENSE']).status === 0, 'the licence is');
}

async function deployAll(url) {
  const began = Date.now();
  const asked = await fetch(`${url}/api/deploy`, { method: 'POST' });
  expect(asked.status === 202, `POST /api/deploy is accepted (${asked.status})`);
  let rollout = await asked.json();
  while (rollout.state === 'pending' || rollout.state === 'running') {
    if (Date.now() - began > ROLLOUT_MS)
      throw new Error(`the rollout is not done: ${JSON.stringify(rollout.counts)}`);
    await pause(250);
    rollout = await (await fetch(`${url}/api/rollouts/${rollout.id}`)).json();
  }
  const completed = rollout.targets.filter(({ state }) => state === 'completed').length;
  expect(completed === NAMESPACES, `${completed} of ${NAMESPACES} namespaces are deployed and verified`);
  say(`${completed} namespaces deployed in ${seconds(began)}`);
}

async function endWithSigterm(name) {
  const began = Date.now();
  const { code } = await engine.terminate(name, END_MS);
  expect(code === 0, `${name} ends with exit code 0 after SIGTERM, not ${code}`);
  say(`${name} ended by SIGTERM in ${seconds(began)}, exit code 0`);
}

function printSizes() {
  const { bytes, layers } = engine.size();
  say(
    `size: ${mib(bytes)} MiB, compressed ${mib(layers.reduce((sum, layer) => sum + layer.compressed, 0))} MiB`,
  );
  for (const { created, size, compressed } of layers)
    say(`  ${mib(size).padStart(6)} MiB (${mib(compressed)}) ${created.slice(0, 100)}`);
}

/** The image's own health check, asking for readiness. */
async function untilReady(name) {
  const began = Date.now();
  let last = { out: 'no answer', status: 1 };
  while (Date.now() - began < READY_MS) {
    last = engine.exec(name, ['node', '/app/dist/bin/health.js', '/readyz']);
    if (last.status === 0) return say(`${name} is ready after ${seconds(began)}`);
    await pause(250);
  }
  throw new Error(`${name} is not ready: ${last.out}`);
}

function start(name, options, command) {
  engine.run(name, [...HARDENED, '--network=host', ...options], command);
  containers.push(name);
}

function startRedis(port) {
  need('redis-server', 'redis-server');
  const flags = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction'];
  processes.push(spawn('redis-server', flags.map(String), { stdio: 'ignore', cwd: folder }));
}

function openEngine() {
  const isDocker =
    !process.argv.includes('--without-docker') && spawnSync('docker', ['version']).status === 0;
  return isDocker ? dockerEngine() : podmanEngine();
}

function dockerEngine() {
  const docker = commands('docker', [], []);
  return {
    ...docker,
    name: 'docker',
    build: (args) => run('docker', ['build', '--tag', IMAGE, ...args, '.']),
    close: () => spawnSync('docker', ['image', 'rm', '--force', IMAGE]),
  };
}

function podmanEngine() {
  for (const name of ['buildah', 'podman', 'runc', 'mmdebstrap']) need(name, name);
  // A store of its own, so that nothing of it stays.
  const store = [
    '--root',
    join(folder, 'store'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'overlay',
  ];
  const podman = commands('podman', [...store, ...PODMAN], PODMAN_RUN);
  return {
    ...podman,
    name: 'buildah',
    build: (args) => {
      makeBaseImages(store);
      // Without its format HEALTHCHECK would be left out.
      const flags = [
        '--isolation',
        'chroot',
        '--pull=never',
        '--format',
        'docker',
        '--layers=true',
        ...hostAuthorities(),
      ];
      run('buildah', [...store, 'bud', ...flags, '--tag', IMAGE, ...args, '.']);
    },
    close: () => spawnSync('podman', [...store, 'system', 'reset', '--force']),
  };
}

/** What Docker and podman have in common. */
function commands(program, global, running) {
  const call = (args) => spawnSync(program, [...global, ...args], { encoding: 'utf8', maxBuffer: 256 * MIB });
  const ok = (args) => run(program, [...global, ...args]);
  const container = (name) => `skipper-test-${name}-${process.pid}`;
  return {
    config: () => {
      const [{ Config, Healthcheck, HealthCheck = Healthcheck }] = JSON.parse(
        ok(['image', 'inspect', IMAGE]),
      );
      return { Healthcheck: HealthCheck, ...Config };
    },
    once: (command) => ok(['run', '--rm', ...running, ...HARDENED, '--network=none', IMAGE, ...command]),
    run: (name, options, command) =>
      ok(['run', '--detach', '--name', container(name), ...running, ...options, IMAGE, ...command]),
    exec: (name, command) => {
      const { status, stdout, stderr } = call(['exec', container(name), ...command]);
      return { status, out: `${stdout}${stderr}` };
    },
    logs: (name) => {
      const { stdout, stderr } = call(['logs', '--tail', '50', container(name)]);
      return `${stdout}${stderr}`;
    },
    terminate: async (name, withinMs) => {
      ok(['kill', '--signal', 'TERM', container(name)]);
      const deadline = Date.now() + withinMs;
      for (;;) {
        const { Running, ExitCode } = JSON.parse(ok(['container', 'inspect', container(name)]))[0].State;
        if (!Running) return { code: ExitCode };
        if (Date.now() > deadline) throw new Error(`${name} still runs ${withinMs / 1_000} s after SIGTERM`);
        await pause(100);
      }
    },
    remove: (name) => call(['rm', '--force', container(name)]),
    size: () => {
      const archive = join(folder, 'image.tar');
      const contents = join(folder, 'image');
      ok(['save', '--output', archive, IMAGE]);
      mkdirSync(contents, { recursive: true });
      run('tar', ['-xf', archive, '-C', contents]);
      return sizesOf(contents);
    },
  };
}

/** Of a saved image: each layer as it is, and as a registry would keep it. */
function sizesOf(contents) {
  const [{ Config, Layers }] = JSON.parse(readFileSync(join(contents, 'manifest.json'), 'utf8'));
  const { history } = JSON.parse(readFileSync(join(contents, Config), 'utf8'));
  const steps = history.filter((step) => !step.empty_layer);
  const layers = Layers.map((file, index) => {
    const content = unpacked(readFileSync(join(contents, file)));
    const { created_by: by = '' } = steps[index] ?? {};
    const created = by
      .replace('/bin/sh -c #(nop) ', '')
      .replace(/:[0-9a-f]{64}/, '')
      .trim();
    return { created, size: content.length, compressed: gzipSync(content).length };
  });
  return { bytes: layers.reduce((sum, { size }) => sum + size, 0), layers };
}

function unpacked(content) {
  return content[0] === 0x1f && content[1] === 0x8b ? gunzipSync(content) : content;
}

/** Stand-ins for the Dockerfile's base images, of the same names: Debian as its packages make it, with npm's Node. */
function makeBaseImages(store) {
  const began = Date.now();
  const context = join(folder, 'base');
  mkdirSync(context);
  const slim = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'];
  const packages = '--include=ca-certificates,libatomic1,libstdc++6';
  const excluded = slim.map((path) => `--dpkgopt=path-exclude=${path}`);
  run('mmdebstrap', ['--variant=minbase', packages, ...excluded, 'bookworm', join(context, 'base.tar')]);
  const [, line] = /^FROM .*node:(\d+)-/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? [];
  const node = `node-linux-${process.arch}@${line}`;
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', context, node]));
  run('tar', ['-xzf', join(context, filename), '-C', context, 'package/bin/node']);
  cpSync(join(run('npm', ['root', '--global']).trim(), 'npm'), join(context, 'npm'), {
    recursive: true,
    dereference: true,
  });
  const user =
    'RUN echo node:x:1000:1000::/home/node:/bin/sh >> /etc/passwd && echo node:x:1000: >> /etc/group';
  const npm = 'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm';
  const copies = 'COPY package/bin/node /usr/local/bin/node\nCOPY npm /usr/local/lib/node_modules/npm';
  const bases = [
    ['debian:bookworm-slim', 'FROM scratch\nADD base.tar /\n'],
    [`node:${line}-bookworm-slim`, `FROM debian:bookworm-slim\n${copies}\n${npm}\n${user}\n`],
  ];
  for (const [tag, dockerfile] of bases) {
    const file = join(context, 'Dockerfile');
    writeFileSync(file, dockerfile);
    const flags = ['--isolation', 'chroot', '--pull=never', '--file', file, '--tag', tag];
    run('buildah', [...store, 'bud', ...flags, context]);
  }
  say(`base images made of Debian packages and ${node} in ${seconds(began)}`);
}

/** Where this machine trusts further certificate authorities, npm in the build does, too. */
function hostAuthorities() {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (!file || !existsSync(file)) return [];
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, 'cafile=/run/host-ca.crt\n');
  return ['--volume', `${file}:/run/host-ca.crt:ro`, '--volume', `${npmrc}:/root/.npmrc:ro`];
}

/** A program, or its Debian package where we may install it. */
function need(program, debianPackage) {
  if (isInstalled(program)) return;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    throw new Error(
      `there is no ${program}: install Docker, or, as root, Debian package ${debianPackage}, or what is called so on this system`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], env);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage], env);
  say(`Debian package ${debianPackage} installed`);
}

function isInstalled(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function run(program, args, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 256 * MIB,
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? `exit code ${status}`;
  throw new Error(`${program} ${args.join(' ')}: ${reason}\n${stdout ?? ''}${stderr ?? ''}`.trimEnd());
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function expect(isTrue, what) {
  if (!isTrue) throw new Error(`not so: ${what}`);
}

function mib(bytes) {
  return (bytes / MIB).toFixed(1);
}

function seconds(began) {
  return `${((Date.now() - began) / 1_000).toFixed(1)} s`;
}

function say(line) {
  console.log(`test:image: ${line}`);
}
