import type { CommandShape, OptionShape, ValueKind } from './command-shape.ts';

export function fishScript(commands: readonly CommandShape[]): string {
  return `# fish completion for skipper: skipper completion fish > ~/.config/fish/completions/skipper.fish
function __skipper_ask
  set -l words (commandline -opc)
  set -l connection
  for i in (seq 2 (count $words))
    switch $words[$i]
      case --server --token-file
        set -a connection $words[$i] $words[(math $i + 1)]
      case '--server=*' '--token-file=*'
        set -a connection $words[$i]
    end
  end
  $words[1] __complete $argv[1] $connection 2>/dev/null
end
complete -c skipper -f
complete -c skipper -n __fish_use_subcommand -l help -s h -d 'display help'
complete -c skipper -n __fish_use_subcommand -l version -s V -d 'print the version'
${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines(command: CommandShape): string[] {
  const { name, description, subcommands } = command;
  const inGroup = `__fish_seen_subcommand_from ${name}`;
  const names = subcommands.map((each) => lastWord(each.name)).join(' ');
  const isOpen = `${inGroup}; and not __fish_seen_subcommand_from ${names}`;
  return [
    `complete -c skipper -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ...(subcommands.length > 0 ? [] : valueLines(command, inGroup)),
    ...subcommands.flatMap((each) => [
      `complete -c skipper -n '${isOpen}' -a ${lastWord(each.name)} -d ${quoted(each.description)}`,
      ...valueLines(each, `${inGroup}; and __fish_seen_subcommand_from ${lastWord(each.name)}`),
    ]),
  ];
}

function valueLines({ options, argument, furtherArguments }: CommandShape, condition: string): string[] {
  const here = `complete -c skipper -n '${condition}'`;
  const kinds = furtherArguments === undefined ? [argument] : [argument, furtherArguments];
  return [
    ...options.map((option) => `${here} ${optionWords(option)}`),
    ...kinds.filter(({ kind }) => kind !== 'none').map((kind) => `${here} ${valueWords(kind)}`),
  ];
}

function lastWord(name: string): string {
  return name.split(' ').at(-1) ?? name;
}

function optionWords({ flags, description, value }: OptionShape): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const rest = value.kind === 'none' ? [] : ['-x', valueWords(value)];
  return [...names, ...(value.kind === 'file' ? ['-r -F'] : rest), `-d ${quoted(description)}`]
    .filter(Boolean)
    .join(' ');
}

function valueWords(value: ValueKind): string {
  switch (value.kind) {
    case 'none':
    case 'text':
    case 'file':
      return '';
    case 'choices':
      return `-a ${quoted(value.choices.join(' '))}`;
    case 'namespaces':
    case 'channels':
    case 'rollouts':
      return `-a '(__skipper_ask ${value.kind})'`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
