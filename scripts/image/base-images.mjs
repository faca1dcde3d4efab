// Without Docker, images are built on stand-ins for the Dockerfile's base images: Debian as its packages make it, with
// npm's Node, of the same names. Nothing is pulled from a container registry.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, say, seconds } from './run.mjs';

const UNUSED = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'];

export function makeBaseImages(buildah, folder) {
  const began = Date.now();
  const context = join(folder, 'base');
  mkdirSync(context);
  const packages = '--include=ca-certificates,libatomic1,libstdc++6';
  const excluded = UNUSED.map((path) => `--dpkgopt=path-exclude=${path}`);
  run('mmdebstrap', ['--variant=minbase', packages, ...excluded, 'bookworm', join(context, 'base.tar')]);
  const [, line] = /^FROM .*node:(\d+)-/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? [];
  const node = `node-linux-${process.arch}@${line}`;
  fetchNode(context, node);
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
    buildah(['--file', file, '--tag', tag, context]);
  }
  say(`base images made of Debian packages and ${node} in ${seconds(began)}`);
}

function fetchNode(context, node) {
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', context, node]));
  run('tar', ['-xzf', join(context, filename), '-C', context, 'package/bin/node']);
  const npm = join(run('npm', ['root', '--global']).trim(), 'npm');
  cpSync(npm, join(context, 'npm'), { recursive: true, dereference: true });
}

export function buildahFlags(folder) {
  // Without Docker's format HEALTHCHECK would be left out.
  return ['--format', 'docker', '--layers=true', ...hostAuthorities(folder)];
}

/** If this machine trusts further certificate authorities, npm in the build does, too. */
function hostAuthorities(folder) {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (!file || !existsSync(file)) return [];
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, 'cafile=/run/host-ca.crt\n');
  return ['--volume', `${file}:/run/host-ca.crt:ro`, '--volume', `${npmrc}:/root/.npmrc:ro`];
}
