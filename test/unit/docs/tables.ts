import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The rows of the first table below a heading of a page, as cells, without its header. */
export function tableBelow(page: string, heading: string, head: string): string[][] {
  const [, section = ''] = readFileSync(`${ROOT}${page}`, 'utf8').split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  const [, table = ''] = own.split(`\n${head}\n`);
  const [, ...rows] = (table.split('\n\n')[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The code spans of a text. */
export function codesIn(text: string | undefined): string[] {
  return [...(text ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
