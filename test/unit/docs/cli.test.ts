import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { addClientCommands } from '../../../cli/client-commands.ts';
import { addCompletionCommands } from '../../../cli/completion/completion-commands.ts';
import { EXIT, EXIT_CODES_HELP } from '../../../cli/exit-code.ts';
import type { Io } from '../../../cli/terminal.ts';
import { codesIn, tableBelow } from './tables.ts';

const PAGE = 'docs/cli.md';

describe('docs/cli.md', () => {
  test('lists the commands', () => {
    const program = new Command();
    addClientCommands(program, {} as Io);
    addCompletionCommands(program, {} as Io);
    const commands = program.createHelp().visibleCommands(program);
    const listed = tableBelow(PAGE, 'Commands', '| command | what it does |').map(
      ([usage]) => codesIn(usage)[0]?.split(' ')[1],
    );

    expect([...listed, 'help'].sort()).toEqual(commands.map((command) => command.name()).sort());
  });

  test('lists the exit codes', () => {
    const listed = tableBelow(PAGE, 'Exit codes', '| code | meaning |').map(([code]) => Number(code));

    expect(listed).toEqual(Object.values(EXIT));
  });

  test('explains the exit codes as the help does', () => {
    const rows = tableBelow(PAGE, 'Exit codes', '| code | meaning |');
    const explained = rows.map(
      ([code = '', meaning = '']) => `  ${code.padEnd(5)}${meaning.replaceAll('`', '')}`,
    );

    expect(`\nExit codes:\n${explained.join('\n')}`).toBe(EXIT_CODES_HELP);
  });
});
