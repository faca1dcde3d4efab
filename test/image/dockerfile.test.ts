import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ROOT } from './compose-file.ts';
import { readDockerfile, sourcesOf, stagesOf } from './dockerfile.ts';

const Versions = z.record(z.string(), z.string());
const Manifest = z.object({ dependencies: Versions, devDependencies: Versions.default({}) });

const stages = readDockerfile();
const root = readManifest('package.json');
const simulator = readManifest('simulator/package.json');

function readManifest(path: string): z.infer<typeof Manifest> {
  return Manifest.parse(JSON.parse(readFileSync(ROOT + path, 'utf8')));
}

/** The source files that a TypeScript project compiles, relative to the root. */
function compiledBy(project: string): readonly string[] {
  const tsc = `${ROOT}node_modules/typescript/bin/tsc`;
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project, '--listFilesOnly'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .filter((file) => file !== '' && !file.includes('/node_modules/'))
    .map((file) => relative(ROOT, file));
}

/** The packages that these files import. */
function packagesOf(files: readonly string[]): readonly string[] {
  const imported = files.flatMap((file) =>
    [...readFileSync(ROOT + file, 'utf8').matchAll(/(?:from|import)[ (]'([^.'][^']*)'/g)].map(
      ([, specifier = '']) => specifier.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? specifier,
    ),
  );
  const isBuiltIn = (name: string) => name.startsWith('node:') || builtinModules.includes(name);
  return [...new Set(imported)].filter((name) => !isBuiltIn(name)).sort();
}

describe('the production image', () => {
  test('is the default build target', () => {
    expect(stages.at(-1)).toEqual({ name: '', base: 'skipper', instructions: [] });
  });

  test('contains no simulator, benchmarks or tests in any of its stages', () => {
    const sources = stagesOf('skipper').flatMap(sourcesOf);

    expect(sources).toContain('api');
    for (const source of sources) expect(source).not.toMatch(/^(\.$|\*|.*(simulator|bench|test))/);
  });

  test('has only production packages: every npm ci excludes the workspaces', () => {
    const installs = stagesOf('skipper').flatMap(({ instructions }) =>
      instructions.filter((line) => line.includes('npm ci')),
    );

    expect(installs.length).toBeGreaterThan(0);
    for (const install of installs) expect(install).toContain(' --workspaces=false');
    for (const name of ['selfsigned', 'p-map']) expect(root.dependencies).not.toHaveProperty(name);
  });

  test('compiles the folders that it copies, and no others', () => {
    const folders = new Set(compiledBy('tsconfig.build.json').map((file) => file.split('/')[0]));
    const copied = stagesOf('skipper').flatMap(sourcesOf);

    expect(folders).not.toContain('simulator');
    for (const folder of folders) expect(copied).toContain(folder);
  });

  test('imports only packages that it depends on', () => {
    const imported = packagesOf(compiledBy('tsconfig.build.json'));

    expect(imported.length).toBeGreaterThan(10);
    for (const name of imported) expect(Object.keys(root.dependencies)).toContain(name);
  });
});

describe('the image of the simulated cluster', () => {
  test('adds the simulator to the production image', () => {
    const target = stages.find(({ name }) => name === 'simulated');

    expect(target?.base).toBe('skipper');
    expect(stagesOf('simulated').flatMap(sourcesOf)).toEqual(
      expect.arrayContaining(['simulator', 'simulator/channel']),
    );
  });

  test('the simulator names every package that it imports', () => {
    const files = compiledBy('simulator').filter((file) => file.startsWith('simulator/'));
    expect(packagesOf(files)).toEqual(Object.keys(simulator.dependencies).sort());
  });

  test('a package that both depend on has the same version, so that it is installed once', () => {
    const versions = { ...root.devDependencies, ...root.dependencies };
    for (const [name, version] of Object.entries(simulator.dependencies))
      if (name in versions) expect([name, version]).toEqual([name, versions[name]]);
  });
});

test('.dockerignore admits what the Dockerfile copies', () => {
  const allowed = readFileSync(`${ROOT}.dockerignore`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const sources = stages.flatMap(sourcesOf);

  expect(sources.length).toBeGreaterThan(0);
  for (const source of sources) {
    expect(existsSync(ROOT + source)).toBe(true);
    expect(allowed.some((path) => source === path || source.startsWith(`${path}/`))).toBe(true);
  }
});

test('the lockfile records no download hosts', () => {
  expect(readFileSync(`${ROOT}package-lock.json`, 'utf8')).not.toMatch(/"resolved": "[a-z+]+:/);
});
