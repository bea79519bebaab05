/**
 * Files that uprobe and usdt paths name, found as the loader finds them (loader/src/binary/path.c, files.c):
 * bare names are those of programs in PATH and of libraries in the linker's cache.
 */
import {
  accessSync,
  type BigIntStats,
  constants,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { wildcard } from '../kernel/wildcard.ts';

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

/**
 * The files of a path or a pattern of paths, each once; none where there are none. With the number of a process that
 * has another root, absolute paths and bare names are those of that process, but those of /proc/PID, which are ours.
 */
export function findBinaries(path: string, pid?: number): readonly BinaryFile[] {
  const root = pid === undefined ? '' : rootOf(pid);
  const found = path.includes('*') ? matching(root, path) : named(root, path);
  const files = new Map<string, BinaryFile>();
  for (const { path: at, shown, info } of found) {
    const key = `${info.dev}:${info.ino}`;
    if (!files.has(key)) files.set(key, { path: at, shown });
  }
  return [...files.values()];
}

/** `/proc/PID/root` of a process that sees other mounts than we do, or another root; else the empty text. */
function rootOf(pid: number): string {
  const root = `/proc/${pid}/root`;
  const isOurs = isSame('/proc/self/ns/mnt', `/proc/${pid}/ns/mnt`) && isSame('/', root);
  return isOurs ? '' : root;
}

function isSame(one: string, other: string): boolean {
  const [ours, theirs] = [look(one), look(other)];
  // What cannot be looked at is taken for the same.
  return !ours || !theirs || (ours.dev === theirs.dev && ours.ino === theirs.ino);
}

/** The files that a process has mapped as code. Throws what node:fs throws where it may not be looked at. */
export function mappedBinaries(pid: number): readonly BinaryFile[] {
  const root = rootOf(pid);
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const files = new Map<string, BinaryFile>();
  for (const line of maps.split('\n')) {
    const match = /^(\S+) (\S+) \S+ \S+ (\d+) +(\/.*?)( \(deleted\))?$/.exec(line);
    if (!match) continue;
    const [, addresses = '', permissions = '', inode = '', shown = '', deleted] = match;
    if (!permissions.includes('x') || files.has(inode)) continue;
    const path = `${root}${shown}`;
    // Another file has its name now, or none: the process still holds it open.
    const held = deleted !== undefined || inodeOf(path) !== inode;
    files.set(inode, { path: held ? `/proc/${pid}/map_files/${addresses}` : path, shown });
  }
  return [...files.values()];
}

function inodeOf(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino.toString();
}

type Found = BinaryFile & { readonly info: BigIntStats };

/**
 * `/proc/PID/root` and its like are links that lead to files themselves, which need not have the name that readlink
 * gives (loader/src/binary/process_path.c): what stands behind them, and what links mean there.
 */
const PROCESS = /^\/+proc\/+(?:\d+|self|thread-self)\/+(?:task\/+\d+\/+)?/;

/** Splits `/proc/PID/root/REST`. */
function splitRoot(root: string, path: string): { readonly root: string; readonly path: string } {
  const process = PROCESS.exec(path)?.[0];
  if (process === undefined) return path.startsWith('/') ? { root, path } : { root: '', path };
  const rest = path.slice(process.length);
  return /^root(?=\/|$)/.test(rest)
    ? { root: `${process}root`, path: rest.slice('root'.length) }
    : { root: '', path };
}

/** The regular file at a path below `root` (empty: ours), links followed as they are meant there. */
function open(within: string, path: string): Found | undefined {
  const at = placeOf(within, path);
  const info = at === undefined ? undefined : look(at);
  return at !== undefined && info?.isFile() ? { path: at, shown: path, info } : undefined;
}

/** Where what `path` means below a root can be reached; undefined where it is not there. */
function placeOf(within: string, path: string): string | undefined {
  const { root, path: rest } = splitRoot(within, path);
  return root === '' ? rest : followed(root, rest);
}

/** As many as the kernel follows (MAXSYMLINKS, include/linux/namei.h). */
const MOST_LINKS = 40;

/** Absolute links mean paths below the root, and nothing leads out of it. */
function followed(root: string, path: string): string | undefined {
  let parts: readonly string[] = path.split('/');
  let place: readonly string[] = [];
  let links = 0;
  while (parts.length > 0) {
    const [part = '', ...rest] = parts;
    parts = rest;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      place = place.slice(0, -1);
      continue;
    }
    const target = linkAt([root, ...place, part].join('/'));
    if (target === undefined) {
      place = [...place, part];
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) return undefined;
    if (target.startsWith('/')) place = [];
    parts = [...target.split('/'), ...parts];
  }
  return [root, ...place].join('/');
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function named(root: string, name: string): readonly Found[] {
  if (name.includes('/')) return first([name], (path) => open(root, path));
  const programs = programFolders().map((folder) => join(folder, name));
  const libraries = cachedLibraries(root).filter(({ key }) => isLibrary(key, name));
  const candidates = LIBRARY_FOLDERS.flatMap((folder) => [
    join(folder, name),
    join(folder, `${name}.so`),
  ]);
  const program = first(programs, (path) => {
    const found = open(root, path);
    return found && isExecutable(found.path) ? found : undefined;
  });
  if (program.length > 0) return program;
  return first([...libraries.map(({ path }) => path), ...candidates], (path) => open(root, path));
}

function first(
  paths: readonly string[],
  find: (path: string) => Found | undefined,
): readonly Found[] {
  for (const path of paths) {
    const found = find(path);
    if (found) return [found];
  }
  return [];
}

/** As in a shell: `*` stands for part of a name, and hidden files have to be asked for. */
function matching(root: string, pattern: string): readonly Found[] {
  if (pattern.startsWith('/')) return walk(root, '/', pattern.slice(1).split('/'));
  if (pattern.includes('/')) return walk('', '', pattern.split('/'));
  return [...programFolders(), ...LIBRARY_FOLDERS].flatMap((folder) =>
    walk(root, `${folder}/`, [pattern]),
  );
}

function walk(
  root: string,
  folder: string,
  [part = '', ...rest]: readonly string[],
): readonly Found[] {
  const enter = (name: string): readonly Found[] => {
    const path = `${folder}${name}`;
    if (rest.length > 0) return walk(root, `${path}/`, rest);
    const found = open(root, path);
    return found ? [found] : [];
  };
  if (!part.includes('*')) return enter(part);
  const matches = wildcard(part);
  return namesIn(placeOf(root, folder === '' ? './' : folder))
    .filter((name) => matches.test(name) && (!name.startsWith('.') || part.startsWith('.')))
    .flatMap(enter);
}

/** Folders that are not there or not ours to read hold no matches. */
function namesIn(folder: string | undefined): readonly string[] {
  try {
    return folder === undefined ? [] : readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function programFolders(): readonly string[] {
  return (process.env.PATH ?? PROGRAM_FOLDERS).split(':').map((folder) => folder || '.');
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
function cachedLibraries(root: string): readonly { readonly key: string; readonly path: string }[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(placeOf(root, LIBRARY_CACHE) ?? LIBRARY_CACHE);
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
