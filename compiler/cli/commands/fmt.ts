import { realpathSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { format } from '../../format/format.ts';
import { modernise } from '../../modernise.ts';
import { Diagnostics } from '../../source/diagnostics.ts';
import type { DiagnosticForm } from '../../source/render/render.ts';
import type { Source } from '../../source/source.ts';
import { createSources } from '../../source/sources.ts';
import { UserError } from '../errors.ts';
import { readKernel } from '../kernel.ts';
import { writeWhole } from '../output.ts';
import {
  diagnosticsOption,
  hasErrors,
  kernelOption,
  readScript,
  renderDiagnostics,
} from '../script.ts';
import { EXIT, type ReportStatus } from '../status.ts';

interface FmtOptions {
  readonly check?: boolean;
  readonly write?: boolean;
  readonly modernise?: boolean;
  readonly kernel?: readonly string[];
  readonly diagnostics: DiagnosticForm;
}

export function registerFmt(program: Command, report: ReportStatus): void {
  program
    .command('fmt')
    .summary('format scripts')
    .description(
      'Writes scripts in the one layout: to standard output, or with --write where they were. Only white ' +
        'space between words changes, but with --modernise.',
    )
    .argument('[files...]', 'the scripts (default: - for standard input)')
    .option('--check', 'list the scripts whose layout is another, and fail if there are any')
    .option('--write', 'write the scripts that change back to their files')
    .option(
      '--modernise',
      "rewrite what warnings call older, too, and declare variables before the blocks that scripts of bpftrace's old dialect leave with them; what is left is told",
    )
    .addOption(kernelOption())
    .addOption(diagnosticsOption())
    .addHelpText(
      'after',
      `
Examples:
  bpfscript fmt tool.bt
  bpfscript fmt --write tools/*.bt
  bpfscript fmt --check tools/*.bt       in CI
  bpfscript fmt --modernise --write tools/*.bt`,
    )
    .action((files: readonly string[], options: FmtOptions) => {
      if (options.check && options.write)
        throw new UserError('--check and --write exclude each other', { status: EXIT.usage });
      const names = files.length > 0 ? files : ['-'];
      if (options.write && names.includes('-'))
        throw new UserError('--write needs files', { status: EXIT.usage });

      const read = names.map((file) => readScript(file, {}));
      const sources = options.modernise ? modernised(read, options) : read;
      if (!sources) {
        report(EXIT.script);
        return;
      }
      const texts = formatScripts(sources, options.diagnostics);
      if (!texts) {
        report(EXIT.script);
        return;
      }
      const changed = texts
        .map(({ source, text }, index) => ({ source: read[index] ?? source, text }))
        .filter(({ source, text }) => text !== source.text);
      if (options.check) {
        process.stdout.write(changed.map(({ source }) => `${source.name}\n`).join(''));
        if (changed.length > 0) report(EXIT.script);
      } else if (options.write) {
        for (const { source, text } of changed) rewrite(source.name, text);
      } else process.stdout.write(texts.map(({ text }) => text).join(''));
    });
}

/** Today's dialect of the scripts; undefined where one has errors, which have then been printed. */
function modernised(
  scripts: readonly Source[],
  options: FmtOptions,
): readonly Source[] | undefined {
  const kernel = readKernel(options.kernel ?? ['default']);
  const results = scripts.map((source) =>
    // Nothing is loaded here: what takes --unsafe is rewritten, too.
    modernise(source, { kernel, unsafe: true, environment: {} }),
  );
  const reports = results.map(({ sources, left }) => ({ sources, diagnostics: left }));
  process.stderr.write(renderDiagnostics(reports, options.diagnostics));
  return reports.some(hasErrors) ? undefined : results.map(({ source }) => source);
}

interface Formatted {
  readonly source: Source;
  readonly text: string;
}

/** All the scripts, or undefined after syntax errors, which have then been printed. */
export function formatScripts(
  sources: readonly Source[],
  form: DiagnosticForm,
): readonly Formatted[] | undefined {
  const results = sources.map((source) => {
    const diagnostics = new Diagnostics();
    const text = format(source, diagnostics);
    const report = { sources: createSources(source), diagnostics: diagnostics.all };
    return { source, text, report };
  });
  const reports = results.map(({ report }) => report);
  process.stderr.write(renderDiagnostics(reports, form));
  const formatted = results.flatMap(({ source, text }) =>
    text === undefined ? [] : [{ source, text }],
  );
  return formatted.length === results.length ? formatted : undefined;
}

/** The file keeps its permissions, and a link goes on pointing to it. */
function rewrite(name: string, text: string): void {
  const path = realpathSync(name);
  writeWhole(path, text, statSync(path).mode & 0o7777);
}
