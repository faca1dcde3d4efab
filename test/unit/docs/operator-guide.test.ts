import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { FDD } from '../../../domain/cluster/names.ts';
import { ERROR_CODES, type ErrorCode } from '../../../domain/errors.ts';
import { type Advice, adviceFor, adviceForSymptoms } from '../../../domain/explain/remedies.ts';
import type { Symptom } from '../../../domain/symptom.ts';
import { flagOf, SETTING_NAMES } from '../../../shared/config.ts';

const DOCS = fileURLToPath(new URL('../../../docs', import.meta.url));
const ROOT = dirname(DOCS);
const GUIDE = join(DOCS, 'operator-guide.md');
const TROUBLE = { namespace: 'NAMESPACE', configMap: FDD, channel: 'CHANNEL', version: 'VERSION' };
const POD = { kind: 'pod', pod: FDD, isBootstrap: false, restarts: 0 } as const;
const WAITING = { ...POD, state: 'waiting' } as const;
const REPLICA_FAILURE = { kind: 'condition', type: 'ReplicaFailure', status: 'True' } as const;
/** What pods and conditions say, as the cluster writes it. */
const SYMPTOMS: Readonly<Record<string, Symptom>> = {
  ImagePullBackOff: { ...WAITING, reason: 'ImagePullBackOff' },
  OOMKilled: { ...POD, state: 'terminated', reason: 'OOMKilled', exitCode: 137 },
  'exceeded quota': { ...REPLICA_FAILURE, refusal: { by: 'quota' } },
  'violates PodSecurity': { ...REPLICA_FAILURE, refusal: { by: 'pod-security' } },
  CreateContainerConfigError: { ...WAITING, reason: 'CreateContainerConfigError' },
  CrashLoopBackOff: { ...WAITING, reason: 'CrashLoopBackOff' },
  FailedScheduling: { ...POD, state: 'unscheduled', message: 'no node' },
};
/** Of Skipper's commands and of npm's, not of its processes. */
const FOREIGN_FLAGS = new Set(
  'namespace create-namespace set reset-then-reuse-values from-file rdb profile scale wait watch check health help'.split(
    ' ',
  ),
);
const PAGES = [
  'docs/operator-guide.md',
  'docs/architecture.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
];

function codesTable(): string {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => {
    const { headline, remedy } = adviceFor(code, TROUBLE, []);
    return row(`\`${code}\``, ERROR_CODES[code], headline, steps({ headline, remedy }));
  });
  return ['| code | class | the page says | what to do |', '|---|---|---|---|', ...rows].join('\n');
}

function symptomsTable(): string {
  const rows = Object.entries(SYMPTOMS).map(([name, symptom]) => {
    const advice = adviceForSymptoms(TROUBLE, [symptom]);
    if (!advice) throw new Error(`"${name}" has no advice any more`);
    return row(`\`${name}\``, advice.headline, steps(advice));
  });
  return ['| in a condition, a pod or a log | the page says | what to do |', '|---|---|---|', ...rows].join(
    '\n',
  );
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function steps({ remedy }: Advice): string {
  const asCode = (step: string) =>
    step.replace(/\b(?:kubectl|helm) -?.+?(?=$|; |\. | has all)/, (command) => `\`${command}\``);
  return remedy.length === 0 ? 'nothing' : remedy.map(asCode).join('<br>');
}

function between(name: string): RegExp {
  return new RegExp(`(<!-- ${name}: [^\\n]*-->\\n)([\\s\\S]*?)(<!-- end of ${name} -->)`);
}

describe('the operator guide', () => {
  test.each([
    ['codes', codesTable()],
    ['symptoms', symptomsTable()],
  ])('says what the page says: its table of %s is made of the remedies', (name, table) => {
    const wanted = `\n${table}\n\n`;
    if (process.env.UPDATE_DOCS) {
      const text = readFileSync(GUIDE, 'utf8');
      writeFileSync(
        GUIDE,
        text.replace(between(name), (_all, begin, _old, end) => begin + wanted + end),
      );
    }

    expect(between(name).exec(readFileSync(GUIDE, 'utf8'))?.[2]).toBe(wanted);
  });
});

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');

  test('leads to files and headings that are there', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const own = links.filter((link) => !/^[a-z]+:/.test(link));
    const broken = own.filter((link) => {
      const [file = '', heading] = link.split('#');
      const path = file === '' ? join(ROOT, page) : join(ROOT, dirname(page), file);
      if (!existsSync(path)) return true;
      return heading !== undefined && !headingsOf(readFileSync(path, 'utf8')).includes(heading);
    });

    expect(broken).toEqual([]);
  });

  test('names files and flags that exist', () => {
    const code = [...text.matchAll(/`([^`\n]+)`/g)].map(([, each = '']) => each);
    const paths = code.filter((each) =>
      /^(api|worker|shared|web|cli|bin|helm|scripts|simulator|test)\/[\w./-]*\w$/.test(each),
    );
    const ours = code.filter((each) => !/^(kubectl|helm|redis-cli) /.test(each));
    const flags = ours.flatMap((each) =>
      [...each.matchAll(/(?<![\w-])--([a-z][a-z0-9-]+)/g)].map(([, flag = '']) => flag),
    );
    const known = new Set([...SETTING_NAMES.map(flagOf), ...FOREIGN_FLAGS]);

    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    if (page !== 'CONTRIBUTING.md') expect(flags.filter((flag) => !known.has(flag))).toEqual([]);
  });
});

/** As GitHub makes anchors of headings. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
