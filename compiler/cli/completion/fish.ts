import type { Argument, Completed, Flag, Words } from './words.ts';

/** Completion of a command for fish. */
export function fishCompletion({ name, commands }: Completed): string {
  const named = commands.filter((command) => command.name !== '');
  const names = named.map((command) => command.name).join(' ');
  const [first] = commands;
  const lines = commands.flatMap((command) => {
    const condition =
      command.name === ''
        ? undefined
        : command === first
          ? `not __fish_seen_subcommand_from ${names}; or __fish_seen_subcommand_from ${command.name}`
          : `__fish_seen_subcommand_from ${command.name}`;
    return [
      ...command.flags.map((flag) => line(name, condition, flagWords(flag))),
      ...argumentLines(name, condition, command),
    ];
  });
  return `# fish completion of ${name}, made by \`bpfscript completion fish\`.
${named.map((command) => line(name, '__fish_use_subcommand', `-a ${command.name} -d ${quoted(command.help)}`)).join('\n')}
${lines.join('\n')}
`;
}

function line(name: string, condition: string | undefined, rest: string): string {
  return `complete -c ${name}${condition === undefined ? '' : ` -n ${quoted(condition)}`} ${rest}`;
}

function flagWords({ spellings, help, argument }: Flag): string {
  const names = spellings.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  return `${names.join(' ')} -d ${quoted(help)}${argument ? ` ${value(argument)}` : ''}`;
}

/** What an option takes: -x is an argument that is no file, -r one that may be. */
function value(argument: Argument): string {
  switch (argument.kind) {
    case 'words':
      return `-x -a ${quoted(argument.words.join(' '))}`;
    case 'processes':
      return "-x -a '(__fish_complete_pids)'";
    case 'files':
      return '-r -F';
    default:
      return '-x';
  }
}

function argumentLines(
  name: string,
  condition: string | undefined,
  { argument }: Words,
): readonly string[] {
  if (argument.kind === 'words')
    return [line(name, condition, `-f -a ${quoted(argument.words.join(' '))}`)];
  if (argument.kind !== 'probes') return [];
  const probes = `(${name} list --no-warnings (commandline -ct)"*" 2>/dev/null | head -500)`;
  return [line(name, condition, `-a ${quoted(probes)}`)];
}

/** A word in single quotes. */
const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
