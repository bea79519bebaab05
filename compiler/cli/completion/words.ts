/** What shells complete: commands, their flags, and what stands behind these, as data that each shell's script is made of. */
import type { Command, Option } from 'commander';

/** What can stand somewhere: words of a list, files, numbers of processes, or something that nobody can guess. */
export type Argument =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'processes' }
  | { readonly kind: 'probes' }
  | { readonly kind: 'unknown' };

export interface Flag {
  /** `-o`, `--output`: one or both. */
  readonly spellings: readonly string[];
  /** One line. */
  readonly help: string;
  /** Undefined: it takes none. */
  readonly argument?: Argument;
}

export interface Words {
  /** Empty for a command that stands alone. */
  readonly name: string;
  readonly help: string;
  readonly flags: readonly Flag[];
  /** What is no flag. */
  readonly argument: Argument;
}

/** A command of the shell. */
export interface Completed {
  readonly name: string;
  /** The first is meant where no other is named. */
  readonly commands: readonly [Words, ...Words[]];
}

/** By what help calls an argument: `<file>`, `PATH`. */
function argumentNamed(name: string): Argument {
  const word = name.toLowerCase();
  if (/file|path|folder|dirs|object|kernel|which|prefix/.test(word)) return { kind: 'files' };
  return { kind: word === 'pid' ? 'processes' : 'unknown' };
}

function flagOf(option: Option): Flag {
  const spellings = [option.short, option.long].filter(
    (flag): flag is string => typeof flag === 'string',
  );
  const help = option.description.replace(/\s+/g, ' ');
  const name = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1];
  if (name === undefined) return { spellings, help };
  const { argChoices } = option;
  return {
    spellings,
    help,
    argument: argChoices ? { kind: 'words', words: argChoices } : argumentNamed(name),
  };
}

const HELP: Flag = { spellings: ['-h', '--help'], help: 'print help' };

function wordsOf(command: Command): Words {
  const choices =
    command.commands.length > 0
      ? command.commands.map((inner) => inner.name())
      : command.registeredArguments[0]?.argChoices;
  const probes: Argument = { kind: command.name() === 'list' ? 'probes' : 'files' };
  return {
    name: command.name(),
    help: command.summary() || command.description(),
    flags: [...command.options, ...command.commands.flatMap((inner) => inner.options)]
      .map(flagOf)
      .concat(HELP),
    argument: choices ? { kind: 'words', words: choices } : probes,
  };
}

/** The command that compiles. */
export function completedProgram(program: Command): Completed {
  const [first, ...rest] = program.commands.map(wordsOf);
  if (!first) throw new Error('the program has no commands');
  return { name: program.name(), commands: [first, ...rest] };
}

/**
 * The loader, out of what its --help says of options: `  -o, --output FILE`, with help behind it or in the lines below.
 * Values that `bpfscript run` knows of the same flag are the loader's.
 */
export function completedLoader(help: string, program: Completed): Completed {
  const [, options = ''] = /^Options:\n([\s\S]*?)^\n/m.exec(help) ?? [];
  const known = new Map(
    program.commands[0].flags.flatMap((flag) => flag.spellings.map((name) => [name, flag])),
  );
  const entries = options.match(/^ {2}-.*\n(?: {10,}.*\n)*/gm) ?? [];
  const flags = entries.flatMap((entry): readonly Flag[] => {
    const [, names = '', argument, text = ''] =
      /^ {2}((?:-\w, )?-{1,2}[\w-]+)(?: ([A-Z]+))?([\s\S]*)$/.exec(entry) ?? [];
    const spellings = names.split(', ');
    const same = spellings.map((name) => known.get(name)?.argument).find((each) => each);
    return [
      {
        spellings,
        help: text.trim().replace(/\s+/g, ' '),
        ...(argument === undefined
          ? {}
          : { argument: valuesIn(text, same) ?? argumentNamed(argument) }),
      },
    ];
  });
  const own: Words = { name: '', help: 'run an object', flags, argument: { kind: 'files' } };
  return { name: 'bpfload', commands: [own, ...namedCommands(help, flags)] };
}

/** By the lines of its usage, `bpfload list [PATTERN...] [-v]`, with the flags that stand there; all of them for `[options]`. */
function namedCommands(help: string, flags: readonly Flag[]): readonly Words[] {
  return [...help.matchAll(/^ {7}bpfload ([a-z]+) (.*)$/gm)].map(([, name = '', usage = '']) => {
    const words = usage.split(/[\s[\]]+/);
    return {
      name,
      help: `bpfload ${name} ${usage}`,
      flags: words.includes('options')
        ? flags
        : flags.filter(({ spellings }) => spellings.some((flag) => words.includes(flag))),
      argument: { kind: words.includes('PATTERN...') ? 'probes' : 'files' },
    };
  });
}

/** Of values that another command knows, those that the help names. */
function valuesIn(help: string, known: Argument | undefined): Argument | undefined {
  if (known?.kind !== 'words') return known;
  const words = known.words.filter((word) => new RegExp(`\\b${word}\\b`).test(help));
  return words.length > 0 ? { kind: 'words', words } : undefined;
}
