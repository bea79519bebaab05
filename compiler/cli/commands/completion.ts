import { type Command, Option } from 'commander';

/** Writes a script that completes commands, flags and their fixed values; probes are asked of `bpfscript list`. */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print a completion script for the shell')
    .description('Prints what makes bash complete commands, flags, probes and file names.')
    .argument('<shell>', 'bash')
    .addHelpText(
      'after',
      `
Examples:
  source <(bpfscript completion bash)
  bpfscript completion bash > /etc/bash_completion.d/bpfscript`,
    )
    .action((shell: string) => {
      if (shell !== 'bash') program.error(`error: completion knows bash, not ${shell}`);
      process.stdout.write(bashCompletion(program));
    });
}

/** Made from the commands themselves, so that it cannot miss one. */
function bashCompletion(program: Command): string {
  const commands = program.commands.filter(({ commands: inner }) => inner.length === 0);
  const names = program.commands.map((command) => command.name());
  // What the first argument of a command can be.
  const words = commands.flatMap((command) => {
    const choices = command.registeredArguments[0]?.argChoices;
    return choices ? [`    ${command.name()}) words="${choices.join(' ')}" ;;`] : [];
  });
  const cases = program.commands.map(
    (command) => `    ${command.name()}) flags="${flagsOf(command).join(' ')}" ;;`,
  );
  const values = new Map(
    commands
      .flatMap(({ options }) => options)
      .flatMap((option) =>
        option.argChoices ? [[spellings(option).join('|'), option.argChoices.join(' ')]] : [],
      ),
  );
  return `# bash completion of bpfscript, made by \`bpfscript completion bash\`.
_bpfscript() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=run flags words=
  case \${COMP_WORDS[1]} in
    ${names.join('|')}) command=\${COMP_WORDS[1]} ;;
  esac
  case $previous in
${[...values].map(([flags, words]) => `    ${flags}) COMPREPLY=($(compgen -W "${words}" -- "$word")); return ;;`).join('\n')}
  esac
  case $command in
${cases.join('\n')}
  esac
  case $command in
${words.join('\n')}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${names.join(' ')}" -- "$word") $(compgen -f -- "$word"))
  elif [[ $command == list && -n $word && $word != */* ]]; then
    COMPREPLY=($(bpfscript list --no-warnings "$word*" 2>/dev/null | head -500))
    # What stands before the last colon is not replaced: readline takes the colon for a break.
    [[ $word == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"\${word%:*}":}")
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _bpfscript bpfscript
`;
}

function flagsOf(command: Command): readonly string[] {
  return [...command.options, new Option('-h, --help')].flatMap(spellings);
}

function spellings({ short, long }: Option): readonly string[] {
  return [short, long].filter((flag) => flag !== undefined && flag !== null);
}
