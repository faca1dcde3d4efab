import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SETTING_NAMES } from '../../shared/config.ts';
import { CHART, chartFile, render } from './support/helm.ts';
import { documentedValues, valuesTable } from './support/values-table.ts';

const README = chartFile('README.md');
const TABLE = /(<!-- values: [^\n]*-->\n)([\s\S]*)(<!-- end of values -->)/;

describe('the README of the chart', () => {
  test('every value has a comment that explains it', () => {
    const silent = documentedValues().filter(({ meaning }) => meaning === '');

    expect(silent).toEqual([]);
  });

  test('its table is generated from values.yaml', () => {
    const table = `\n${valuesTable(documentedValues())}\n\n`;
    if (process.env.UPDATE_README) {
      writeFileSync(
        README,
        readFileSync(README, 'utf8').replace(TABLE, (_all, begin, _old, end) => begin + table + end),
      );
    }

    const [, , found] = TABLE.exec(readFileSync(README, 'utf8')) ?? [];

    expect(found).toBe(table);
  });

  test('it names no flag that does not exist', () => {
    const flags = readFileSync(README, 'utf8').matchAll(/`--([a-z0-9-]+)`/g);
    const known = SETTING_NAMES.map((name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));

    for (const [, flag] of flags) expect(known).toContain(flag);
  });
});

describe('the commands for operators', () => {
  test.each(['README.md', 'docs/operator-guide.md', 'helm/README.md'])(
    '%s names objects that the chart creates',
    (file) => {
      const objects = render().map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
      const text = readFileSync(join(CHART, '..', file), 'utf8');

      for (const [named] of text.matchAll(/\b(?:service|statefulset|configmap)\/[a-z-]+/g)) {
        expect(objects).toContain(named);
      }
    },
  );
});
