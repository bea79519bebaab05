import type { Command } from 'commander';
import { type Compilation, compile } from '../../compile.ts';
import { LimitError } from '../../limits.ts';
import type { DiagnosticCode } from '../../source/codes.ts';
import type { DiagnosticForm } from '../../source/render/render.ts';
import type { Report } from '../../source/render/report.ts';
import { checkObjects, isObject } from '../check-objects.ts';
import { createDependencies, watching } from '../dependencies.ts';
import { UserError } from '../errors.ts';
import { readKernel } from '../kernel.ts';
import {
  allowOption,
  architectureOption,
  collect,
  debugFolderOption,
  debugFolders,
  diagnosticsOption,
  hasErrors,
  headerOption,
  includeFolderOption,
  kernelOption,
  readScript,
  renderDiagnostics,
  shown,
} from '../script.ts';
import { EXIT, type ReportStatus } from '../status.ts';
import { measureStages, timingsOption } from '../timings.ts';

interface CheckOptions {
  readonly e?: string;
  readonly kernel?: readonly string[];
  readonly arch?: string;
  readonly boot?: readonly string[];
  readonly unsafe?: boolean;
  readonly warnings: boolean;
  readonly allow?: readonly DiagnosticCode[];
  readonly diagnostics: DiagnosticForm;
  readonly I?: readonly string[];
  readonly include?: readonly string[];
  readonly debuginfo?: string;
  readonly timings?: boolean;
  readonly watch?: boolean;
}

export function registerCheck(program: Command, report: ReportStatus): void {
  program
    .command('check')
    .summary('report the errors and warnings of scripts, or what objects are on other kernels')
    .description(
      'Compiles scripts and writes nothing but their errors and warnings. The forms for programs go to ' +
        'standard output, text to standard error. Of objects it says, for each --kernel, what they need, ' +
        'what is adapted when they are loaded, and what is missing: status 3 where one would not load.',
    )
    .argument('[files...]', 'scripts, or objects; - is a script on standard input')
    .option('-e <program>', 'program text instead of a file')
    .addOption(kernelOption())
    .addOption(architectureOption())
    .option(
      '--boot <kernel>',
      'load objects in a guest (qemu) with this kernel: a Debian package, a folder with its files, or its vmlinuz; may be repeated',
      collect,
    )
    .addOption(includeFolderOption())
    .addOption(headerOption())
    .addOption(debugFolderOption())
    .option(
      '--watch',
      'check scripts again whenever they, or what they import, change, until Ctrl-C',
    )
    .option('--unsafe', 'allow functions that change the system')
    .option('--no-warnings', 'show errors only')
    .addOption(allowOption())
    .addOption(diagnosticsOption())
    .addOption(timingsOption())
    .addHelpText(
      'after',
      `
Examples:
  bpfscript check tools/*.bt
  bpfscript check --diagnostics sarif tools/*.bt > bpfscript.sarif
  bpfscript check tool.o --kernel default --kernel other.kernel
  bpfscript check tool.o --boot linux-image-6.1.0-56-cloud-amd64_6.1.190-1_amd64.deb`,
    )
    .action(async (files: readonly string[], options: CheckOptions) => {
      const objects = options.e === undefined ? files.filter(isObject) : [];
      if (objects.length > 0 && objects.length < files.length)
        throw new UserError('check takes scripts or objects, not both at once', {
          status: EXIT.usage,
        });
      if (objects.length > 0 && options.arch !== undefined)
        throw new UserError(
          '--arch is for scripts: objects are checked for the kernels of --kernel',
          {
            status: EXIT.usage,
          },
        );
      if (objects.length > 0 && options.watch)
        throw new UserError('--watch is for scripts', { status: EXIT.usage });
      if (objects.length > 0) {
        const boots = options.boot ?? [];
        const kernels = options.kernel ?? (boots.length > 0 ? [] : ['default']);
        const status = checkObjects(objects, kernels, boots, options);
        if (status !== EXIT.ok) report(status);
        return;
      }
      if (options.boot)
        throw new UserError('--boot is for objects: build the script first', {
          status: EXIT.usage,
        });
      if (!options.watch) {
        if (!checkScripts(files, options).sound) report(EXIT.script);
        return;
      }
      if (files.length === 0 || files.includes('-') || options.e !== undefined)
        throw new UserError('--watch needs scripts that are files', { status: EXIT.usage });
      for (const file of files) readScript(file, options);
      await watching(files, () => checkScripts(files, options).files);
    });
}

/** Whether they have no errors, and what was read. */
function checkScripts(
  files: readonly string[],
  options: CheckOptions,
): { readonly sound: boolean; readonly files: readonly string[] } {
  const scripts: readonly (string | undefined)[] = files.length > 0 ? files : [undefined];
  const sources = scripts.map((file) => readScript(file, options));
  const timings = measureStages(options.timings);
  const kernels = options.kernel ?? [];
  const kernel = readKernel(kernels, options.arch);
  const dependencies = createDependencies(files, kernels, options.arch);
  const compiled = sources.map((source) =>
    completely(
      compile(source, {
        kernel,
        unsafe: options.unsafe ?? false,
        environment: process.env,
        includeFolders: options.I ?? [],
        headers: options.include ?? [],
        debugFolders: debugFolders(options),
        onStage: timings.onStage,
        ...(options.watch ? { onFile: dependencies.note } : {}),
      }),
    ),
  );
  const reports = compiled.map((each) => ({ ...each, diagnostics: shown(each, options) }));
  const stream = options.diagnostics === 'text' ? process.stderr : process.stdout;
  stream.write(renderDiagnostics(reports, options.diagnostics, true));
  timings.show();
  return { sound: !compiled.some(hasErrors), files: options.watch ? dependencies.files() : [] };
}

/** Some limits of BPF show only when the object is made. */
function completely({ sources, diagnostics, checkLimits }: Compilation): Report {
  try {
    checkLimits?.();
    return { sources, diagnostics };
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    return { sources, diagnostics: [...diagnostics, ...error.diagnostics] };
  }
}
