// Makes a fresh machine ready: `node scripts/set-up.mjs packages redis build`. A step is skipped if it is done already or
// if the machine has the program; what is installed is printed. It runs before `npm ci`, so it needs nothing but Node.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onPath } from './on-path.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = ['bin', 'api', 'worker', 'domain', 'shared', 'web', 'client', 'cli'];
const TSC = join('node_modules', 'typescript', 'bin', 'tsc');
const CONFIGURATION = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

const STEPS = {
  packages: installPackages,
  redis: () => installProgram('redis-server', 'redis-server'),
  chromium: () => process.env.CHROMIUM || installProgram('chromium', 'chromium'),
  nginx: () => installProgram('nginx', 'nginx-light'),
  curl: () => installProgram('curl', 'curl'),
  openssl: () => installProgram('openssl', 'openssl'),
  helm: findHelm,
  build: () => {
    build('build', [TSC, '-p', 'tsconfig.build.json'], SOURCES, complete);
    build('simulator', [TSC, '-p', 'simulator'], [...SOURCES, 'simulator'], complete);
    build('web', [join('scripts', 'build-web.mjs')], ['web', 'client', 'domain', 'scripts/build-web.mjs']);
    linkBinary();
  },
  bench: () =>
    build('bench', [TSC, '-p', 'tsconfig.json'], [...SOURCES, 'simulator', 'bench', 'test'], complete),
};

main(process.argv.slice(2));

function main(names) {
  const unknown = names.filter((name) => !(name in STEPS));
  if (names.length === 0 || unknown.length > 0) {
    fail(
      `name what to set up: ${Object.keys(STEPS).join(', ')}${unknown.length > 0 ? `; not ${unknown.join(', ')}` : ''}`,
    );
  }
  for (const name of names) STEPS[name]();
}

/** From the lockfile, when that is not what is there. */
function installPackages() {
  const stamp = at('node_modules', '.skipper-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (!installedByHand()) {
    const began = Date.now();
    say('installing the npm packages of package-lock.json');
    // The compiler is needed, whatever NODE_ENV says.
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci');
    say(`npm packages installed in ${since(began)}`);
  }
  writeFileSync(stamp, wanted);
}

/** npm itself leaves a note of what it has installed. */
function installedByHand() {
  const note = at('node_modules', '.package-lock.json');
  return existsSync(note) && statSync(note).mtimeMs > statSync(at('package-lock.json')).mtimeMs;
}

/** A Debian package, where its program is missing and we may install it. */
function installProgram(program, debianPackage) {
  if (onPath(program)) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !onPath('apt-get')) {
    fail(
      `${program} is not installed. Install it: Debian package ${debianPackage} (as root: apt-get update && apt-get install ${debianPackage}), or its equivalent on this system`,
    );
  }
  const began = Date.now();
  say(`${program} is not installed; installing Debian package ${debianPackage}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], 'apt-get update', env);
  const flags = ['install', '-y', '-qq', '--no-install-recommends', debianPackage];
  run('apt-get', flags, `apt-get install ${debianPackage}`, env);
  if (!onPath(program)) fail(`Debian package ${debianPackage} did not install ${program}`);
  say(`Debian package ${debianPackage} installed in ${since(began)}`);
}

/** Prints what it downloads; without helm the tests of the chart fail, and no others. */
function findHelm() {
  spawnSync(process.execPath, [at('scripts', 'find-helm.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Runs a program of ours when a source is newer than what it made last; `after` completes what it made. */
function build(name, [program, ...args], folders, after = () => undefined) {
  const stamp = at('dist', `.${name}`);
  const sources = [...folders, ...CONFIGURATION].map((path) => at(path));
  const builtAt = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (builtAt >= Math.max(...sources.map(changedAt))) return;
  const began = Date.now();
  run(process.execPath, [at(program), ...args], [program, ...args].join(' '));
  after();
  mkdirSync(at('dist'), { recursive: true });
  // As of the beginning: what was saved meanwhile may have been missed.
  writeFileSync(stamp, '');
  utimesSync(stamp, began / 1000, began / 1000);
  say(`built (${name}) in ${since(began)}`);
}

/** What the compiler does not make: the scripts that Redis runs, and the part of the Kubernetes library that is used. */
function complete() {
  const folder = join('shared', 'state', 'lua');
  cpSync(at(folder), at('dist', folder), { recursive: true });
  run(process.execPath, [at('scripts', 'build-client-library.mjs')], 'scripts/build-client-library.mjs');
}

/** When a file, or anything below a folder, was changed last; 0 for what is not there. */
function changedAt(path) {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  const names = readdirSync(path, { recursive: true });
  return Math.max(mtimeMs, ...names.map((name) => statSync(join(path, name)).mtimeMs));
}

/** So that `npx skipper` finds the command: npm links the programs of dependencies only, not the package's own. */
function linkBinary() {
  const binary = at('dist', 'bin', 'skipper.js');
  chmodSync(binary, 0o755);
  const { bin } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const target = join('..', '..', bin.skipper);
  const link = at('node_modules', '.bin', 'skipper');
  if (targetOf(link) === target) return;
  rmSync(link, { force: true });
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(target, link);
}

function targetOf(link) {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/** Silent, unless it fails. */
function run(command, args, name, env = process.env) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  fail(
    `${name} failed: ${error?.message ?? `exit code ${status}`}\n${stdout ?? ''}${stderr ?? ''}`.trimEnd(),
  );
}

function at(...parts) {
  return join(root, ...parts);
}

function since(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}

function say(line) {
  console.log(`set-up: ${line}`);
}

function fail(line) {
  console.error(`set-up: ${line}`);
  process.exit(1);
}
