import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { addClientCommands } from '../../../../cli/client-commands.ts';
import { bashScript } from '../../../../cli/completion/bash.ts';
import { shapeOf, withSubcommands } from '../../../../cli/completion/command-shape.ts';
import { addCompletionCommands } from '../../../../cli/completion/completion-commands.ts';
import { fishScript } from '../../../../cli/completion/fish.ts';
import { zshScript } from '../../../../cli/completion/zsh.ts';
import { makeIo } from '../../../support/fake-io.ts';

const run = promisify(execFile);
const program = new Command('skipper');
addClientCommands(program, makeIo());
addCompletionCommands(program, makeIo());
const shape = shapeOf(program);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skipper-completion-'));
  writeFileSync(join(folder, 'completion.bash'), bashScript(shape));
  writeFileSync(join(folder, 'a file'), '');
  // Returns a name that a shell must not expand, and records its arguments.
  writeFileSync(
    join(folder, 'skipper'),
    `#!/bin/sh\necho "$@" >> ${folder}/arguments\n[ "$1 $2" = "__complete namespaces" ] && printf '%s\\n' team-a team-b 'team-$(touch ${folder}/expanded)'\n[ "$2" = channels ] && echo stable\n[ "$2" = rollouts ] && printf '%s\\n' r1 r2\ntrue\n`,
  );
  chmodSync(join(folder, 'skipper'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The completions of bash for the words so far; the last word is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `
    source ./completion.bash
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _skipper
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await run('bash', ['--norc', '-uc', script, 'bash', './skipper', ...words], {
    cwd: folder,
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  test.each([
    ['commands', ['w'], ['wait', 'why']],
    ['only visible commands', ['__'], []],
    ['options', ['deploy', '--f'], ['--force-bootstrap']],
    ['options after arguments', ['deploy', 'team-a', '--w'], ['--wait']],
    ['choices', ['status', '--health', 'un'], ['unknown', 'unmanaged']],
    ['choices of a short option', ['status', '-o', ''], ['table', 'json', 'yaml', 'csv']],
    ['choices after an equals sign', ['status', '--output', '=', 'j'], ['json']],
    ['choices right after an equals sign', ['status', '--output', '='], ['table', 'json', 'yaml', 'csv']],
    ['files', ['status', '--token-file', 'a'], ['a file', 'arguments']],
    ['nothing for a free value', ['status', '--server', ''], []],
    ['channels of the server', ['status', '--channel', ''], ['stable']],
    ['shells', ['completion', 'b'], ['bash']],
    ['commands of a group', ['rollout', 're'], ['resume', 'retry']],
    ['options of a command in a group', ['rollout', 'pause', '--r'], ['--reason']],
    ['choices of a command in a group', ['rollout', 'list', '--state', 'c'], ['completed', 'cancelled']],
    ['rollouts', ['rollout', 'skip', 'r'], ['r1', 'r2']],
    ['namespaces after the rollout', ['rollout', 'skip', 'r1', '--reason', 'x', 'team-a'], ['team-a']],
    ['rollouts after an option', ['rollout', 'skip', '--reason', 'x', 'r'], ['r1', 'r2']],
    ['nothing for a version', ['ignore', ''], []],
  ])('%s', async (_, words, expected) => {
    writeFileSync(join(folder, 'arguments'), '');
    expect((await offered(...words)).toSorted()).toEqual([...expected].toSorted());
  });

  test('namespaces of the given server, without expanding them', async () => {
    writeFileSync(join(folder, 'arguments'), '');

    const names = await offered('deploy', '--server', 'http://there', 'team-a', 'team-');

    expect(names).toEqual(['team-a', 'team-b', `team-$(touch ${folder}/expanded)`]);
    await expect(run('cat', [join(folder, 'arguments')])).resolves.toMatchObject({
      stdout: '__complete namespaces --server http://there\n',
    });
    await expect(run('test', ['-e', join(folder, 'expanded')])).rejects.toThrow();
  });
});

describe('the scripts', () => {
  test.each([
    ['bash', bashScript(shape)],
    ['zsh', zshScript(shape)],
    ['fish', fishScript(shape)],
  ])('for %s have every command and option, except hidden ones', (shell, script) => {
    for (const { name, options } of withSubcommands(shape)) {
      for (const word of name.split(' ')) expect(script).toContain(word);
      for (const flag of options.flatMap(({ flags }) => flags)) {
        const spelled = shell === 'fish' ? flag.replace(/^--/, '-l ').replace(/^-(\w)$/, '-s $1') : flag;
        if (shell !== 'bash' || flag.startsWith('--')) expect(script).toContain(spelled);
      }
    }
    expect(shape.map(({ name }) => name)).not.toContain('__complete');
  });
});
