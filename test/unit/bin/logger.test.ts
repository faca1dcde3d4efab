import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { createLogger } from '../../../bin/logger.ts';

function capture({ debug = false } = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ format: 'json', debug }, destination);
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('createLogger', () => {
  test("acceptance 20: writes JSON lines with upstream's field names", () => {
    const { log, last } = capture();

    log.child({ logger: 'worker' }).info({ namespace: 'team-a' }, 'deploy verified');

    expect(last()).toMatchObject({
      '@timestamp': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      '@version': 1,
      level: 'INFO',
      logger: 'worker',
      message: 'deploy verified',
      namespace: 'team-a',
    });
  });

  test('acceptance 20: writes one line per message, including line breaks', () => {
    const { log, lines } = capture();

    log.error({ err: new Error('two\nlines') }, 'it\nbroke');

    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toContain('\n');
  });

  test('writes errors with message and stack', () => {
    const { log, last } = capture();

    log.error({ err: new Error('why') }, 'it broke');

    expect(last()).toMatchObject({ level: 'ERROR', err: { message: 'why', stack: expect.any(String) } });
  });

  test('writes debug lines only if enabled', () => {
    const quiet = capture();
    const chatty = capture({ debug: true });

    for (const { log } of [quiet, chatty]) log.debug('the plan');

    expect([quiet.lines.length, chatty.lines.length]).toEqual([0, 1]);
  });

  // Elasticsearch, which stores these lines, rejects a document with a duplicate key.
  test('acceptance 20: writes no key twice, even if a component logs with its own name', () => {
    const { log, lines, last } = capture();

    log.child({ logger: 'redis' }).info('redis is back');

    expect(last()).toMatchObject({ logger: 'redis' });
    expect(lines[0]?.match(/"logger":/g)).toHaveLength(1);
  });

  test('redacts credentials', () => {
    const { log, lines } = capture();
    const headers = { authorization: 'Bearer hunter2', cookie: 'hunter2' };

    log.info({ req: { headers }, settings: { apiToken: 'hunter2', token: 'hunter2' } }, 'request');

    expect(lines.join('')).not.toContain('hunter2');
  });

  test('redacts credentials in the errors of libraries', () => {
    const { log, lines } = capture();
    const failed = Object.assign(new Error('https://u:hunter2@x'), {
      command: { name: 'auth', args: ['user', 'hunter2'] },
      input: 'redis://:hunter2@x',
    });

    log.error({ err: failed, options: { url: 'https://hunter2@x' } }, 'no answer from https://u:hunter2@x');

    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('https://***@x');
  });

  test('writes plain lines for people', async () => {
    const contents = `import { createLogger } from './bin/logger.ts';
      createLogger({ format: 'plain', debug: false }).child({ logger: 'api' }).warn({ port: 1 }, 'listening');`;
    const resolveDir = fileURLToPath(new URL('../../../', import.meta.url));
    const bundle = await build({
      stdin: { contents, resolveDir },
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      write: false,
    });
    const code = bundle.outputFiles[0]?.text ?? '';

    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);

    expect(stdout).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] WARN.*: listening \[api\] \{"port":1\}\n$/,
    );
  });
});
