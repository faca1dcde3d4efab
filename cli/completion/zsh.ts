import type { CommandShape, OptionShape, ValueKind } from './command-shape.ts';

export function zshScript(commands: readonly CommandShape[]): string {
  return `#compdef skipper
# zsh completion for skipper: skipper completion zsh > "\${fpath[1]}/_skipper"
_skipper_ask() {
  local -a connection names
  local i
  for ((i = 2; i < CURRENT; i++)); do
    case \${words[i]} in
      --server | --token-file) connection+=("\${words[i]}" "\${words[i + 1]}") ;;
      --server=* | --token-file=*) connection+=("\${words[i]}") ;;
    esac
  done
  names=(\${(f)"$(\${(Q)program} __complete $1 $connection 2>/dev/null)"})
  compadd -a names
}
_skipper_namespaces() { _skipper_ask namespaces }
_skipper_channels() { _skipper_ask channels }
_skipper_rollouts() { _skipper_ask rollouts }
_skipper() {
  local program=\${words[1]} curcontext=$curcontext state line
  local -A opt_args
  _arguments -C '--help[display help]' '--version[print the version]' '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      local -a commands=(
${commands.map(({ name, description }) => `        ${quoted(`${name}:${description}`)}`).join('\n')}
      )
      _describe command commands ;;
    argument)
      case \${line[1]} in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
# If sourced, register the function; as a file in $fpath, run it.
if [[ $funcstack[1] == _skipper ]]; then _skipper "$@"; else compdef _skipper skipper; fi
`;
}

function commandCase(command: CommandShape): string {
  const { name, subcommands } = command;
  return `        ${lastWord(name)}) ${subcommands.length > 0 ? groupBody(command) : commandBody(command)} ;;`;
}

function commandBody({ options, argument, furtherArguments }: CommandShape): string {
  const specs = [
    ...options.map(optionSpec),
    ...(furtherArguments === undefined
      ? argumentSpecs(argument, '*')
      : [...argumentSpecs(argument, '1'), ...argumentSpecs(furtherArguments, '*')]),
  ];
  return `_arguments -s ${specs.join(' ')}`;
}

/** The first word is a subcommand, the others are its words. */
function groupBody({ subcommands }: CommandShape): string {
  const described = subcommands.map(({ name, description }) => quoted(`${lastWord(name)}:${description}`));
  return `if ((CURRENT == 2)); then
            local -a subcommands=(${described.join(' ')})
            _describe command subcommands
          else
            shift words; ((CURRENT--))
            case \${words[1]} in
${subcommands.map(commandCase).join('\n')}
            esac
          fi`;
}

function lastWord(name: string): string {
  return name.split(' ').at(-1) ?? name;
}

/** `'*'{-o,--output}'[output format]:value:(table json yaml)'` */
function optionSpec({ flags, description, value }: OptionShape): string {
  const names = flags.length > 1 ? `{${flags.join(',')}}` : (flags[0] ?? '');
  const text = description.replace(/[[\]:]/g, ' ');
  const rest = value.kind === 'none' ? `[${text}]` : `[${text}]:value:${action(value)}`;
  return `'*'${names}${quoted(rest)}`;
}

function argumentSpecs(value: ValueKind, position: '1' | '*'): string[] {
  return value.kind === 'none' ? [] : [quoted(`${position}:argument:${action(value)}`)];
}

function action(value: ValueKind): string {
  switch (value.kind) {
    case 'none':
    case 'text':
      return ' ';
    case 'choices':
      return `(${value.choices.join(' ')})`;
    case 'file':
      return '_files';
    case 'namespaces':
    case 'channels':
    case 'rollouts':
      return `_skipper_${value.kind}`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
