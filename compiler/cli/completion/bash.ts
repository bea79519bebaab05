import type { Argument, Completed, Flag, Words } from './words.ts';

/** Completion of a command for bash. */
export function bashCompletion({ name, commands }: Completed): string {
  const names = commands.map((command) => command.name).filter((word) => word !== '');
  const valued = valuesOf(name, commands);
  return `# bash completion of ${name}, made by \`bpfscript completion bash\`.
_${name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=${commands[0].name} flags
  COMPREPLY=()
${names.length > 0 ? `  case \${COMP_WORDS[1]} in\n    ${names.join('|')}) command=\${COMP_WORDS[1]} ;;\n  esac\n` : ''}  case $command:$previous in
${[...valued].map(([reply, flags]) => `    ${flags.join('|')}) ${reply}; return ;;`).join('\n')}
  esac
  if [[ $word == -* ]]; then
    case $command in
${commands.map((command) => `      ${command.name || "''"}) flags="${command.flags.flatMap(spellings).join(' ')}" ;;`).join('\n')}
    esac
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
    return
  fi
${names.length > 0 ? `  if ((COMP_CWORD == 1)); then\n    COMPREPLY=($(compgen -W "${names.join(' ')}" -- "$word") $(compgen -f -- "$word"))\n    return\n  fi\n` : ''}  case $command in
${commands.map((command) => argumentCase(name, command)).join('\n')}
  esac
}
complete -o filenames -F _${name} ${name}
`;
}

/** What is replied behind flags, with these as `command:flag`: the same flag takes other values in another command. */
function valuesOf(
  program: string,
  commands: readonly Words[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { name, flags } of commands)
    for (const { spellings, argument } of flags) {
      if (!argument) continue;
      const reply = replies(program, argument);
      const known = found.get(reply) ?? [];
      found.set(reply, [...known, ...spellings.map((flag) => `${name}:${flag}`)]);
    }
  return found;
}

const spellings = (flag: Flag): readonly string[] => flag.spellings;

function argumentCase(program: string, command: Words): string {
  return `    ${command.name || "''"}) ${replies(program, command.argument)} ;;`;
}

function replies(program: string, argument: Argument): string {
  switch (argument.kind) {
    case 'words':
      return `COMPREPLY=($(compgen -W "${argument.words.join(' ')}" -- "$word"))`;
    case 'files':
      return 'COMPREPLY=($(compgen -f -- "$word"))';
    case 'processes':
      return 'COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word"))';
    case 'probes':
      // What stands before the last colon is not replaced: readline takes the colon for a break.
      return `
      if [[ -n $word && $word != */* ]]; then
        COMPREPLY=($(${program} list --no-warnings "$word*" 2>/dev/null | head -500))
        [[ $word == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"\${word%:*}":}")
      else
        COMPREPLY=($(compgen -f -- "$word"))
      fi`;
    case 'unknown':
      return 'COMPREPLY=()';
  }
}
