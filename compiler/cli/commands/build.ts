import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { llvmVersion } from '../../llvm/backend.ts';
import { sbomOf } from '../../sbom/sbom.ts';
import type { DiagnosticCode } from '../../source/codes.ts';
import type { DiagnosticForm } from '../../source/render/render.ts';
import { createSources } from '../../source/sources.ts';
import { compileScript, withinLimits } from '../compiling.ts';
import { createDependencies, dependencyRule, watching } from '../dependencies.ts';
import { STAGES } from '../emit.ts';
import { UserError } from '../errors.ts';
import { ingredientsOf } from '../ingredients.ts';
import { readKernel } from '../kernel.ts';
import { printScript } from '../listing.ts';
import { besideCaller, writeTo } from '../output.ts';
import {
  allowOption,
  architectureOption,
  debugFolderOption,
  diagnosticsOption,
  headerOption,
  includeFolderOption,
  kernelOption,
  readScript,
} from '../script.ts';
import { EXIT, type ReportStatus } from '../status.ts';
import { measureStages, timingsOption } from '../timings.ts';
import { version } from '../version.ts';

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
  readonly dependencies?: boolean;
  readonly dependencyFile?: string;
  readonly sbom?: string;
  readonly watch?: boolean;
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
    .option(
      '--dependencies',
      'write a rule of make, too, with all files that the object depends on: the object with .d (-MD for short)',
    )
    .option('--dependency-file <file>', 'write it to this file (-MF for short)')
    .option(
      '--sbom <file>',
      'write what the object was made of, too: a bill of materials (CycloneDX, JSON)',
    )
    .option('--watch', 'compile again whenever one of these files changes, until Ctrl-C')
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
  bpfscript build -MD tool.bt -o tool.o     and in the Makefile:  -include tool.d
  bpfscript build -e 'BEGIN { exit(); }' --emit asm`,
    )
    .action(async (file: string | undefined, options: BuildOptions) => {
      const isFile = file !== undefined && file !== '-' && options.e === undefined;
      if (!options.watch) {
        const { status } = buildOnce(file, options);
        if (status !== EXIT.ok) report(status);
        return;
      }
      if (!isFile)
        throw new UserError('--watch needs a script that is a file', { status: EXIT.usage });
      // The first time an unreadable script is an error like any other.
      readScript(file, options);
      await watching([file], () => buildOnce(file, options).files);
    });
}

/** What was read, whether or not it became something. */
function buildOnce(
  file: string | undefined,
  options: BuildOptions,
): { readonly status: number; readonly files: readonly string[] } {
  const source = readScript(file, options);
  if (options.expand) return { status: printScript(source, options), files: [] };
  const stage = STAGES[options.emit];
  if (!stage) throw new UserError(`unknown stage ${options.emit}`, { status: EXIT.usage });
  const target = options.output ?? defaultOutput(file, options.emit);
  const rule = ruleFile(target, options);
  if (options.sbom !== undefined && options.emit !== 'obj')
    throw new UserError('--sbom is for objects', { status: EXIT.usage });
  if (options.sbom === '-' && target === '-')
    throw new UserError('--sbom and -o both name standard output', { status: EXIT.usage });
  const kernels = options.kernel ?? [];
  const scripts = source.path === undefined ? [] : [source.path];
  const dependencies = createDependencies(scripts, kernels, options.arch);
  if (options.emit === 'tokens') {
    writeTo(target, stage({ sources: createSources(source), diagnostics: [] }, source) ?? '');
    return { status: EXIT.ok, files: scripts };
  }
  const timings = measureStages(options.timings);
  const kernel = readKernel(kernels, options.arch);
  const compilation = compileScript(
    source,
    {
      ...options,
      onStage: timings.onStage,
      ahead: ['obj', 'btf', 'manifest'].includes(options.emit),
      ...(rule !== undefined || options.sbom !== undefined || options.watch
        ? { onFile: dependencies.note }
        : {}),
    },
    kernel,
  );
  const result = compilation && withinLimits(() => stage(compilation, source), options.diagnostics);
  const read = () => (options.watch ? dependencies.files() : []);
  if (!compilation || result === undefined) return { status: EXIT.script, files: read() };
  if (options.sbom !== undefined) {
    const sbom = sbomOf(Buffer.from(result), {
      name: basename(target === '-' ? source.name : target),
      version: version(),
      llvm: llvmVersion(),
      kernel: { release: kernel.release, arch: kernel.arch },
      ingredients: ingredientsOf(compilation, dependencies.files(), dependencies.descriptions()),
    });
    writeTo(options.sbom, `${JSON.stringify(sbom, null, 2)}\n`);
  }
  // Last: who finds the object, such as make, finds what belongs to it.
  writeTo(target, result);
  if (rule !== undefined) writeTo(rule, dependencyRule(target, dependencies.files()));
  timings.show();
  return { status: EXIT.ok, files: read() };
}

/** Where the rule of make goes, if one is asked for. */
function ruleFile(target: string, options: BuildOptions): string | undefined {
  if (options.dependencyFile === undefined && !options.dependencies) return undefined;
  if (target === '-' || options.emit !== 'obj')
    throw new UserError('-MD and -MF are for objects that are written to files', {
      status: EXIT.usage,
    });
  return options.dependencyFile ?? `${target.replace(/\.o$/, '')}.d`;
}

/** Objects go beside the caller; the other stages are for reading. */
function defaultOutput(file: string | undefined, emit: string): string {
  if (emit !== 'obj') return '-';
  return besideCaller(file, 'object', '.o');
}
