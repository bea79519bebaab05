import { accessSync, constants as files } from 'node:fs';
import { type Command, Option } from 'commander';
import { hostBtf } from '../../kernel/host.ts';
import type { DiagnosticCode } from '../../source/codes.ts';
import type { DiagnosticForm } from '../../source/render/render.ts';
import { UserError } from '../errors.ts';
import { type ListOptions, printList } from '../listing.ts';
import { runLoader, runObject } from '../loader.ts';
import {
  allowOption,
  architectureOption,
  collect,
  compileScript,
  debugFolderOption,
  diagnosticsOption,
  headerOption,
  includeFolderOption,
  kernelOption,
  readKernel,
  readScript,
  withinLimits,
} from '../script.ts';
import { type EmitOptions, emitFiles, readStages, showStages } from '../stages.ts';
import { EXIT, type ReportStatus } from '../status.ts';
import { version } from '../version.ts';
import { formatScripts } from './fmt.ts';

interface RunOptions extends EmitOptions {
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
  readonly allow?: readonly DiagnosticCode[];
  readonly diagnostics: DiagnosticForm;
  readonly I?: readonly string[];
  readonly include?: readonly string[];
  readonly kernel?: readonly string[];
  readonly arch?: string;
  readonly fmt?: boolean;
  readonly l?: boolean;
  readonly d?: readonly string[];
  readonly k?: boolean;
  readonly info?: boolean;
}

export function registerRun(program: Command, report: ReportStatus): void {
  let warningLevels = 0;
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
    .addOption(allowOption())
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
    .addOption(
      new Option(
        '-d <stages>',
        'print stages of compiling and loading: all, parse, ast, types, codegen, codegen-opt, dis, libbpf, verifier; ' +
          'without the last two the script is not run',
      ).argParser(collect),
    )
    .option('-k', 'warn of all that fails at run time, also of reads of memory and of maps')
    .option('--emit-elf <file>', 'write the object instead of running it')
    .option('--emit-llvm <prefix>', 'write PREFIX.original.ll and PREFIX.optimized.ll instead')
    .option('--aot <file>', 'write the object instead of running it, as `bpfscript build -o` does')
    .option('--info', 'print what this host and its kernel offer')
    .option('-b, --btf', 'accepted, without effect: BTF is always used')
    .option('--fmt', 'print the script in the one layout instead of running it')
    .addOption(diagnosticsOption())
    .addOption(kernelOption('host where it can be read'))
    .addOption(architectureOption())
    .addHelpText(
      'after',
      `
Examples:
  bpfscript -e 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }'
  bpfscript tool.bt 10 -- --name=value
  bpfscript -c 'ls -l /' -e 'tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @ = count(); }'`,
    )
    .on('option:k', () => {
      warningLevels += 1;
    })
    .action(async (words: readonly string[], options: RunOptions) => {
      const [file, rest] =
        options.e === undefined ? [words[0], words.slice(1)] : [undefined, [...words]];
      const parameters = withoutSeparator(rest);
      if (options.p !== undefined && options.c !== undefined) {
        throw new UserError('-p and -c exclude each other', { status: EXIT.usage });
      }
      if (warningLevels > 1) throw new UserError('-k is given twice', { status: EXIT.usage });
      if (options.k && !options.warnings)
        throw new UserError('-k and --no-warnings exclude each other', { status: EXIT.usage });
      if (options.k && options.aot !== undefined)
        throw new UserError('-k and --aot exclude each other', { status: EXIT.usage });
      if (options.info) {
        report(await printInfo());
        return;
      }
      const stages = readStages(options.d ?? []);
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
        { ...options, reportsHelpers: options.k ?? false },
        readKernel(options.kernel ?? [hostOrDefault()], options.arch),
      );
      const done =
        compilation &&
        withinLimits(() => {
          showStages(stages.compiler, compilation, source);
          const emitted = emitFiles(compilation, options);
          const runs = !emitted && (stages.compiler.length === 0 || stages.loader.length > 0);
          return runs ? compilation.object?.() : 'shown';
        }, options.diagnostics);
      if (done === 'shown') return;
      if (!done) {
        report(EXIT.script);
        return;
      }
      report(await runObject(done, loaderFlags(options, stages.loader), parameters));
    });
}

function listOptions({ v, p, ...options }: RunOptions): ListOptions {
  return { ...options, verbose: v ?? false, ...(p === undefined ? {} : { pid: p }) };
}

/** The running kernel's own description where BTF and tracefs are readable, else the embedded one. */
function hostOrDefault(): string {
  // Somebody who names a file wants to hear that it cannot be read.
  if (process.env.BPFTRACE_BTF) return 'host';
  try {
    accessSync(hostBtf(), files.R_OK);
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

/** What this tool, this host and its kernel are. */
async function printInfo(): Promise<number> {
  process.stdout.write(
    `Compiler\n  bpfscript: ${version()}\n  Node.js: ${process.versions.node}\n\n`,
  );
  return runLoader(['--info']);
}

function loaderFlags(options: RunOptions, stages: readonly string[]): readonly string[] {
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
  if (stages.length > 0) flags.push('-d', stages.join(','));
  return flags;
}
