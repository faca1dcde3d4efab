import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readScript, resolveIncludes } from '../../../../shared/state/read-script.ts';

describe('resolveIncludes', () => {
  const FILES: Readonly<Record<string, string>> = {
    leaf: 'local function leaf() end',
    stem: '--- @include "leaf"\nlocal function stem() leaf() end',
  };
  const read = (name: string) => FILES[name] ?? '';

  test('puts a file where its line stands, with what that includes itself', () => {
    expect(resolveIncludes('-- a script\n--- @include "stem"\nstem()', read)).toBe(
      '-- a script\nlocal function leaf() end\nlocal function stem() leaf() end\nstem()',
    );
  });

  test('includes a file once, before the first one that needs it', () => {
    const lua = resolveIncludes('--- @include "stem"\n--- @include "leaf"\nleaf()', read);

    expect(lua.match(/function leaf/g)).toHaveLength(1);
  });
});

describe('readScript', () => {
  const folder = new URL('../../../../shared/state/lua/', import.meta.url);
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.lua'));

  test.each(scripts)('%s is whole', (file) => {
    const lua = readScript(file.replace('.lua', ''));

    expect(lua).toContain('KEYS[1]');
    expect(lua).not.toContain('@include');
  });
});
