/** `bpfscript check OBJECT...`: what becomes of objects on kernels. */
import { readFileSync, statSync } from 'node:fs';
import { BtfError } from '../../linker/btf/btf.ts';
import { ElfError } from '../../linker/elf/elf.ts';
import { booted, tracedFiles } from '../compatibility/booted.ts';
import { type Compatibility, checkOn } from '../compatibility/check.ts';
import { openHost } from '../compatibility/host.ts';
import { type ObjectView, openObject } from '../compatibility/object.ts';
import { renderLines, renderTable, reportOf } from '../compatibility/report.ts';
import { bootGuest, GuestError } from '../guest/guest.ts';
import { bootableImage } from '../image/package.ts';
import { hintOf, isDescriptionError } from '../kernel/error.ts';
import { beginsWith, nativeFile, withTemporaryFolder } from '../paths.ts';
import type { DiagnosticForm } from '../source/render/render.ts';
import { UserError } from './errors.ts';
import { noObject, readInput } from './input.ts';
import { openKernel } from './kernel.ts';
import { renderDiagnostics, shown } from './script.ts';
import { EXIT } from './status.ts';

interface Options {
  readonly warnings: boolean;
  readonly diagnostics: DiagnosticForm;
}

/** Whether a file begins as ELF files do; one that cannot be read is left to whoever reads scripts. */
export function isObject(file: string): boolean {
  if (file === '-') return false;
  try {
    // What is read of a pipe is gone.
    return statSync(file).isFile() && beginsWith(file, '\u007fELF');
  } catch {
    return false;
  }
}

/** An object that was read. */
interface OpenObject {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly object: ObjectView;
}

/** Prints tables and diagnostics, and gives the exit status. Kernels of `boots` are booted, the others only read. */
export function checkObjects(
  files: readonly string[],
  kernels: readonly string[],
  boots: readonly string[],
  options: Options,
): number {
  const objects = files.map(open);
  const hosts = kernels.map((kernel) => described(kernel, () => openHost(openKernel(kernel))));
  const guests = boots.map((kernel) => bootObjects(kernel, objects));
  const checked = objects.map(({ file, object }, index) => ({
    file,
    object,
    columns: [
      ...hosts.map(
        (host, at): Compatibility => described(kernels[at] ?? '', () => checkOn(object, host)),
      ),
      ...guests.flatMap((columns) => columns[index] ?? []),
    ],
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

/** What becomes of one object on each of the kernels. */
export function checkedOn(
  file: string,
  bytes: Uint8Array,
  kernels: readonly string[],
): readonly Compatibility[] {
  if (kernels.length === 0) return [];
  const object = understood(file, () => openObject(bytes));
  return kernels.map((kernel) =>
    described(kernel, () => checkOn(object, openHost(openKernel(kernel)))),
  );
}

/** A column of each object. */
function bootObjects(kernel: string, objects: readonly OpenObject[]): readonly Compatibility[] {
  const traced = new Set(objects.flatMap(({ object }) => tracedFiles(object)));
  const files = [...traced].map((path) => ({ path: path.slice(1), data: readFileSync(path) }));
  try {
    const { release, results } = withTemporaryFolder((work) =>
      bootGuest({
        image: bootableImage(kernel),
        programs: programsOf,
        objects: objects.map(({ bytes }) => bytes),
        files,
        work,
      }),
    );
    return objects.flatMap(({ object }, index) => {
      const result = results[index];
      return result ? [booted(object, release, result)] : [];
    });
  } catch (error) {
    if (!(error instanceof GuestError) && !isDescriptionError(error)) throw error;
    const hint = error instanceof GuestError ? error.hint : hintOf(error);
    throw new UserError(`cannot boot ${kernel}: ${error.message}`, { hint });
  }
}

function programsOf(arch: string): { readonly loader: string; readonly init: string } {
  const native = arch === 'x86_64' ? 'x64' : 'arm64';
  return { loader: nativeFile('bpfload', native), init: nativeFile('guest-init', native) };
}

function open(file: string): OpenObject {
  const bytes = readInput(file);
  return { file, bytes, object: understood(file, () => openObject(bytes)) };
}

/** What an object holds and makes no sense is its own fault. */
function understood<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ElfError) && !(error instanceof BtfError)) throw error;
    throw noObject(file, error);
  }
}

function described<T>(kernel: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isDescriptionError(error)) throw error;
    const isNamed = error.message.includes(kernel);
    throw new UserError(
      isNamed ? error.message : `the kernel description ${kernel}: ${error.message}`,
      { hint: hintOf(error) },
    );
  }
}
