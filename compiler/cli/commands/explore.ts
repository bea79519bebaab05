import type { Command } from 'commander';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Compilation } from '../../compile.ts';
import { type Dump, parseDump } from '../../exploration/dump.ts';
import { explore } from '../../exploration/explore.ts';
import { readCost } from '../../exploration/host.ts';
import { ForeignDump } from '../../exploration/loaded.ts';
import { printable } from '../../rollout/text.ts';
import type { DiagnosticCode } from '../../source/codes.ts';
import type { DiagnosticForm } from '../../source/render/render.ts';
import { compileScript, withinLimits } from '../compiling.ts';
import { reasonOf, UserError } from '../errors.ts';
import { readInput } from '../input.ts';
import { readKernel } from '../kernel.ts';
import { besideCaller, writeTo } from '../output.ts';
import { readOutput } from '../recording.ts';
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

interface ExploreOptions {
  readonly e?: string;
  readonly output?: string;
  readonly verifier?: string;
  readonly cost?: string;
  readonly loaded?: string;
  readonly kernel?: readonly string[];
  readonly arch?: string;
  readonly unsafe?: boolean;
  readonly warnings: boolean;
  readonly allow?: readonly DiagnosticCode[];
  readonly diagnostics: DiagnosticForm;
  readonly I?: readonly string[];
  readonly include?: readonly string[];
  readonly debuginfo?: string;
}

export function registerExplore(program: Command, report: ReportStatus): void {
  program
    .command('explore')
    .summary('show what a script became, as a page')
    .description(
      'Writes one HTML page that shows a script beside its typed tree, its IR and its BPF code. A click on a line marks ' +
        'what belongs to it everywhere.',
    )
    .argument('[file]', 'the script; - is standard input')
    .option('-e <program>', 'program text instead of a file')
    .option(
      '-o, --output <file>',
      'where to write (default: the script with .html; - is standard output)',
    )
    .option('--verifier <file>', 'show also what `bpfload -d verifier` printed on a host')
    .option(
      '--cost <file>',
      'show also what `bpfload --cost` measured on a host: its JSON, or a recording',
    )
    .option(
      '--loaded <file>',
      "show also what `bpfload --dump` wrote on a host: translated and native code, and the verifier's log",
    )
    .addOption(kernelOption())
    .addOption(architectureOption())
    .addOption(includeFolderOption())
    .addOption(headerOption())
    .addOption(debugFolderOption())
    .option('--unsafe', 'allow functions that change the system')
    .option('--no-warnings', 'show errors only')
    .addOption(allowOption())
    .addOption(diagnosticsOption())
    .addHelpText(
      'after',
      `
Examples:
  bpfscript explore tool.bt -o tool.html
  bpfload tool.o --dry-run --dump tool.json; bpfscript explore tool.bt --loaded tool.json -o tool.html`,
    )
    .action((file: string | undefined, options: ExploreOptions) => {
      const source = readScript(file, options);
      const target = options.output ?? besideCaller(file, 'page', '.html');
      const verifier = options.verifier === undefined ? undefined : readText(options.verifier);
      const cost = options.cost === undefined ? undefined : readRows(options.cost, report);
      const loaded = options.loaded === undefined ? undefined : readDump(options.loaded);
      const compilation = compileScript(
        source,
        options,
        readKernel(options.kernel ?? [], options.arch),
      );
      const page =
        compilation &&
        withinLimits(
          () => pageOf(compilation, { verifier, cost, loaded }, options.loaded),
          options.diagnostics,
        );
      if (page === undefined) {
        report(EXIT.script);
        return;
      }
      writeTo(target, page);
    });
}

function pageOf(
  { sources, typed, ir, optimisedIr, assembly, object }: Compilation,
  host: {
    readonly verifier: string | undefined;
    readonly cost: ReturnType<typeof readCost>;
    readonly loaded: Dump | undefined;
  },
  dump: string | undefined,
): string | undefined {
  if (!typed || !ir || !optimisedIr || !assembly || !object) return undefined;
  const explored = {
    sources,
    typed,
    ir: ir(),
    optimisedIr: optimisedIr(),
    assembly: assembly(),
    inspection: inspectObject(object()),
    ...host,
  };
  try {
    return explore(explored);
  } catch (error) {
    if (!(error instanceof ForeignDump)) throw error;
    throw new UserError(`--loaded: ${dump} is of another script: ${printable(error.message)}`, {
      hint: 'Give the script that the object was built from, as it was then.',
    });
  }
}

function readDump(file: string): Dump {
  const text = readText(file);
  try {
    return parseDump(text);
  } catch (error) {
    throw new UserError(`--loaded: ${file}: ${reasonOf(error)}`, {
      hint: '`bpfload tool.o --dry-run --dump FILE` writes one.',
    });
  }
}

function readText(file: string): string {
  return Buffer.from(readInput(file)).toString('utf8');
}

function readRows(file: string, report: ReportStatus): ReturnType<typeof readCost> {
  const rows = readCost(Buffer.from(readOutput(file, { form: 'json', report })).toString('utf8'));
  if (rows === undefined)
    throw new UserError(`--cost: ${file} has no line of type cost`, {
      hint: '`bpfload tool.o --cost -f json` writes one at its end',
    });
  return rows;
}
