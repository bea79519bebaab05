/** Files that debug information refers to: what is split off (.dwo, .dwp), and what programs share (dwz). */
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { viewOf } from '../../linker/elf/elf.ts';
import { type ElfFile, openElfFile, sectionNamed } from '../../linker/elf/file.ts';
import type { OtherFiles, SplitName } from './entries.ts';
import { buildId, isFile, SYSTEM_FOLDER } from './files.ts';
import { findInPackage } from './package.ts';
import { type DebugSections, sectionsOf } from './sections.ts';
import { splitIdOf } from './split-id.ts';

export function otherFiles(file: ElfFile, debug: ElfFile, folders: readonly string[]): OtherFiles {
  let packages: readonly ElfFile[] | undefined;
  return {
    supplement: () => findSupplement(debug, folders),
    split(name) {
      packages ??= openAll(packagePaths(file, debug, folders));
      for (const each of packages) {
        const found = findInPackage(each, name.id);
        if (found) return found;
      }
      return findSplit(file, folders, name);
    },
  };
}

/** dwp calls it as the program is called, with `.dwp` behind. */
function packagePaths(
  file: ElfFile,
  debug: ElfFile,
  folders: readonly string[],
): readonly string[] {
  const name = `${basename(file.path)}.dwp`;
  return [
    ...new Set([
      `${file.path}.dwp`,
      `${debug.path}.dwp`,
      ...folders.map((each) => join(each, name)),
    ]),
  ];
}

function findSplit(
  file: ElfFile,
  folders: readonly string[],
  { name, folder, id }: SplitName,
): DebugSections | undefined {
  const places = [...folders, dirname(file.path)];
  const paths = [
    ...(isAbsolute(name) || folder !== '' ? [resolve(folder, name)] : []),
    ...places.flatMap((each) => [join(each, name), join(each, basename(name))]),
  ];
  for (const other of openAll(paths)) {
    const sections = sectionsOf(other, '.dwo');
    if (splitIdOf(sections) === id) return sections;
  }
  return undefined;
}

/** The file that .gnu_debugaltlink names, or .debug_sup of DWARF 5. */
function findSupplement(debug: ElfFile, folders: readonly string[]): DebugSections | undefined {
  const link = gnuLink(debug) ?? standardLink(debug);
  if (!link) return undefined;
  const { name, id } = link;
  const paths = [
    resolve(dirname(debug.path), name),
    ...[...folders, SYSTEM_FOLDER].flatMap((folder) => [
      join(folder, basename(name)),
      join(folder, '.build-id', id.slice(0, 2), `${id.slice(2)}.debug`),
    ]),
  ];
  const found = openAll(paths).find((other) => (standardLink(other)?.id ?? buildId(other)) === id);
  return found && sectionsOf(found);
}

interface Link {
  readonly name: string;
  /** Hex digits: a build id, or the checksum of DWARF 5. */
  readonly id: string;
}

function gnuLink(file: ElfFile): Link | undefined {
  const section = sectionNamed(file, '.gnu_debugaltlink');
  const data = section ? Buffer.from(file.data(section)) : Buffer.alloc(0);
  const end = data.indexOf(0);
  if (end < 1) return undefined;
  return { name: data.subarray(0, end).toString(), id: data.subarray(end + 1).toString('hex') };
}

/** A version, whether it is the shared file itself, a name, and a checksum with its length (7.3.6). */
function standardLink(file: ElfFile): Link | undefined {
  const section = sectionNamed(file, '.debug_sup');
  const data = section ? Buffer.from(file.data(section)) : Buffer.alloc(0);
  const end = data.indexOf(0, 3);
  if (data.length < 5 || viewOf(data).getUint16(0, true) !== 5 || end < 0) return undefined;
  const length = data[end + 1] ?? 0;
  const id = data.subarray(end + 2, end + 2 + length).toString('hex');
  return { name: data.subarray(3, end).toString(), id };
}

function openAll(paths: readonly string[]): readonly ElfFile[] {
  return [...new Set(paths)].filter(isFile).flatMap((path) => {
    try {
      return [openElfFile(path)];
    } catch {
      // Of another kind, or damaged: it is not the file that is looked for.
      return [];
    }
  });
}
