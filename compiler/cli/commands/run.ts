import { accessSync, constants as files } from 'node:fs';
import { type Command, Option } from 'commander';
import { hostBtf } from '../../kernel/running.ts';
import type { DiagnosticCode } from '../../source/codes.ts';
import type { DiagnosticForm } from '../../source/render/render.ts';
import { type Kept, openCache } from '../cache.ts';
import { UserError } from '../errors.ts';
import { listByLoader } from '../list-by-loader.ts';
import type { ListOptions } from '../listing.ts';
import { becomeLoader, becomeLoaderOf } from '../loader.ts';
import {
  allowOption,
  architectureOption,
  collect,
  debugFolderOption,
  diagnosticsOption,
  headerOption,
  includeFolderOption,
  kernelOption,
  readScript,
} from '../script.ts';
import { type DebugStages, type EmitOptions, emitFiles, readStages } from '../stages.ts';
import { EXIT, type ReportStatus } from '../status.ts';
import { measureStages, timingsOption } from '../timings.ts';
import { version } from '../version.ts';

interface RunOptions extends EmitOptions {
  readonly e?: string;
  readonly output?: string;
  readonly reopen?: boolean;
  readonly timeout?: string;
  readonly maxEvents?: string;
  readonly format?: string;
  readonly B?: string;
  readonly top?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly pid?: string;
  readonly cmd?: string;
  readonly unsafe?: boolean;
  readonly allowRun?: boolean;
  readonly user?: string;
  readonly keepPrivileges?: boolean;
  readonly allowWrite?: readonly string[];
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
  /** True with -k, false with --no-warnings. */
  readonly warnings?: boolean;
  readonly cost?: boolean;
  readonly maxOverhead?: string;
  readonly onOverhead?: string;
  readonly maxMemory?: string;
  readonly metrics?: string;
  readonly maxSeries?: string;
  readonly allow?: readonly DiagnosticCode[];
  readonly diagnostics: DiagnosticForm;
  readonly I?: readonly string[];
  readonly include?: readonly string[];
  readonly kernel?: readonly string[];
  readonly arch?: string;
  readonly fmt?: boolean;
  readonly list?: boolean;
  readonly debug?: readonly string[];
  readonly mode?: string;
  readonly info?: boolean;
  /** False with --no-cache. */
  readonly cache: boolean;
  readonly timings?: boolean;
}

