import type { Command, Option } from 'commander';

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
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionShape[];
  readonly argument: ValueKind;
}

/** The command tree for completion, without hidden commands. */
export function shapeOf(program: Command): CommandShape[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help')
    .map((command) => ({
      name: command.name(),
      description: firstLine(command.description()),
      options: command.createHelp().visibleOptions(command).map(optionShape),
      argument: argumentKind(command),
    }));
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
  return { kind: option.long === '--channel' ? 'channels' : 'text' };
}

function argumentKind(command: Command): ValueKind {
  const [argument] = command.registeredArguments;
  if (argument === undefined) return { kind: 'none' };
  if (argument.argChoices) return { kind: 'choices', choices: argument.argChoices };
  if (argument.name() === 'rollout') return { kind: 'rollouts' };
  return { kind: 'namespaces' };
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.trim() ?? '';
}
