/** The command line: one file a command (commands/), one line here. */
import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { closest, meaning } from '../source/closest.ts';
import { printable } from '../source/render/printable.ts';
import { arrangeRun } from './arguments.ts';
import { withLongNames } from './dependencies.ts';
import { UserError } from './errors.ts';
import { EXIT, type ReportStatus } from './status.ts';
import { version } from './version.ts';

type Register = (program: Command, report: ReportStatus) => void;

/** In the order of --help. Each is read when it is wanted: most of them take longer than a small script does. */
const COMMANDS: ReadonlyMap<string, () => Promise<Register>> = new Map([
  ['run', async () => (await import('./commands/run.ts')).registerRun],
  ['build', async () => (await import('./commands/build.ts')).registerBuild],
  ['check', async () => (await import('./commands/check.ts')).registerCheck],
  ['explain', async () => (await import('./commands/explain.ts')).registerExplain],
  ['fmt', async () => (await import('./commands/fmt.ts')).registerFmt],
  ['inspect', async () => (await import('./commands/inspect.ts')).registerInspect],
  ['explore', async () => (await import('./commands/explore.ts')).registerExplore],
  ['list', async () => (await import('./commands/list.ts')).registerList],
  ['kernel', async () => (await import('./commands/kernel.ts')).registerKernel],
  ['report', async () => (await import('./commands/report.ts')).registerReport],
  ['symbolize', async () => (await import('./commands/symbolize.ts')).registerSymbolize],
  ['draw', async () => (await import('./commands/draw.ts')).registerDraw],
  ['keygen', async () => (await import('./commands/keygen.ts')).registerKeygen],
  ['sign', async () => (await import('./commands/sign.ts')).registerSign],
  ['verify', async () => (await import('./commands/verify.ts')).registerVerify],
  ['push', async () => (await import('./commands/push.ts')).registerPush],
  ['pull', async () => (await import('./commands/pull.ts')).registerPull],
  ['kube', async () => (await import('./commands/kube.ts')).registerKube],
  ['rollout', async () => (await import('./commands/rollout.ts')).registerRollout],
  ['otlp', async () => (await import('./commands/otlp.ts')).registerOtlp],
  ['completion', async () => (await import('./commands/completion.ts')).registerCompletion],
]);

/** Runs a command line, and gives its status. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const needed = commandsFor(args);
  if (needed) {
    try {
      return await parse(needed, args, 'silent');
    } catch (error) {
      // It does not fit the command: what is said of that is of all commands.
      if (!(error instanceof CommanderError) || error.exitCode === 0) throw error;
    }
  }
  return parse([...COMMANDS.keys()], args, 'told');
}

/** The program with all its commands: for what is made of commands and options, as manual pages are. */
export async function wholeProgram(): Promise<Command> {
  return createProgram([...COMMANDS.keys()], () => undefined, 'told');
}

async function parse(
  names: readonly string[],
  args: readonly string[],
  errors: 'silent' | 'told',
): Promise<number> {
  let status = 0;
  const report: ReportStatus = (value) => {
    status = value;
  };
  const program = await createProgram(names, report, errors);
  await program.parseAsync(withCommand(program, args), { from: 'user' });
  return status;
}

