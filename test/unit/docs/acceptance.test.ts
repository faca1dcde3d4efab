import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const TESTS = fileURLToPath(new URL('../..', import.meta.url));
const LIST = fileURLToPath(new URL('../../../docs/acceptance.md', import.meta.url));

function numbersIn(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map(([, number]) => Number(number));
}

test('every item of the acceptance list has a test, and no title names an unknown item', () => {
  const listed = numbersIn(readFileSync(LIST, 'utf8'), /^(\d+)\. /gm);
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.test\.tsx?$/.test(file),
  );
  const named = files.flatMap((file) =>
    numbersIn(readFileSync(join(TESTS, file), 'utf8'), /acceptance (\d+): /g),
  );

  expect(listed).toEqual(listed.map((_, index) => index + 1));
  expect([...new Set(named)].sort((a, b) => a - b)).toEqual(listed);
});
