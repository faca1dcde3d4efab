import type { Argument, Command, Option } from 'commander';

/** The values of an option or an argument. */
export type ValueKind =
  | { readonly kind: 'none' }
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'file' }
  /** Requested from the server: `skipper __complete namespaces`. */
  | { readonly kind: 'namespaces' | 'channels' | 'rollouts' }
  | { readonly kind: 'text' };

export interface OptionShape {
  /** `-o`, `--output` */
  readonly flags: readonly string[];
  readonly description: string;
  readonly value: ValueKind;
}

export interface CommandShape {
  /** `deploy`, or `rollout pause` for a subcommand. */
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionShape[];
  readonly argument: ValueKind;
  /** The arguments after the first one, if they are of another kind. */
  readonly furtherArguments: ValueKind | undefined;
  /** The commands of a group such as `rollout`. */
  readonly subcommands: readonly CommandShape[];
}

/** The commands for completion, without hidden ones. */
export function shapeOf(program: Command): CommandShape[] {
  return commandsOf(program, '');
}

/** Every command, and those of groups after their group. */
export function withSubcommands(commands: readonly CommandShape[]): CommandShape[] {
  return commands.flatMap((command) => [command, ...command.subcommands]);
}

function commandsOf(parent: Command, prefix: string): CommandShape[] {
  return parent
    .createHelp()
    .visibleCommands(parent)
    .filter((command) => command.name() !== 'help')
    .map((command) => commandShape(command, prefix));
}

function commandShape(command: Command, prefix: string): CommandShape {
  const [first, second] = command.registeredArguments;
  const subcommands = commandsOf(command, `${prefix}${command.name()} `);
  return {
    name: `${prefix}${command.name()}`,
    description: firstLine(command.description()),
    options: command.createHelp().visibleOptions(command).map(optionShape),
    argument: subcommands.length > 0 ? choicesOf(command) : argumentKind(first),
    furtherArguments: second === undefined ? undefined : argumentKind(second),
    subcommands,
  };
}

function choicesOf(group: Command): ValueKind {
  return { kind: 'choices', choices: commandsOf(group, '').map(({ name }) => name) };
}

function optionShape(option: Option): OptionShape {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: firstLine(option.description),
    value: optionKind(option),
  };
}

function optionKind(option: Option): ValueKind {
  if (!option.required && !option.optional) return { kind: 'none' };
  if (option.argChoices) return { kind: 'choices', choices: option.argChoices };
  if (/<file>/.test(option.flags)) return { kind: 'file' };
  return { kind: DYNAMIC_OPTIONS[option.long ?? ''] ?? 'text' };
}

const DYNAMIC_OPTIONS: Readonly<Record<string, 'namespaces' | 'channels' | 'rollouts'>> = {
  '--channel': 'channels',
  '--namespace': 'namespaces',
  '--before': 'rollouts',
};

function argumentKind(argument: Argument | undefined): ValueKind {
  if (argument === undefined) return { kind: 'none' };
  if (argument.argChoices) return { kind: 'choices', choices: argument.argChoices };
  if (argument.name() === 'version') return { kind: 'text' };
  return { kind: argument.name() === 'rollout' ? 'rollouts' : 'namespaces' };
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.trim() ?? '';
}