export function registerRun(program: Command, report: ReportStatus): void {
  let warningLevels = 0;
  let withoutWarnings = false;
  program
    .command('run', { isDefault: true })
    .summary('compile and run a script on this host (the default)')
    .description("Compiles a script and runs it on this host, with bpftrace's flags.")
    .argument(
      '[arguments...]',
      'the script (or - for standard input; none with -e), then its parameters',
    )
    .option('-e <program>', 'program text instead of a file')
    .option('-o, --output <file>', "write the script's output to a file")
    .option('--reopen', 'on SIGHUP, open the file of -o anew instead of ending')
    .option('--timeout <time>', 'end after 30s, 500ms, 5m or 2h, as after Ctrl-C')
    .option('--max-events <n>', 'end after n events: whatever the script prints one by one')
    .addOption(
      new Option(
        '-f, --format <form>',
        'write it as text (default), json or json2 (one object a line), folded (stacks), openmetrics, or prometheus (metrics, for node_exporter)',
      ).choices(['text', 'json', 'json2', 'folded', 'openmetrics', 'prometheus']),
    )
    .addOption(
      new Option(
        '-B <when>',
        'write it out at once, when nothing more is waiting (line, the default), or at the end',
      ).choices(['none', 'line', 'full']),
    )
    .option(
      '--top',
      'show the maps of the script on the terminal, drawn anew each second, the greatest first; h lists the keys',
    )
    .option('-q, --quiet', 'no "Attached" line')
    .option('-v, --verbose', 'say more about what happens')
    .option(
      '-l, --list',
      'list the probes that a search (or a script) finds, as `bpfscript list` does',
    )
    .option('-p, --pid <pid>', 'trace this process only, and end with it')
    .option('-c, --cmd <command>', 'run a command, trace it, and end with it')
    .addOption(includeFolderOption())
    .addOption(headerOption())
    .option('--unsafe', 'allow functions that change the system')
    .option('--allow-run', 'allow the script to run commands (system), and no more')
    .addOption(
      new Option(
        '--allow-write <path>',
        'allow the script to write new files below a folder, too, beside those that it names; may be repeated',
      ).argParser((path: string, before: readonly string[] = []) => [...before, path]),
    )
    .option('--user <name>', 'become this user once everything is attached')
    .option('--keep-privileges', 'do not give up what is not needed once everything is attached')
    .option('--no-warnings', 'no warnings; events that are lost or left out are told all the same')
    .option('--cost', 'say at the end, and on SIGUSR2, how often each probe ran, and what it took')
    .option(
      '--max-overhead <percent>',
      'let tracing take so much of one CPU, and of the traced process; above it --on-overhead says what is done',
    )
    .addOption(
      new Option(
        '--on-overhead <action>',
        'detach (default) the probe that takes most, end with all results, or warn',
      ).choices(['detach', 'end', 'warn']),
    )
    .option('--max-memory <size>', 'let maps, programs and the loader hold so much, such as 64M')
    .option(
      '--metrics <address:port>',
      'answer Prometheus there with metrics of the maps; a port alone: on 127.0.0.1',
    )
    .option('--max-series <n>', 'show n series of a map as metrics (10000), and count the others')
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
    .option(
      '--no-feature <list>',
      'do without kprobe_multi, kprobe_session, uprobe_multi or task_storage',
    )
    .option('--usdt-file-activation', 'accepted, without effect')
    .addOption(
      new Option(
        '-d, --debug <stages>',
        'print stages of compiling and loading: all, parse, ast, types, codegen, codegen-opt, dis, libbpf, verifier; ' +
          'without the last two the script is not run',
      ).argParser(collect),
    )
    .option(
      '-k, --warnings',
      'warn of all that fails at run time, also of reads of memory and of maps',
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'test, bench and format are --test, --bench and --fmt; codegen only compiles; compiler-bench says how long that takes',
      ).choices(['codegen', 'compiler-bench', 'bench', 'test', 'format']),
    )
    .option('--verify-llvm-ir', "accepted, without effect: LLVM's IR is always verified")
    .option('--emit-elf <file>', 'write the object instead of running it')
    .option('--emit-llvm <prefix>', 'write PREFIX.original.ll and PREFIX.optimized.ll instead')
    .option('--aot <file>', 'write the object instead of running it, as `bpfscript build -o` does')
    .option('--info', 'print what this host and its kernel offer')
    .option('-b, --btf', 'accepted, without effect: BTF is always used')
    .option('--fmt', 'print the script in the one layout instead of running it')
    .option('--no-cache', 'compile the script even if it is as it was when it was last run')
    .addOption(timingsOption())
    .addOption(diagnosticsOption())
    .addOption(kernelOption('host where it can be read'))
    .addOption(architectureOption())
    .addHelpText(
      'after',
      `
Examples:
  bpfscript -e 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args.filename)); }'
  bpfscript tool.bt 10 --name=value -o out.txt
  bpfscript -c 'ls -l /' -e 'tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @ = count(); }'`,
    )
    .on('option:warnings', () => {
      warningLevels += 1;
    })
    .on('option:no-warnings', () => {
      withoutWarnings = true;
    })
    .action(async (words: readonly string[], given: RunOptions) => {
      const options = withMode(given);
      const [file, parameters] =
        options.e === undefined ? [words[0], words.slice(1)] : [undefined, words];
      const warns = warningLevels > 0;
      if (options.pid !== undefined && options.cmd !== undefined) {
        throw new UserError('-p and -c exclude each other', { status: EXIT.usage });
      }
      if (warningLevels > 1) throw new UserError('-k is given twice', { status: EXIT.usage });
      if (warns && withoutWarnings)
        throw new UserError('-k and --no-warnings exclude each other', { status: EXIT.usage });
      if (warns && options.aot !== undefined)
        throw new UserError('-k and --aot exclude each other', { status: EXIT.usage });
      if (options.info) {
        await printInfo();
        return;
      }
      const stages = readStages(options.debug ?? []);
      if (options.list) {
        await listByLoader(words, listOptions(options));
        const { printList } = await import('../listing.ts');
        report(printList(words, listOptions(options)));
        return;
      }
      const source = readScript(file, options);
      if (options.fmt) {
        const { formatScripts } = await import('./fmt.ts');
        const [formatted] = formatScripts([source], options.diagnostics) ?? [];
        process.stdout.write(formatted?.text ?? '');
        if (!formatted) report(EXIT.script);
        return;
      }
      const begun = performance.now();
      const timings = measureStages(options.timings);
      const kernels = options.kernel ?? [hostOrDefault()];
      const run = ({ object, writes }: Kept): Promise<never> => {
        timings.show();
        const flags = [...loaderFlags(options, stages.loader), ...allowed(writes)];
        return becomeLoaderOf(object, flags, parameters);
      };
      const { arch, unsafe = false, allowRun = false } = options;
      const cache = isPlain(options, stages)
        ? openCache({ source, kernels, arch, unsafe, allowRun, reportsHelpers: warns })
        : undefined;
      const kept = cache?.find();
      if (kept) {
        timings.onStage('finding the object', performance.now() - begun);
        await run(kept);
        return;
      }
      const [{ compileScript, withinLimits }, { showStages }, { readKernel }, { writtenPaths }] =
        await Promise.all([
          import('../compiling.ts'),
          import('../emit.ts'),
          import('../kernel.ts'),
          import('../../../linker/inspect.ts'),
        ]);
      const compilation = compileScript(
        source,
        {
          ...options,
          warnings: options.warnings !== false,
          reportsHelpers: warns,
          ...(writesObject(options) ? {} : { parameters }),
          onStage: timings.onStage,
          ahead: stages.compiler.length === 0,
        },
        readKernel(kernels, arch),
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
      if (options.mode === 'compiler-bench')
        process.stdout.write(`compiled in ${(performance.now() - begun).toFixed(1)} ms\n`);
      if (options.mode === 'codegen' || options.mode === 'compiler-bench') {
        timings.show();
        return;
      }
      const made = { object: done, writes: writtenPaths(done) };
      cache?.keep(made, compilation);
      await run(made);
    });
}

