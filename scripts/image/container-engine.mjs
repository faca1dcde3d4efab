// Docker if its daemon answers, else buildah and podman.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { onPath } from '../on-path.mjs';
import { buildahFlags, makeBaseImages } from './base-images.mjs';
import { MIB, run, say } from './run.mjs';

/** For root on a machine without systemd; podman's usual limits are more than a container may have here. */
const PODMAN = ['--cgroup-manager=cgroupfs', '--runtime', 'runc'];
const PODMAN_RUN = ['--pull=never', '--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=32768:32768'];
const NEEDED = ['buildah', 'podman', 'runc', 'mmdebstrap'];

export function openEngine(folder) {
  const isDocker =
    !process.argv.includes('--without-docker') && spawnSync('docker', ['version']).status === 0;
  return isDocker ? dockerEngine(folder) : podmanEngine(folder);
}

function dockerEngine(folder) {
  const images = [];
  return {
    ...commands('docker', folder),
    name: 'docker',
    build: (image, args) => {
      images.push(image);
      run('docker', ['build', '--tag', image, ...args, '.']);
    },
    close: () => spawnSync('docker', ['image', 'rm', '--force', ...images]),
  };
}

function podmanEngine(folder) {
  installMissing();
  // A store of its own, so that nothing of it stays.
  const places = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run')];
  const store = [...places, '--storage-driver', 'overlay'];
  const buildah = (args) =>
    run('buildah', [...store, 'bud', '--isolation', 'chroot', '--pull=never', ...args]);
  let hasBases = false;
  return {
    ...commands('podman', folder, { global: [...store, ...PODMAN], running: PODMAN_RUN }),
    name: 'buildah',
    build: (image, args) => {
      if (!hasBases) makeBaseImages(buildah, folder);
      hasBases = true;
      buildah([...buildahFlags(folder), '--tag', image, ...args, '.']);
    },
    close: () => spawnSync('podman', [...store, 'system', 'reset', '--force']),
  };
}

function installMissing() {
  const missing = NEEDED.filter((program) => !onPath(program));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    throw new Error(`install Docker, or the Debian packages ${missing.join(', ')} and run this as root`);
  }
  say(`installing the Debian packages ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], env);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], env);
}

/** What Docker and podman have in common. */
function commands(program, folder, { global = [], running = [] } = {}) {
  const call = (args) => spawnSync(program, [...global, ...args], { encoding: 'utf8', maxBuffer: 256 * MIB });
  const ok = (args) => run(program, [...global, ...args]);
  const container = (name) => `skipper-test-${name}-${process.pid}`;
  return {
    config: (image) => {
      const [{ Config, Healthcheck, HealthCheck = Healthcheck }] = JSON.parse(
        ok(['image', 'inspect', image]),
      );
      return { Healthcheck: HealthCheck, ...Config };
    },
    once: (image, options, command) => ok(['run', '--rm', ...running, ...options, image, ...command]),
    run: (name, image, options, command) =>
      ok(['run', '--detach', '--name', container(name), ...running, ...options, image, ...command]),
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
    size: (image) => {
      const archive = join(folder, 'image.tar');
      const contents = join(folder, 'image');
      ok(['save', '--output', archive, image]);
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
