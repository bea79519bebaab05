/**
 * Files that uprobe and usdt paths name, found as the loader finds them (loader/src/binary/path.c, files.c):
 * bare names are those of programs in PATH and of libraries in the linker's cache.
 */
import { accessSync, constants, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { patternText } from '../kernel/tracepoints.ts';

export interface BinaryFile {
  /** Where it is read. */
  readonly path: string;
  /** What probes call it. */
  readonly shown: string;
}

const LIBRARY_CACHE = '/etc/ld.so.cache';
const ARCHITECTURE = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const LIBRARY_FOLDERS = [
  ...[`/lib/${ARCHITECTURE}`, `/usr/lib/${ARCHITECTURE}`],
  ...['/lib64', '/usr/lib64', '/lib', '/usr/lib', '/usr/local/lib'],
];
/** Where PATH is not set. */
const PROGRAM_FOLDERS = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** The files of a path or a pattern of paths, links resolved; none where there are none. */
export function findBinaries(path: string): readonly BinaryFile[] {
  const found = path.includes('*') ? matching(path) : named(path);
  const real = found.flatMap((file) => {
    try {
      return [realpathSync(file)];
    } catch {
      return [];
    }
  });
  return [...new Set(real)].map((file) => ({ path: file, shown: file }));
}

/** The files that a process has mapped as code. Throws what node:fs throws where it may not be looked at. */
export function mappedBinaries(pid: number): readonly BinaryFile[] {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const files = new Map<string, BinaryFile>();
  for (const line of maps.split('\n')) {
    const match = /^(\S+) (\S+) \S+ \S+ (\d+) +(\/.*?)( \(deleted\))?$/.exec(line);
    if (!match) continue;
    const [, addresses = '', permissions = '', inode = '', shown = '', deleted] = match;
    if (!permissions.includes('x') || files.has(inode)) continue;
    const path = `/proc/${pid}/root${shown}`;
    // Another file has its name now, or none: the process still holds it open.
    const held = deleted !== undefined || inodeOf(path) !== inode;
    files.set(inode, { path: held ? `/proc/${pid}/map_files/${addresses}` : path, shown });
  }
  return [...files.values()];
}

function inodeOf(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino.toString();
}

function named(name: string): readonly string[] {
  if (name.includes('/')) return isFile(name) ? [name] : [];
  const program = programFolders()
    .map((folder) => join(folder, name))
    .find((path) => isFile(path) && isExecutable(path));
  if (program !== undefined) return [program];
  const library = cachedLibraries().find(({ key, path }) => isLibrary(key, name) && isFile(path));
  if (library) return [library.path];
  const candidates = LIBRARY_FOLDERS.flatMap((folder) => [
    join(folder, name),
    join(folder, `${name}.so`),
  ]);
  return candidates.filter(isFile).slice(0, 1);
}

/** As in a shell: `*` stands for part of a name, and hidden files have to be asked for. */
function matching(pattern: string): readonly string[] {
  if (pattern.startsWith('/')) return walk('/', pattern.slice(1).split('/'));
  if (pattern.includes('/')) return walk('', pattern.split('/'));
  return [...programFolders(), ...LIBRARY_FOLDERS].flatMap((folder) =>
    walk(`${folder}/`, [pattern]),
  );
}

function walk(folder: string, [part = '', ...rest]: readonly string[]): readonly string[] {
  const enter = (name: string): readonly string[] => {
    const path = `${folder}${name}`;
    if (rest.length > 0) return walk(`${path}/`, rest);
    return isFile(path) ? [path] : [];
  };
  if (!part.includes('*')) return enter(part);
  const matches = new RegExp(`^${patternText(part)}$`);
  return namesIn(folder === '' ? '.' : folder)
    .filter((name) => matches.test(name) && (!name.startsWith('.') || part.startsWith('.')))
    .flatMap(enter);
}

/** Folders that are not there or not ours to read hold no matches. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function programFolders(): readonly string[] {
  return (process.env.PATH ?? PROGRAM_FOLDERS).split(':').map((folder) => folder || '.');
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `libc` is `libc.so.6`. */
function isLibrary(key: string, name: string): boolean {
  return key === name || key.startsWith(`${name}.so`);
}

/** Flags of 64-bit libraries (glibc, sysdeps/generic/ldconfig.h), by what Node calls the architecture. */
const CACHE_FLAGS: Readonly<Record<string, number>> = { x64: 0x0303, arm64: 0x0a03 };

/** Header and entries of glibc's sysdeps/generic/dl-cache.h; empty on systems without it. */
function cachedLibraries(): readonly { readonly key: string; readonly path: string }[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(LIBRARY_CACHE);
  } catch {
    return [];
  }
  const [header, entry] = [48, 24];
  if (bytes.length < header || !bytes.toString('latin1', 0, 17).startsWith('glibc-ld.so.cache'))
    return [];
  const text = (offset: number) =>
    bytes.toString('utf8', offset, Math.max(offset, bytes.indexOf(0, offset)));
  const count = Math.min(bytes.readUInt32LE(20), Math.floor((bytes.length - header) / entry));
  const wanted = CACHE_FLAGS[process.arch] ?? 0x0003;
  return Array.from({ length: count }, (_, index) => header + index * entry)
    .filter((at) => bytes.readInt32LE(at) === wanted)
    .map((at) => ({
      key: text(bytes.readUInt32LE(at + 4)),
      path: text(bytes.readUInt32LE(at + 8)),
    }));
}
