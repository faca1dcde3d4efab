// `npm run test:image`: builds the images, runs them as hardened as the chart does (read-only, no capabilities, uid 1000)
// against Redis and a simulated cluster, deploys, ends them with SIGTERM, and prints the size of production's.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openEngine } from './container-engine.mjs';
import { MIB, root, say, seconds } from './run.mjs';

const IMAGE = 'skipper:test';
const SIMULATED = 'skipper-simulated:test';
const LABELS = { VERSION: '9.8.7', REVISION: 'a'.repeat(40), CREATED: '2026-01-02T03:04:05Z' };
const NAMESPACES = 20;
const READY_MS = 60_000;
const ROLLOUT_MS = 120_000;
/** The product's own grace period is 30 s; with nothing left to do it needs none of it. */
const END_MS = 20_000;
const HARDENED = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--user=1000:1000'];
/** Of development: not in production's image. */
const MISSING = [
  'node_modules/typescript',
  'node_modules/jest',
  'node_modules/esbuild',
  'node_modules/selfsigned',
  'node_modules/@skipper',
  'simulator',
  'dist/simulator',
  'test',
  'web/entry',
];

const folder = mkdtempSync(join(tmpdir(), 'skipper-image-'));
const containers = [];
const processes = [];
let engine;

try {
  engine = openEngine(folder);
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
  // Without a target: what a plain build makes is production's.
  engine.build(
    IMAGE,
    Object.entries(LABELS).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
  );
  engine.build(SIMULATED, ['--target', 'simulated']);
  say(`built with ${engine.name} in ${seconds(began)}`);
  checkConfig(engine.config(IMAGE));

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
  start('cluster', SIMULATED, volume('rw'), [directory, `--namespaces=${NAMESPACES}`, ...ports]);
  await untilReady('cluster', [`--port=${health}`]);

  const env = { REDIS_URL: `redis://127.0.0.1:${redis}`, DISABLE_AUTOUPDATE: 'true', GRACE_PERIOD: '10' };
  const settings = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  // One by a variable, one by a flag: the health check must find both.
  start('api', IMAGE, [...volume('ro'), ...settings, '--env', `PORT=${api}`], []);
  start('worker', IMAGE, [...volume('ro'), ...settings], ['worker', '--worker-port', String(worker)]);
  await untilReady('api');
  await untilReady('worker');
  for (const name of ['api', 'worker']) checkHardened(name);

  await deployAll(`http://127.0.0.1:${api}`);
  for (const name of ['api', 'worker', 'cluster']) await endWithSigterm(name);
  printSizes();
}

function checkConfig(config) {
  const { Labels = {}, Healthcheck, Entrypoint = [], User } = config;
  const label = (name) => Labels[`org.opencontainers.image.${name}`];
  expect(label('version') === LABELS.VERSION, 'the label of the version is as given');
  expect(label('revision') === LABELS.REVISION, 'the label of the revision is as given');
  expect(label('created') === LABELS.CREATED, 'the label of the date is as given');
  expect(Healthcheck?.Test?.[0] === 'CMD', 'the health check needs no shell');
  expect(Entrypoint[0] === '/app/bin/skipper', 'the entry point is skipper, without a shell around it');
  expect(User === '1000:1000', 'the user is not root');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const printed = engine.once(IMAGE, [...HARDENED, '--network=none'], ['--version']).trim();
  expect(printed === version, `skipper --version says ${version}`);
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
  for (const missing of MISSING)
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
  const { bytes, layers } = engine.size(IMAGE);
  const compressed = layers.reduce((sum, layer) => sum + layer.compressed, 0);
  say(`size: ${mib(bytes)} MiB, compressed ${mib(compressed)} MiB`);
  for (const { created, size, compressed } of layers)
    say(`  ${mib(size).padStart(6)} MiB (${mib(compressed)}) ${created.slice(0, 100)}`);
}

/** The image's own health check, asking for readiness. */
async function untilReady(name, more = []) {
  const began = Date.now();
  let last = { out: 'no answer', status: 1 };
  while (Date.now() - began < READY_MS) {
    last = engine.exec(name, ['node', '/app/dist/bin/health.js', '/readyz', ...more]);
    if (last.status === 0) return say(`${name} is ready after ${seconds(began)}`);
    await pause(250);
  }
  throw new Error(`${name} is not ready: ${last.out}`);
}

function start(name, image, options, command) {
  engine.run(name, image, [...HARDENED, '--network=host', ...options], command);
  containers.push(name);
}

/** Installed by `npm run setup`. */
function startRedis(port) {
  const flags = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction'];
  processes.push(spawn('redis-server', flags.map(String), { stdio: 'ignore', cwd: folder }));
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
