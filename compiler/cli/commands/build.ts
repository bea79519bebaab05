import { type Command, Option } from 'commander';
import type { DiagnosticCode } from '../../source/codes.ts';
import type { DiagnosticForm } from '../../source/render/render.ts';
import { createSources } from '../../source/sources.ts';
import { STAGES } from '../emit.ts';
import { UserError } from '../errors.ts';
import { printScript } from '../listing.ts';
import { besideCaller, writeTo } from '../output.ts';
import {
  allowOption,
  architectureOption,
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
import { EXIT, type ReportStatus } from '../status.ts';
import { measureStages, timingsOption } from '../timings.ts';

interface BuildOptions {
  readonly e?: string;
  readonly output?: string;
  readonly kernel?: readonly string[];
  readonly arch?: string;
  readonly emit: string;
  readonly expand?: boolean;
  readonly unsafe?: boolean;
  readonly warnings: boolean;
  readonly allow?: readonly DiagnosticCode[];
  readonly diagnostics: DiagnosticForm;
  readonly I?: readonly string[];
  readonly include?: readonly string[];
  readonly debuginfo?: string;
  readonly timings?: boolean;
}

export function registerBuild(program: Command, report: ReportStatus): void {
  program
    .command('build')
    .summary('compile a script to an object')
    .description(
      'Compiles a script to one object that bpfload runs. Needs no privileges and no kernel.',
    )
    .argument('[file]', 'the script; - is standard input')
    .option('-e <program>', 'program text instead of a file')
    .option(
      '-o, --output <file>',
      'where to write (default: the script with .o; - is standard output)',
    )
    .addOption(kernelOption())
    .addOption(architectureOption())
    .addOption(
      new Option('--emit <stage>', 'write this stage instead')
        .choices(Object.keys(STAGES))
        .default('obj'),
    )
    .option(
      '--expand',
      "list the probes that the script's patterns match in the kernel description instead",
    )
    .addOption(includeFolderOption())
    .addOption(headerOption())
    .addOption(debugFolderOption())
    .option('--unsafe', 'allow functions that change the system; the object records it')
    .option('--no-warnings', 'show errors only')
    .addOption(allowOption())
    .addOption(diagnosticsOption())
    .addOption(timingsOption())
    .addHelpText(
      'after',
      `
Examples:
  bpfscript build tool.bt -o tool.o
  bpfscript build tool.bt --kernel host -o tool.o
  bpfscript build tool.bt --arch arm64 --kernel arm64.kernel -o tool.o
  bpfscript build -e 'BEGIN { exit(); }' --emit asm`,
    )
    .action((file: string | undefined, options: BuildOptions) => {
      const source = readScript(file, options);
      if (options.expand) {
        report(printScript(source, options));
        return;
      }
      const stage = STAGES[options.emit];
      if (!stage) throw new UserError(`unknown stage ${options.emit}`, { status: EXIT.usage });
      const target = options.output ?? defaultOutput(file, options.emit);
      if (options.emit === 'tokens') {
        writeTo(target, stage({ sources: createSources(source), diagnostics: [] }, source) ?? '');
        return;
      }
      const timings = measureStages(options.timings);
      const compilation = compileScript(
        source,
        { ...options, onStage: timings.onStage },
        readKernel(options.kernel ?? [], options.arch),
      );
      const result =
        compilation && withinLimits(() => stage(compilation, source), options.diagnostics);
      if (result === undefined) {
        report(EXIT.script);
        return;
      }
      writeTo(target, result);
      timings.show();
    });
}

/** Objects go beside the caller; the other stages are for reading. */
function defaultOutput(file: string | undefined, emit: string): string {
  if (emit !== 'obj') return '-';
  return besideCaller(file, 'object', '.o');
}
