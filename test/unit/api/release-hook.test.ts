import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openReleaseHook, type ReleaseHookParts } from '../../../api/release-hook.ts';

const folder = mkdtempSync(join(tmpdir(), 'skipper-hook-'));

function open(text: string, parts: Partial<ReleaseHookParts> = {}) {
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, text);
  return openReleaseHook({ secretFile, ...parts } as ReleaseHookParts);
}

describe('a secret file', () => {
  test.each([
    ['that is empty', ' \n', /--hook-secret-file .* is empty/],
    ['that is not base64', 'whsec_planted!', /--hook-secret-file .*the rest is not base64$/],
  ])('%s keeps the API from starting, without the secret', (_what, text, expected) => {
    expect(() => open(text)).toThrow(expected);
    expect(() => open(text)).not.toThrow('planted');
  });

  test('that cannot be read keeps the API from starting', () => {
    const secretFile = join(folder, 'missing');

    expect(() => openReleaseHook({ secretFile } as ReleaseHookParts)).toThrow(/cannot be read: .*ENOENT/);
  });
});

describe('accept', () => {
  function parts(request: () => Promise<string>) {
    const known = new Set<string>();
    const state = {
      noteHook: async (id: string) => known.size < known.add(id).size,
      forgetHook: async (id: string) => void known.delete(id),
    };
    return { state, releaseChecks: { request } };
  }

  test('requests one check for each id', async () => {
    let checks = 0;
    const hook = open(
      'a secret!',
      parts(async () => String(++checks)),
    );

    expect([await hook.accept('a'), await hook.accept('a'), await hook.accept('b')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(checks).toBe(2);
  });

  test('forgets the id of a check that could not be requested: its sender tries again', async () => {
    let isDown = true;
    const request = async () => {
      if (isDown) throw new Error('down');
      return '1';
    };
    const hook = open('a secret!', parts(request));

    await expect(hook.accept('a')).rejects.toThrow('down');
    isDown = false;
    expect(await hook.accept('a')).toBe(true);
  });
});