async function createProgram(
  names: readonly string[],
  report: ReportStatus,
  errors: 'silent' | 'told',
): Promise<Command> {
  const program: Command = new Command('bpfscript')
    .description('Compiles BpfScript, the language of bpftrace, to one CO-RE object, and runs it.')
    .version(`bpfscript v${version()}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .enablePositionalOptions()
    // Commands, and theirs, are given it when they are made.
    .configureOutput(
      errors === 'silent'
        ? { outputError: () => undefined, writeErr: () => undefined }
        : { outputError: (text, write) => write(printable(explained(program, text))) },
    )
    .showHelpAfterError('(bpfscript --help shows the commands and examples)')
    .exitOverride()
    .addHelpText('after', () => knownFlags(program))
    .addHelpText(
      'after',
      `
Examples:
  bpfscript -e 'BEGIN { printf("hello\\n"); }'
  bpfscript -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }'
  bpfscript tool.bt -- arguments of the script
  bpfscript build tool.bt -o tool.o       then, on the traced host:  bpfload tool.o
  bpfscript inspect tool.o`,
    );
  for (const name of names) (await COMMANDS.get(name)?.())?.(program, report);
  return program;
}

/** Those of bpftrace that are used most, and of which many look here. */
const KNOWN: readonly string[] = [
  '-e',
  '-c',
  '-p',
  '-o',
  '-f',
  '-l',
  '-d',
  '-q',
  '-v',
  '-k',
].concat(...['-I', '--unsafe', '--timeout', '--max-events', '--kernel']);

function knownFlags(program: Command): string {
  const run = program.commands.find((command) => command.name() === 'run');
  const flags = (run?.options ?? []).filter(({ short, long }) =>
    [short, long].some((flag) => flag && KNOWN.includes(flag)),
  );
  const width = Math.max(...flags.map(({ flags }) => flags.length));
  const lines = flags.map(({ flags, description }) => `  ${flags.padEnd(width)}  ${description}`);
  return `\nFlags with a script (bpfscript run --help lists all):\n${lines.join('\n')}`;
}

/** Options of the program itself. */
const VERSION: readonly string[] = ['-V', '--version'];
const OWN: readonly string[] = [...VERSION, '-h', '--help', 'help'];

/** The commands that the words need; none where all of them do. */
function commandsFor(args: readonly string[]): readonly string[] | undefined {
  const command = commandOf(args);
  // What completes all of them is made of all.
  if (command === 'completion') return undefined;
  if (command !== undefined) return [command];
  return VERSION.includes(args[0] ?? '') ? [] : undefined;
}

/** The command that the words name, or mean: the default one. None where they are about the program itself. */
function commandOf([first]: readonly string[]): string | undefined {
  if (first === undefined || OWN.includes(first)) return undefined;
  if (COMMANDS.has(first)) return first;
  refuseMistyped(first);
  return 'run';
}

/** Names the default command, and puts its words into commander's order. */
function withCommand(program: Command, args: readonly string[]): string[] {
  const command = commandOf(args);
  if (command === 'build') return [...withLongNames(args)];
  if (command !== 'run') return [...args];
  const run = program.commands.find((each) => each.name() === 'run');
  const words = args[0] === 'run' ? args.slice(1) : args;
  // `bpfscript run --help` is about the command.
  if (!run || OWN.includes(words[0] ?? '')) return ['run', ...words];
  return ['run', ...arrangeRun(run.options, words)];
}

/** A word that is no script, and nearly a command. */
function refuseMistyped(word: string): void {
  if (!/^[a-z]+$/.test(word) || existsSync(word)) return;
  const near = closest(word, [...COMMANDS.keys()]);
  if (near.length > 0)
    throw new UserError(`there is neither a command nor a script '${word}'`, {
      status: EXIT.usage,
      hint: meaning(near),
    });
}

/** What commander says of an option that a command does not have, and where it belongs. */
function explained(program: Command, text: string): string {
  const flag = /^error: unknown option '(-[^'=]*)/.exec(text)?.[1];
  if (flag === undefined) return text;
  const letter = flag.startsWith('--') ? flag : flag.slice(0, 2);
  const owners = program.commands
    .filter(({ options }) => options.some(({ short, long }) => [short, long].includes(letter)))
    .map((command) => `bpfscript ${command.name()}`);
  const all = LOADER_ALONE.includes(letter) ? ['bpfload'] : owners;
  const belongs = all.length > 0 ? `(${letter} is an option of ${all.join(', ')})\n` : '';
  return `${text}${belongs}`;
}

/** Options that no command has, but the loader. */
const LOADER_ALONE: readonly string[] = ['--check'];
