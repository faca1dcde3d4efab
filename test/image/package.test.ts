import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ROOT } from './compose-file.ts';

const Packed = z.array(z.object({ files: z.array(z.object({ path: z.string() })) }));

describe('npm pack', () => {
  let files: readonly string[] = [];

  beforeAll(() => {
    const out = execFileSync('npm', ['pack', '--dry-run', '--json'], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    files = Packed.parse(JSON.parse(out)).flatMap((each) => each.files.map(({ path }) => path));
  });

  test('contains the command and everything that it loads', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'bin/skipper',
        'dist/bin/skipper.js',
        'dist/shared/state/lua/request.lua',
        'dist/web/manifest.json',
        'package.json',
      ]),
    );
  });

  // npm ignores the overrides of an installed package: without bundled packages, Skipper gets an undici that needs
  // a newer Node.
  test('contains the packages of the lockfile, with our overrides', () => {
    expect(files).toContain('node_modules/@kubernetes/client-node/package.json');
    expect(files).toContain('node_modules/undici/package.json');
    expect(files.filter((file) => file.includes('client-node/node_modules/undici/'))).toEqual([]);
  });

  // The whole library costs 40 MiB in each process.
  test('loads of the Kubernetes library only what is used', async () => {
    const built = await readFile(
      new URL('../../dist/shared/kubernetes/client-library.js', import.meta.url),
      'utf8',
    );

    expect(built).toMatch(/KubeConfig = class/);
    expect(built).not.toContain('CoreV1Api');
    expect(built).not.toMatch(/from ["']@kubernetes\/client-node/);
    expect(built.length).toBeLessThan(100_000);
  });

  test('contains neither the simulator, nor tests, nor our source maps', () => {
    const own = files.filter((file) => !file.startsWith('node_modules/'));

    expect(own.filter((file) => /(^|\/)(simulator|test|bench)\/|\.test\.|\.map$|\.tsx?$/.test(file))).toEqual(
      [],
    );
  });
});
