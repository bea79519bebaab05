/** The command line: one file a command (commands/), one line here. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { closest, meaning } from '../source/closest.ts';
import { arrangeRun } from './arguments.ts';
import { registerBuild } from './commands/build.ts';
import { registerCheck } from './commands/check.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerDraw } from './commands/draw.ts';
import { registerExplain } from './commands/explain.ts';
import { registerExplore } from './commands/explore.ts';
import { registerFmt } from './commands/fmt.ts';
import { registerInspect } from './commands/inspect.ts';
import { registerKernel } from './commands/kernel.ts';
import { registerKeygen } from './commands/keygen.ts';
import { registerKube } from './commands/kube.ts';
import { registerList } from './commands/list.ts';
import { registerOtlp } from './commands/otlp.ts';
import { registerPull } from './commands/pull.ts';
import { registerPush } from './commands/push.ts';
import { registerReport } from './commands/report.ts';
import { registerRollout } from './commands/rollout.ts';
import { registerRun } from './commands/run.ts';
import { registerSign } from './commands/sign.ts';
import { registerSymbolize } from './commands/symbolize.ts';
import { registerVerify } from './commands/verify.ts';
import { withLongNames } from './dependencies.ts';
import { UserError } from './errors.ts';
import { EXIT, type ReportStatus } from './status.ts';
import { version } from './version.ts';

const COMMANDS = [
  registerRun,
  registerBuild,
  registerCheck,
  registerExplain,
  registerFmt,
  registerInspect,
  registerExplore,
  registerList,
  registerKernel,
  registerReport,
  registerSymbolize,
  registerDraw,
  registerKeygen,
  registerSign,
  registerVerify,
  registerPush,
  registerPull,
  registerKube,
  registerRollout,
  registerOtlp,
  registerCompletion,
];

export function createProgram(): {
  run(args: readonly string[]): Promise<number>;
  /** For what is made of commands and options: manual pages. */
  readonly program: Command;
} {
  let status = 0;
  const report: ReportStatus = (value) => {
    status = value;
  };
  const program: Command = new Command('bpfscript')
    .description('Compiles BpfScript, the language of bpftrace, to one CO-RE object, and runs it.')
    .version(`bpfscript v${version()}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(explained(program, text)) })
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
  for (const register of COMMANDS) register(program, report);
  return {
    program,
    async run(args) {
      await program.parseAsync(withCommand(program, args), { from: 'user' });
      return status;
    },
  };
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
const OWN: readonly string[] = ['-V', '--version', '-h', '--help', 'help'];

/** Names the default command, and puts its words into commander's order. */
function withCommand(program: Command, args: readonly string[]): string[] {
  const [first] = args;
  if (first === undefined || OWN.includes(first)) return [...args];
  const named = program.commands.find((command) => command.name() === first);
  if (named?.name() === 'build') return [...withLongNames(args)];
  if (named && named.name() !== 'run') return [...args];
  if (!named) refuseMistyped(program, first);
  const run = program.commands.find((command) => command.name() === 'run');
  const words = named ? args.slice(1) : args;
  // `bpfscript run --help` is about the command.
  if (!run || OWN.includes(words[0] ?? '')) return ['run', ...words];
  return ['run', ...arrangeRun(run.options, words)];
}

/** A word that is no script, and nearly a command. */
function refuseMistyped(program: Command, word: string): void {
  if (!/^[a-z]+$/.test(word) || existsSync(word)) return;
  const near = closest(
    word,
    program.commands.map((command) => command.name()),
  );
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
