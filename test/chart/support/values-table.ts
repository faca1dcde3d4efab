import { readFileSync } from 'node:fs';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { chartFile } from './helm.ts';

/** One value of the chart, as documented in values.yaml. */
export interface DocumentedValue {
  readonly path: string;
  readonly byDefault: string;
  /** The comment above it; empty if there is none. */
  readonly meaning: string;
}

/** Every value in reading order. A mapping with defaults is listed by its keys, unless it has a comment itself. */
export function documentedValues(): readonly DocumentedValue[] {
  const document = parseDocument(readFileSync(chartFile('values.yaml'), 'utf8'));
  return isMap(document.contents) ? valuesOf(document.contents, '') : [];
}

function valuesOf(map: YAMLMap, prefix: string): DocumentedValue[] {
  return map.items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) throw new Error(`a key below ${prefix} is not a text`);
    const path = `${prefix}${String(key.value)}`;
    // The comment above the first key of a mapping belongs to the mapping's value in the parsed document.
    const comment = (index === 0 ? map.commentBefore : undefined) ?? key.commentBefore ?? '';
    const meaning = comment.replace(/^[\s\S]*\n\s*\n/, '').trim();
    const isGroup = isMap(value) && value.items.length > 0 && meaning === '';
    if (isGroup) return valuesOf(value, `${path}.`);
    return [{ path, byDefault: JSON.stringify(toPlain(value)), meaning: meaning.replace(/\s*\n\s*/g, ' ') }];
  });
}

function toPlain(value: unknown): unknown {
  return (value as { toJSON(): unknown }).toJSON();
}

/** The README's table. */
export function valuesTable(values: readonly DocumentedValue[]): string {
  const inCell = (text: string) => text.replaceAll('|', '\\|');
  const rows = values.map(
    ({ path, byDefault, meaning }) => `| \`${path}\` | \`${inCell(byDefault)}\` | ${inCell(meaning)} |`,
  );
  return ['| value | default | meaning |', '|---|---|---|', ...rows].join('\n');
}
