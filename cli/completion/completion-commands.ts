import { Argument, type Command } from 'commander';
import { type ConnectionFlags, openClient } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { withConnection } from '../options.ts';
import type { Io } from '../terminal.ts';
import type { CommandShape } from './command-shape.ts';
import type { DynamicNames } from './dynamic-names.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];
const DYNAMIC_NAMES: readonly DynamicNames[] = ['namespaces', 'channels', 'rollouts'];

const HOW = `
For this shell:
  source <(skipper completion bash)
  source <(skipper completion zsh)
  skipper completion fish | source

Permanently:
  skipper completion bash > ~/.local/share/bash-completion/completions/skipper
  skipper completion zsh > "\${fpath[1]}/_skipper"
  skipper completion fish > ~/.config/fish/completions/skipper.fish`;

/** `skipper completion`, and the hidden command that the scripts call to get names. */
export function addCompletionCommands(program: Command, io: Io): void {
  program
    .command('completion')
    .description('print a completion script')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', HOW)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.refused))
    .action(async (shell: Shell) => {
      const { shapeOf } = await import('./command-shape.ts');
      io.out.write(await scriptFor(shell, shapeOf(program)));
    });
  withConnection(program.command('__complete', { hidden: true }))
    .addArgument(new Argument('<what>').choices(DYNAMIC_NAMES))
    .action((what: DynamicNames, flags: ConnectionFlags) => printNames(what, flags, io));
}

async function scriptFor(shell: Shell, commands: readonly CommandShape[]): Promise<string> {
  switch (shell) {
    case 'bash':
      return (await import('./bash.ts')).bashScript(commands);
    case 'zsh':
      return (await import('./zsh.ts')).zshScript(commands);
    case 'fish':
      return (await import('./fish.ts')).fishScript(commands);
  }
}

/** Prints nothing on failure: an error in the middle of a command line would be worse. */
async function printNames(what: DynamicNames, flags: ConnectionFlags, io: Io): Promise<void> {
  try {
    const { readNames } = await import('./dynamic-names.ts');
    const names = await readNames(openClient(flags, io.env), what);
    io.out.write(names.map((name) => `${name}\n`).join(''));
  } finally {
    process.exit(EXIT.ok);
  }
}
