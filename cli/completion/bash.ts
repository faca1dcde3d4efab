import { type CommandShape, type ValueKind, withSubcommands } from './command-shape.ts';

/** Names from the server are only compared: the shell must not expand them. */
const FUNCTIONS = `_skipper_words() {
  local word
  for word in "$@"; do [[ $word == "$cur"* ]] && COMPREPLY+=("$word"); done
}
_skipper_ask() {
  local name
  while IFS= read -r name; do [[ $name == "$cur"* ]] && COMPREPLY+=("$name"); done \\
    < <("\${COMP_WORDS[0]}" __complete "$1" "\${connection[@]}" 2>/dev/null)
}
_skipper_files() {
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
}`;

export function bashScript(commands: readonly CommandShape[]): string {
  const all = withSubcommands(commands);
  const groups = commands.filter(({ subcommands }) => subcommands.length > 0);
  return `# bash completion for skipper. For this shell: source <(skipper completion bash)
# Permanently: skipper completion bash > ~/.local/share/bash-completion/completions/skipper
${FUNCTIONS}
_skipper() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command='' arguments=0 i
  local -a connection=()
  COMPREPLY=()
  # Bash splits --output=json at the equals sign.
  if [[ $cur == '=' ]]; then cur=''
  elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --server | --token-file)
        if [[ \${COMP_WORDS[i + 1]} == '=' ]]; then connection+=("\${COMP_WORDS[i]}" "\${COMP_WORDS[i + 2]}")
        else connection+=("\${COMP_WORDS[i]}" "\${COMP_WORDS[i + 1]}"); fi ;;
    esac
    case \${COMP_WORDS[i]} in
      ${valueFlags(all).join(' | ')})
        [[ \${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
        ((i++)) ;;
      -*) ;;
      *)
        case $command in
          '') command=\${COMP_WORDS[i]} ;;
          ${groups.map(({ name }) => name).join(' | ')}) command+=" \${COMP_WORDS[i]}" ;;
          *) ((arguments++)) ;;
        esac ;;
    esac
  done
  case "$command $prev" in
${all.flatMap(valueCases).join('\n')}
  esac
  case $command in
    '') _skipper_words ${words([...commands.map(({ name }) => name), '--help', '--version'])} ;;
${all.map(commandCase).join('\n')}
  esac
}
complete -F _skipper skipper
`;
}

function valueCases({ name, options }: CommandShape): string[] {
  return options
    .filter(({ value }) => value.kind !== 'none')
    .map(({ flags, value }) => {
      const patterns = flags.map((flag) => quoted(`${name} ${flag}`)).join(' | ');
      return `    ${patterns}) ${[complete(value), 'return ;;'].filter(Boolean).join(' ')}`;
    });
}

/** A word after one of these is neither a command nor an argument. */
function valueFlags(commands: readonly CommandShape[]): string[] {
  const options = commands.flatMap((command) => command.options);
  const flags = options.flatMap((option) => (option.value.kind === 'none' ? [] : option.flags));
  return [...new Set(flags)].sort();
}

function commandCase({ name, options, argument, furtherArguments }: CommandShape): string {
  const flags = words(options.flatMap((option) => option.flags.filter((flag) => flag.startsWith('--'))));
  const further =
    furtherArguments === undefined
      ? ''
      : `elif [[ $arguments -gt 0 ]]; then ${complete(furtherArguments) || ':;'} `;
  const first = complete(argument) || ':;';
  return `    ${quoted(name)}) if [[ $cur == -* ]]; then _skipper_words ${flags}; ${further}else ${first} fi ;;`;
}

function complete(value: ValueKind): string {
  switch (value.kind) {
    case 'none':
    case 'text':
      return '';
    case 'choices':
      return `_skipper_words ${words(value.choices)};`;
    case 'file':
      return '_skipper_files;';
    case 'namespaces':
    case 'channels':
    case 'rollouts':
      return `_skipper_ask ${value.kind};`;
  }
}

function words(all: readonly string[]): string {
  return all.map(quoted).join(' ');
}

function quoted(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
