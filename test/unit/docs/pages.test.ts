import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { addClientCommands } from '../../../cli/client-commands.ts';
import type { Io } from '../../../cli/terminal.ts';
import { flagOf, SETTING_NAMES } from '../../../shared/config.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DECISIONS = readdirSync(join(ROOT, 'docs/decisions')).map((name) => `docs/decisions/${name}`);
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'helm/README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...DECISIONS,
];
/** Flags of npm, Helm, Redis and Docker, and of the demo and the bench. */
const FOREIGN_FLAGS = [
  ...[
    'namespace',
    'create-namespace',
    'set',
    'reset-then-reuse-values',
    'from-file',
    'rdb',
    'profile',
    'global',
    'version',
    'prefix',
    'scale',
  ],
  ...['help', 'once', 'namespaces', 'fail-rate', 'large', 'pairs', 'experimental-vm-modules', 'directory'],
];
/** Decision records keep the names of their time. */
const CURRENT = PAGES.filter((page) => !DECISIONS.includes(page));

function flagsOfCommands(): string[] {
  const program = new Command();
  addClientCommands(program, {} as Io);
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  return commands.flatMap(({ options }) => options.map(({ long }) => long?.slice(2) ?? ''));
}

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** Text between single backticks, outside code blocks. */
function codeIn(text: string): string[] {
  return [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, each = '']) => each);
}

describe.each(PAGES)('%s', (page) => {
  test('links only to files and headings that exist', () => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const own = links.filter((link) => !/^[a-z]+:/.test(link));
    const broken = own.filter((link) => {
      const [file = '', heading] = link.split('#');
      const path = file === '' ? join(ROOT, page) : join(ROOT, dirname(page), file);
      if (!existsSync(path)) return true;
      return heading !== undefined && !headingsOf(readFileSync(path, 'utf8')).includes(heading);
    });

    expect(broken).toEqual([]);
  });
});

describe.each(CURRENT)('%s', (page) => {
  test('names only files that exist', () => {
    const paths = codeIn(read(page)).filter((each) =>
      /^(api|bench|bin|cli|client|domain|helm|scripts|shared|simulator|test|web|worker)\/[\w./-]*\w$/.test(
        each,
      ),
    );

    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names only flags that exist', () => {
    const ours = codeIn(read(page)).filter((each) => !/^(kubectl|helm|redis-cli) /.test(each));
    const flags = ours.flatMap((each) =>
      [...each.matchAll(/(?<![\w-])--([a-z][a-z0-9-]+)/g)].map(([, flag = '']) => flag),
    );
    const known = new Set([...SETTING_NAMES.map(flagOf), ...flagsOfCommands(), ...FOREIGN_FLAGS]);

    expect(flags.filter((flag) => !known.has(flag))).toEqual([]);
  });

  test('names Applications with their group: the short name can be that of Argo CD', () => {
    const commands = codeIn(read(page)).filter((each) => each.startsWith('kubectl '));

    expect(commands.filter((each) => /[ ,]applications?(?!\.fiaas)\b/.test(each))).toEqual([]);
  });
});

describe('README.md', () => {
  test('shows the two commands for a start', () => {
    const blocks = [...read('README.md').matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
    const commands = blocks.flatMap((block) => block.split('\n').map((line) => line.split('  ')[0]));

    expect(commands).toEqual(expect.arrayContaining(['npm run demo', 'npm test']));
  });

  test('links to every page', () => {
    const links = [...read('README.md').matchAll(/\]\(([^)#\s]+)/g)].map(([, link = '']) => link);

    expect(links).toEqual(
      expect.arrayContaining(PAGES.filter((page) => CURRENT.includes(page) && page !== 'README.md')),
    );
  });
});

/** The anchors of the headings, as GitHub builds them. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
