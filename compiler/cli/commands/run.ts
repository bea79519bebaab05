import { spawn } from 'node:child_process';
import { accessSync, constants as files, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { packageRoot } from '../../paths.ts';
import type { DiagnosticForm } from '../../source/render/render.ts';
import { UserError } from '../errors.ts';
import { type ListOptions, printList } from '../listing.ts';
import type { Report } from '../program.ts';
import {
  compileScript,
  debugFolderOption,
  diagnosticsOption,
  headerOption,
  includeFolderOption,
  readKernel,
  readScript,
  withinLimits,
} from '../script.ts';
import { EXIT } from '../status.ts';
import { formatScripts } from './fmt.ts';

interface RunOptions {
  readonly e?: string;
  readonly output?: string;
  readonly f?: string;
  readonly B?: string;
  readonly q?: boolean;
  readonly v?: boolean;
  readonly p?: string;
  readonly c?: string;
  readonly unsafe?: boolean;
  readonly dryRun?: boolean;
  readonly test?: boolean;
  readonly bench?: boolean;
  readonly probeFilter?: string;
  readonly traceableFunctions?: string;
  readonly debuginfo?: string;
  readonly dwarfPid?: readonly string[];
  /** The list of --no-feature; true without it. */
  readonly feature: string | true;
  readonly usdtFileActivation?: boolean;
  readonly warnings: boolean;
  readonly diagnostics: DiagnosticForm;
  readonly I?: readonly string[];
  readonly include?: readonly string[];
  readonly kernel?: string;
  readonly fmt?: boolean;
  readonly l?: boolean;
}

export function registerRun(program: Command, report: Report): void {
  program
    .command('run', { isDefault: true })
    .summary('compile and run a script on this host (the default)')
    .description("Compiles a script and runs it on this host, with bpftrace's flags.")
    .argument(
      '[arguments...]',
      'the script (or - for standard input; none with -e), then its parameters',
    )
    .passThroughOptions()
    .option('-e <program>', 'program text instead of a file')
    .option('-o, --output <file>', "write the script's output to a file")
    .addOption(
      new Option('-f <form>', 'write it as text (default) or as one JSON object a line').choices([
        'text',
        'json',
      ]),
    )
    .addOption(
      new Option(
        '-B <when>',
        'write it out at once, when nothing more is waiting (line, the default), or at the end',
      ).choices(['none', 'line', 'full']),
    )
    .option('-q', 'no "Attached" line')
    .option('-v', 'say more about what happens')
    .option('-l', 'list the probes that a search (or a script) finds, as `bpfscript list` does')
    .option('-p <pid>', 'trace this process only, and end with it')
    .option('-c <command>', 'run a command, trace it, and end with it')
    .addOption(includeFolderOption())
    .addOption(headerOption())
    .option('--unsafe', 'allow functions that change the system')
    .option('--no-warnings', 'no warnings')
    .option('--dry-run', 'compile, load and attach, then end')
    .option('--test', 'run the test probes of the script, and nothing else')
    .option('--bench', 'measure the bench probes of the script, and run nothing else')
    .option('--probe-filter <regex>', 'attach only probes whose full name this matches')
    .option(
      '--traceable-functions <file>',
      'match patterns of kernel functions with this list: lines `function` or `function [module]`',
    )
    .addOption(debugFolderOption())
    .addOption(
      new Option(
        '--dwarf-pid <pid>',
        'have dw_ustack walk the stacks of this process too; may be repeated',
      ).argParser((pid: string, before: readonly string[] = []) => [...before, pid]),
    )
    .option('--no-feature <list>', 'do without kprobe_multi, kprobe_session or uprobe_multi')
    .option('--usdt-file-activation', 'accepted, without effect')
    .option('--fmt', 'print the script in the one layout instead of running it')
    .addOption(diagnosticsOption())
    .option(
      '--kernel <which>',
      'kernel description: host (default where it can be read), default (embedded), or a file',
    )
    .addHelpText(
      'after',
      `
Examples:
  bpfscript -e 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }'
  bpfscript tool.bt 10 -- --name=value
  bpfscript -c 'ls -l /' -e 'tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @ = count(); }'`,
    )
    .action(async (words: readonly string[], options: RunOptions) => {
      const [file, rest] =
        options.e === undefined ? [words[0], words.slice(1)] : [undefined, [...words]];
      const parameters = withoutSeparator(rest);
      if (options.p !== undefined && options.c !== undefined) {
        throw new UserError('-p and -c exclude each other', { status: EXIT.usage });
      }
      if (options.l) {
        report(printList(file, listOptions(options)));
        return;
      }
      const source = readScript(file, options);
      if (options.fmt) {
        const [formatted] = formatScripts([source], options.diagnostics) ?? [];
        process.stdout.write(formatted?.text ?? '');
        if (!formatted) report(EXIT.script);
        return;
      }
      const compilation = compileScript(
        source,
        options,
        readKernel(options.kernel ?? hostOrDefault()),
      );
      const object = withinLimits(() => compilation?.object?.(), options.diagnostics);
      if (!object) {
        report(EXIT.script);
        return;
      }
      report(await load(object, parameters, options));
    });
}

function listOptions({ v, p, ...options }: RunOptions): ListOptions {
  return { ...options, verbose: v ?? false, ...(p === undefined ? {} : { pid: p }) };
}

/** The running kernel's own description where BTF and tracefs are readable, else the embedded one. */
function hostOrDefault(): string {
  try {
    accessSync('/sys/kernel/btf/vmlinux', files.R_OK);
    accessSync('/sys/kernel/tracing/events', files.R_OK);
    return 'host';
  } catch {
    return 'default';
  }
}

/** The first `--` among the parameters only says that named ones may follow; the loader gets one of ours. */
function withoutSeparator(words: readonly string[]): readonly string[] {
  const separator = words.indexOf('--');
  return words.filter((_word, index) => index !== separator);
}

function loaderArguments(
  object: string,
  parameters: readonly string[],
  options: RunOptions,
): string[] {
  const flags: string[] = [];
  if (options.output !== undefined) flags.push('-o', options.output);
  if (options.f !== undefined) flags.push('-f', options.f);
  if (options.B !== undefined) flags.push('-B', options.B);
  if (options.q) flags.push('-q');
  if (options.v) flags.push('-v');
  if (options.p !== undefined) flags.push('-p', options.p);
  if (options.c !== undefined) flags.push('-c', options.c);
  if (options.unsafe) flags.push('--unsafe');
  if (options.dryRun) flags.push('--dry-run');
  if (options.test) flags.push('--test');
  if (options.bench) flags.push('--bench');
  if (options.probeFilter !== undefined) flags.push('--probe-filter', options.probeFilter);
  if (options.traceableFunctions !== undefined)
    flags.push('--traceable-functions', options.traceableFunctions);
  if (options.debuginfo !== undefined) flags.push('--debuginfo', options.debuginfo);
  for (const pid of options.dwarfPid ?? []) flags.push('--dwarf-pid', pid);
  if (options.feature !== true) flags.push('--no-feature', options.feature);
  if (options.usdtFileActivation) flags.push('--usdt-file-activation');
  if (!options.warnings) flags.push('--no-warnings');
  return [...flags, object, '--', ...parameters];
}

/** Runs the loader on an object and gives its exit status; signals reach the loader. */
async function load(
  object: Uint8Array,
  parameters: readonly string[],
  options: RunOptions,
): Promise<number> {
  const loader = process.env.BPFSCRIPT_LOADER ?? join(packageRoot(), 'loader/build/bpfload');
  const folder = mkdtempSync(join(tmpdir(), 'bpfscript-'));
  try {
    const path = join(folder, 'script.o');
    writeFileSync(path, object);
    const child = spawn(loader, loaderArguments(path, parameters, options), { stdio: 'inherit' });
    const forward = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    // A terminal's ^C reaches the loader by itself (same process group); the rest is passed on.
    const ignore = (): void => undefined;
    process.on('SIGINT', process.stdin.isTTY ? ignore : forward);
    process.on('SIGTERM', forward);
    process.on('SIGHUP', forward);
    process.on('SIGUSR1', forward);
    return await new Promise<number>((resolve, reject) => {
      child.on('error', (error) =>
        reject(
          new UserError(`cannot start the loader ${loader}: ${error.message}`, {
            hint: '`npm run build` builds it',
          }),
        ),
      );
      child.on('exit', (code, signal) =>
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
      );
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
