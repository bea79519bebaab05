/** `bpfscript check OBJECT...`: what becomes of objects on kernels. */
import { readFileSync } from 'node:fs';
import { BtfError } from '../../linker/btf/btf.ts';
import { ElfError } from '../../linker/elf/elf.ts';
import { type Compatibility, checkOn } from '../compatibility/check.ts';
import { openHost } from '../compatibility/host.ts';
import { type ObjectView, openObject } from '../compatibility/object.ts';
import { renderLines, renderTable, reportOf } from '../compatibility/report.ts';
import { isDescriptionError } from '../kernel/error.ts';
import type { DiagnosticForm } from '../source/render/render.ts';
import { reasonOf, UserError } from './errors.ts';
import { openKernel, renderDiagnostics, shown } from './script.ts';
import { EXIT } from './status.ts';

interface Options {
  readonly warnings: boolean;
  readonly diagnostics: DiagnosticForm;
}

/** Whether a file begins as ELF files do; one that cannot be read is left to whoever reads scripts. */
export function isObject(file: string): boolean {
  if (file === '-') return false;
  try {
    return readFileSync(file).subarray(0, 4).toString('latin1') === '\u007fELF';
  } catch {
    return false;
  }
}

/** Prints tables and diagnostics, and gives the exit status. */
export function checkObjects(
  files: readonly string[],
  kernels: readonly string[],
  options: Options,
): number {
  const objects = files.map((file) => ({ file, object: open(file) }));
  const hosts = kernels.map((kernel) => described(kernel, () => openHost(openKernel(kernel))));
  const checked = objects.map(({ file, object }) => ({
    file,
    object,
    columns: hosts.map(
      (host, index): Compatibility => described(kernels[index] ?? '', () => checkOn(object, host)),
    ),
  }));
  const reports = checked
    .flatMap(({ object, columns }) => reportOf(object, columns))
    .map((report) => ({ ...report, diagnostics: shown(report, options) }));
  if (options.diagnostics === 'text') {
    process.stdout.write(checked.map(({ file, columns }) => renderTable(file, columns)).join('\n'));
    process.stderr.write(renderDiagnostics(reports, 'text', true));
  } else {
    if (options.diagnostics === 'json')
      process.stdout.write(checked.map(({ file, columns }) => renderLines(file, columns)).join(''));
    process.stdout.write(renderDiagnostics(reports, options.diagnostics, true));
  }
  const loads = checked.every(({ columns }) => columns.every((each) => each.loads));
  return loads ? EXIT.ok : EXIT.kernel;
}

function open(file: string): ObjectView {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${reasonOf(error)}`);
  }
  return understood(file, () => openObject(bytes));
}

/** What an object holds and makes no sense is its own fault. */
function understood<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ElfError) && !(error instanceof BtfError)) throw error;
    throw new UserError(`${file} is not an object of bpfscript: ${reasonOf(error)}`, {
      status: EXIT.object,
    });
  }
}

function described<T>(kernel: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isDescriptionError(error)) throw error;
    throw new UserError(`the kernel description ${kernel}: ${error.message}`);
  }
}
