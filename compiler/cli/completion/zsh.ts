import type { Argument, Completed, Flag, Words } from './words.ts';

/** Completion of a command for zsh: a function for a file `_NAME` in `fpath`, or to be sourced. */
export function zshCompletion({ name, commands }: Completed): string {
  const [first] = commands;
  const named = commands.filter((command) => command.name !== '');
  return `#compdef ${name}
# zsh completion of ${name}, made by \`bpfscript completion zsh\`.
${commands.map((command) => commandFunction(name, command)).join('')}
_${name}() {
${
  named.length > 0
    ? `  local -a commands
  commands=(
${named.map((command) => `    ${quoted(`${command.name}:${command.help}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    _files
    return
  fi
  case $words[2] in
${named.map((command) => `    ${command.name}) shift words; (( CURRENT-- )); ${functionName(name, command)} ;;`).join('\n')}
    *) ${functionName(name, first)} ;;
  esac`
    : `  ${functionName(name, first)}`
}
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

const functionName = (program: string, command: Words): string =>
  `_${program}_${command.name || 'words'}`;

function commandFunction(program: string, command: Words): string {
  return `${functionName(program, command)}() {
  _arguments -s -S \\
${command.flags.map((flag) => `    ${specification(program, flag)} \\`).join('\n')}
    ${quoted(`*: :${action(program, command.argument)}`)}
}
`;
}

/** \`'(-o --output)'{-o,--output}'[help]:argument:action'\`. A flag may be repeated: some may, and none is harmed. */
function specification(program: string, { spellings, help, argument }: Flag): string {
  const text = `[${help.replace(/[[\]\\]/g, '\\$&')}]`;
  const behind = argument ? `:argument:${action(program, argument)}` : '';
  const all = spellings.length > 1 ? `{${spellings.join(',')}}` : (spellings[0] ?? '');
  return `'*'${all}${quoted(`${text}${behind}`)}`;
}

function action(program: string, argument: Argument): string {
  switch (argument.kind) {
    case 'words':
      return `(${argument.words.join(' ')})`;
    case 'files':
      return '_files';
    case 'processes':
      return '_pids';
    case 'probes':
      return `{compadd -- $(${program} list --no-warnings "$PREFIX*" 2>/dev/null | head -500)}`;
    case 'unknown':
      return ' ';
  }
}

/** A word in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