/** An object that stays may be run with other parameters. */
function writesObject({ emitElf, aot }: RunOptions): boolean {
  return emitElf !== undefined || aot !== undefined;
}

/** Who runs a script's text has read which files it writes: they are allowed, as they are with bpftrace. */
function allowed(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => ['--allow-write', path]);
}

/** Whether the command does no more than to run the script, out of nothing else than its text. */
function isPlain(options: RunOptions, stages: DebugStages): boolean {
  const { cache, mode, emitElf, emitLlvm, aot, I, include, pid, debuginfo } = options;
  const others = [mode, emitElf, emitLlvm, aot, I, include, pid, debuginfo];
  return cache && stages.compiler.length === 0 && others.every((each) => each === undefined);
}

/** The modes that have a flag of their own. */
function withMode(options: RunOptions): RunOptions {
  const { mode } = options;
  return {
    ...options,
    ...(mode === 'test' ? { test: true } : {}),
    ...(mode === 'bench' ? { bench: true } : {}),
    ...(mode === 'format' ? { fmt: true } : {}),
  };
}

function listOptions(options: RunOptions): ListOptions {
  return { ...options, warnings: options.warnings !== false };
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

/** What this tool, this host and its kernel are. */
async function printInfo(): Promise<never> {
  process.stdout.write(
    `Compiler\n  bpfscript: ${version()}\n  Node.js: ${process.versions.node}\n\n`,
  );
  return becomeLoader(['--info']);
}

function loaderFlags(options: RunOptions, stages: readonly string[]): readonly string[] {
  const flags: string[] = [];
  if (options.output !== undefined) flags.push('-o', options.output);
  if (options.reopen) flags.push('--reopen');
  if (options.timeout !== undefined) flags.push('--timeout', options.timeout);
  if (options.maxEvents !== undefined) flags.push('--max-events', options.maxEvents);
  if (options.format !== undefined) flags.push('-f', options.format);
  if (options.B !== undefined) flags.push('-B', options.B);
  if (options.top) flags.push('--top');
  if (options.quiet) flags.push('-q');
  if (options.verbose) flags.push('-v');
  if (options.pid !== undefined) flags.push('-p', options.pid);
  if (options.cmd !== undefined) flags.push('-c', options.cmd);
  if (options.unsafe) flags.push('--unsafe');
  if (options.allowRun) flags.push('--allow-run');
  for (const path of options.allowWrite ?? []) flags.push('--allow-write', path);
  if (options.cost) flags.push('--cost');
  if (options.maxOverhead !== undefined) flags.push('--max-overhead', options.maxOverhead);
  if (options.onOverhead !== undefined) flags.push('--on-overhead', options.onOverhead);
  if (options.maxMemory !== undefined) flags.push('--max-memory', options.maxMemory);
  if (options.metrics !== undefined) flags.push('--metrics', options.metrics);
  if (options.maxSeries !== undefined) flags.push('--max-series', options.maxSeries);
  if (options.user !== undefined) flags.push('--user', options.user);
  if (options.keepPrivileges) flags.push('--keep-privileges');
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
  if (options.warnings === false) flags.push('--no-warnings');
  if (stages.length > 0) flags.push('-d', stages.join(','));
  return flags;
}
