import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readScript, resolveIncludes } from '../../../../shared/state/read-script.ts';

describe('resolveIncludes', () => {
  const FILES: Readonly<Record<string, string>> = {
    leaf: 'local function leaf() end',
    stem: '--- @include "leaf"\nlocal function stem() leaf() end',
  };
  const read = (name: string) => FILES[name] ?? '';

  test('replaces an include line with the file, including nested includes', () => {
    expect(resolveIncludes('-- a script\n--- @include "stem"\nstem()', read)).toBe(
      '-- a script\nlocal function leaf() end\nlocal function stem() leaf() end\nstem()',
    );
  });

  test('includes a file only once, before the first script that needs it', () => {
    const lua = resolveIncludes('--- @include "stem"\n--- @include "leaf"\nleaf()', read);

    expect(lua.match(/function leaf/g)).toHaveLength(1);
  });
});

describe('readScript', () => {
  const folder = new URL('../../../../shared/state/lua/', import.meta.url);
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.lua'));

  test.each(scripts)('resolves all includes of %s', (file) => {
    const lua = readScript(file.replace('.lua', ''));

    expect(lua).toContain('KEYS[1]');
    expect(lua).not.toContain('@include');
  });
});
