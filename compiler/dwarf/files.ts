/** Where the debug information of a traced program is: there, or in a separate file. */
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { viewOf } from '../../linker/elf/elf.ts';
import { type ElfFile, openElfFile, sectionNamed } from '../../linker/elf/file.ts';

/** Where distributions put separate debug files. */
export const SYSTEM_FOLDER = '/usr/lib/debug';

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * The file with the debug information of a program: itself, or the one that its build id or .gnu_debuglink names, in
 * `folders`, beside it, or in /usr/lib/debug. undefined where there is none.
 */
export function findDebugFile(file: ElfFile, folders: readonly string[]): ElfFile | undefined {
  if (hasDebugInfo(file)) return file;
  const id = buildId(file);
  const link = debugLink(file);
  const own = dirname(file.path);
  const byId = (folder: string): readonly string[] =>
    id === undefined ? [] : [join(folder, '.build-id', id.slice(0, 2), `${id.slice(2)}.debug`)];
  const byName = (...within: readonly string[]): readonly string[] =>
    link ? within.map((folder) => join(folder, link.name)) : [];
  for (const folder of [...folders, SYSTEM_FOLDER]) {
    const found =
      open(byId(folder), (other) => buildId(other) === id) ??
      open(byName(join(folder, own), folder), (other) => checksum(other) === link?.checksum);
    if (found) return found;
  }
  const beside = byName(own, join(own, '.debug')).filter(
    (path) => basename(path) !== basename(file.path) || dirname(path) !== own,
  );
  return open(beside, (other) => checksum(other) === link?.checksum);
}

function open(paths: readonly string[], isIt: (file: ElfFile) => boolean): ElfFile | undefined {
  for (const path of paths.filter(isFile)) {
    try {
      const file = openElfFile(path);
      if (hasDebugInfo(file) && isIt(file)) return file;
    } catch {
      // Of another kind, or damaged: it is not the file that is looked for.
    }
  }
  return undefined;
}

export function hasDebugInfo(file: ElfFile): boolean {
  return (sectionNamed(file, '.debug_info')?.size ?? 0) > 0;
}

function checksum(file: ElfFile): number {
  return crc32(readFileSync(file.path));
}

/** As lower-case hex digits. */
export function buildId(file: ElfFile): string | undefined {
  const section = sectionNamed(file, '.note.gnu.build-id');
  if (!section || section.size < 16) return undefined;
  const data = file.data(section);
  const view = viewOf(data);
  const start = 12 + view.getUint32(0, true);
  return Buffer.from(data.subarray(start, start + view.getUint32(4, true))).toString('hex');
}

/** A name, padded to four bytes, and the CRC-32 of the file that it names. */
function debugLink(
  file: ElfFile,
): { readonly name: string; readonly checksum: number } | undefined {
  const section = sectionNamed(file, '.gnu_debuglink');
  if (!section) return undefined;
  const data = file.data(section);
  const end = data.indexOf(0);
  const at = (end + 4) & ~3;
  if (end < 1 || at + 4 > data.length) return undefined;
  const name = Buffer.from(data.subarray(0, end)).toString();
  return name.includes('/') ? undefined : { name, checksum: viewOf(data).getUint32(at, true) };
}
