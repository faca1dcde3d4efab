import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import { SETTING_NAMES } from '../../../shared/config.ts';
import { describeForeignFlags, isReadBy, readersOf } from '../../../shared/setting-readers.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The names that the code of a folder reads from `settings`. */
function readIn(folder: string): ReadonlySet<string> {
  const code = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/^(config|setting-readers)\.ts$/.test(file))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'))
    .join('\n');
  const named = [...code.matchAll(/settings\.(\w+)/g)].map(([, name]) => name ?? '');
  const unpacked = [...code.matchAll(/\{([^{}]*)\} = (?:core\.)?settings;/g)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.split(':')[0]?.trim() ?? ''),
  );
  return new Set([...named, ...unpacked]);
}

describe('the readers of a setting', () => {
  const [api, worker, shared] = [readIn('api'), readIn('worker'), readIn('shared')];
  const own = SETTING_NAMES.filter((name) => api.has(name) !== worker.has(name) && !shared.has(name));

  test('are the processes whose code reads it', () => {
    expect(own.length).toBeGreaterThan(10);
    for (const name of own) {
      expect([name, isReadBy('api', name), isReadBy('worker', name)]).toEqual([
        name,
        api.has(name),
        worker.has(name),
      ]);
    }
  });

  test('are all processes if the code that they share reads it', () => {
    for (const name of SETTING_NAMES.filter((each) => shared.has(each)))
      expect([name, readersOf(name)]).toEqual([name, ['api', 'worker', 'standalone']]);
  });
});

describe('a flag', () => {
  test('of another process is refused with the name of that process', () => {
    expect(describeForeignFlags('worker', ['concurrency', 'port', 'redisUrl'])).toEqual([
      '--port is a setting of skipper api and skipper standalone: skipper worker does not read it',
    ]);
    expect(describeForeignFlags('standalone', ['concurrency', 'port', 'workerPort'])).toEqual([
      '--worker-port is a setting of skipper worker: skipper standalone does not read it',
    ]);
  });
});
