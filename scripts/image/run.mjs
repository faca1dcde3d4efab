import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const MIB = 1024 * 1024;

/** What a program prints; an error has all of it. */
export function run(program, args, env = process.env) {
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

export function seconds(began) {
  return `${((Date.now() - began) / 1_000).toFixed(1)} s`;
}

export function say(line) {
  console.log(`test:image: ${line}`);
}
