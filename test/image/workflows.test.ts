import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = `${ROOT}.github/workflows/`;
const NOTES = `${ROOT}scripts/release-notes.mjs`;

const Permissions = z.record(z.string(), z.enum(['read', 'write', 'none']));
const Step = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const Job = z.object({
  uses: z.string().optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  permissions: Permissions.optional(),
  'timeout-minutes': z.number().optional(),
  strategy: z.object({ matrix: z.record(z.string(), z.array(z.unknown())) }).optional(),
  steps: z.array(Step).default([]),
});
const Workflow = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions: Permissions,
  concurrency: z.object({ group: z.string() }),
  jobs: z.record(z.string(), Job),
});
type Job = z.infer<typeof Job>;
type Workflow = z.infer<typeof Workflow>;

function read(name: string): Workflow {
  return Workflow.parse(parse(readFileSync(FOLDER + name, 'utf8')));
}

function stepsOf({ jobs }: Workflow) {
  return Object.values(jobs).flatMap(({ steps }) => steps);
}

describe.each(readdirSync(FOLDER))('workflow %s', (name) => {
  const text = readFileSync(FOLDER + name, 'utf8');
  const workflow = read(name);

  test('pins every action to a commit, with its version in a comment', () => {
    const uses = text.split('\n').filter((line) => /^\s*(- )?uses: /.test(line));

    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses)
      expect(line).toMatch(/uses: (\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\.\/\.github\/\S+)$/);
  });

  test('uses one commit per action', () => {
    const commits = [...text.matchAll(/uses: (\S+)@([0-9a-f]{40})/g)].map(([, action, commit]) => [
      action,
      commit,
    ]);

    expect(new Set(commits.map(String)).size).toBe(new Set(commits.map(([action]) => action)).size);
  });

  test('can only read by default; only the release job can write contents', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const writers = Object.entries(workflow.jobs).filter(([, job]) => job.permissions?.contents === 'write');
    expect(writers.map(([job]) => job)).toEqual(name === 'release.yml' ? ['release'] : []);
  });

  test('persists no credentials, and every job has a timeout', () => {
    for (const step of stepsOf(workflow)) {
      if (step.uses?.startsWith('actions/checkout@'))
        expect(step.with).toMatchObject({ 'persist-credentials': false });
    }
    for (const job of Object.values(workflow.jobs)) {
      if (job.uses === undefined) expect(job['timeout-minutes']).toBeGreaterThan(0);
    }
  });

  test('uses no expressions in shell commands', () => {
    for (const { run = '' } of stepsOf(workflow)) expect(run).not.toMatch(/\$\{\{/);
  });

  test('calls only npm scripts that exist', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')));
    for (const { run = '' } of stepsOf(workflow)) {
      for (const [, script] of run.matchAll(/npm run (\S+)/g)) expect(Object.keys(scripts)).toContain(script);
    }
  });
});

describe('ci.yml', () => {
  const { test: everything, core } = read('ci.yml').jobs;

  test('tests on the oldest Node of package.json, the newest of the Dockerfile, and those between', () => {
    const { engines } = z
      .object({ engines: z.object({ node: z.string() }) })
      .parse(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')));
    const [, oldest] = /^>=(\d+)\./.exec(engines.node) ?? [];
    const [, newest] = /^FROM .*node:(\d+)-/m.exec(readFileSync(`${ROOT}Dockerfile`, 'utf8')) ?? [];
    const versions = everything?.steps.map((step) => step.with?.['node-version']) ?? [];
    const tested = [...versions, ...(core?.strategy?.matrix.node ?? [])];

    expect(tested).toEqual(expect.arrayContaining([Number(oldest), 22, 24, Number(newest)]));
  });

  test('runs all tests on one version, and only existing levels and files on the others', () => {
    const commandsOf = (job: Job | undefined) => job?.steps.map(({ run = '' }) => run) ?? [];

    expect(commandsOf(everything)).toContain('npm test -- --ci');
    const [, paths = ''] = /^npm run jest -- --ci (.+)$/m.exec(commandsOf(core).join('\n')) ?? [];
    expect(paths.split(' ')).toEqual(expect.arrayContaining(['test/unit/', 'test/contract/']));
    for (const path of paths.split(' ')) expect(existsSync(ROOT + path)).toBe(true);
  });
});

describe('nightly.yml', () => {
  test('runs the long tests on a schedule', () => {
    const { on, jobs } = read('nightly.yml');

    expect(on).toHaveProperty('schedule');
    expect(jobs.long?.steps.map(({ run }) => run)).toContain('npm run test:long -- --ci');
  });

  test('runs existing files', () => {
    const { scripts } = z
      .object({ scripts: z.object({ 'test:long': z.string() }) })
      .parse(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')));
    const files = scripts['test:long'].split(' ').filter((word) => word.startsWith('test/'));

    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(existsSync(ROOT + file)).toBe(true);
  });
});

describe('release.yml', () => {
  const { on, jobs } = read('release.yml');

  test('runs on version tags, and only after all checks', () => {
    expect(on).toEqual({ push: { tags: ['v*'] } });
    expect(jobs.check?.uses).toBe('./.github/workflows/ci.yml');
    expect(jobs.image?.needs).toContain('check');
    expect(jobs.release?.needs).toEqual(['image', 'chart']);
  });

  test('builds the image for both architectures, with SBOM and provenance', () => {
    const push = jobs.image?.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));

    expect(push?.with).toMatchObject({
      platforms: 'linux/amd64,linux/arm64',
      push: true,
      sbom: true,
      provenance: 'mode=max',
    });
    for (const [, name] of readFileSync(`${ROOT}Dockerfile`, 'utf8').matchAll(/^ARG (\w+)/gm))
      expect(push?.with?.['build-args']).toContain(`${name}=`);
  });

  test.each(['image', 'chart'])('signs the %s by its digest, and attests its provenance', (name) => {
    const job = jobs[name];

    expect(job?.permissions).toEqual({
      contents: 'read',
      packages: 'write',
      'id-token': 'write',
      attestations: 'write',
    });
    expect(job?.steps.some(({ run }) => run?.includes('cosign sign --yes'))).toBe(true);
    const attest = job?.steps.find(({ uses }) => uses?.startsWith('actions/attest-build-provenance@'));
    expect(attest?.with).toMatchObject({ 'push-to-registry': true });
    expect(attest?.with).toHaveProperty('subject-digest');
  });
});

describe('release-notes.mjs', () => {
  async function notesOf(changelog: string, version: string): Promise<string | undefined> {
    const { releaseNotes } = await import(NOTES);
    return releaseNotes(changelog, version);
  }
  const CHANGELOG =
    '# Changelog\n\n## Unreleased\n\nlater\n\n## [1.10.0] - 2026-11-23\n\n### New\n\n- a\n\n## 1.1.0\n\n- b\n';

  test.each([
    ['1.10.0', '### New\n\n- a'],
    ['1.1.0', '- b'],
    ['1.1', undefined],
    ['10.0', undefined],
    ['2.0.0', undefined],
  ])('returns the section of %s', async (version, notes) => {
    expect(await notesOf(CHANGELOG, version)).toBe(notes);
  });

  test.each(['v0.0.0', 'main', ''])('refuses the tag %p', (tag) => {
    const { status, stderr } = spawnSync(process.execPath, [NOTES, tag], { encoding: 'utf8' });

    expect(status).toBe(1);
    expect(stderr).toMatch(/package\.json says \d/);
  });
});
