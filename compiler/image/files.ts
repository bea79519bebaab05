/**
 * Files of a kernel, out of folders and Debian packages. Whatever is packed comes from elsewhere: a few kilobytes may
 * claim to be terabytes, so that nothing is unpacked to more than a kernel has.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { KernelDescriptionError } from '../kernel/error.ts';
import { beginsWith } from '../paths.ts';
import { LARGEST_IMAGE, tooLarge, unpack } from './unpack.ts';

/** Bytes. Debian's packages of a kernel have 0.4 GB, and their largest modules, those of graphics, 30 MB. */
export const MOST = { package: 2 ** 30, module: 2 ** 27, modules: 2 ** 33 } as const;
export type Limits = { readonly [What in keyof typeof MOST]: number };

/** What a Debian package begins with (deb(5)): an archive of `ar`. */
const PACKAGE = '!<arch>\n';

/**
 * Those of a folder, or of a package, which is unpacked to the folder `target`; any other file is a part of a kernel
 * itself. Throws KernelDescriptionError.
 */
export function filesOf(
  path: string,
  target: string,
  onProgress: (what: string) => void = () => undefined,
  limits: Limits = MOST,
): readonly string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new KernelDescriptionError(`there is no ${path}`);
  if (found.isDirectory()) return filesIn(path);
  if (!found.isFile()) throw new KernelDescriptionError(`${path} is no file`);
  if (/\.rpm$/.test(path))
    throw new KernelDescriptionError(
      `${path} is an RPM package: unpack it (\`rpm2cpio ${basename(path)} | cpio -id\`) and name the folder`,
    );
  if (!path.endsWith('.deb') && !beginsWith(path, PACKAGE)) return [path];
  onProgress(`unpacking ${basename(path)}`);
  unpackPackage(path, target, limits.package);
  return filesIn(target);
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Where a package has its kernel, its configuration and its modules. */
const WANTED = ['./boot', './lib/modules', './usr/lib/modules'] as const;

/** By way of the archive in it, whose size is what all of its files have. */
function unpackPackage(path: string, target: string, limit: number): void {
  const archive = `${target}.tar`;
  const no = (why: string) => new KernelDescriptionError(`${path} is no Debian package: ${why}`);
  mkdirSync(target, { recursive: true });
  const out = openSync(archive, 'wx', 0o600);
  try {
    const run = limited('dpkg-deb', ['--fsys-tarfile', path], limit, out);
    if (statSync(archive).size >= blocks(limit) * BLOCK)
      throw new KernelDescriptionError(`${path}: ${tooLarge(limit)}`);
    if (run.status !== 0) throw no(run.stderr.trim());
    const names = inArchive(archive);
    const flags = ['--no-same-owner', '--no-same-permissions'];
    const wanted = WANTED.filter((each) => names.has(each));
    if (wanted.length === 0) return;
    const untar = spawnSync('tar', ['-xf', archive, '-C', target, ...flags, ...wanted], {
      encoding: 'utf8',
    });
    if (untar.status !== 0) throw no(untar.error?.message ?? untar.stderr.trim());
  } finally {
    closeSync(out);
    rmSync(archive, { force: true });
  }
}

/** Folders at the top, as far as they are wanted: tar fails for names that are not there. */
function inArchive(archive: string): ReadonlySet<string> {
  const listed = spawnSync('tar', ['-tf', archive], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (listed.error || listed.status !== 0)
    throw new KernelDescriptionError(
      `the archive in the package is damaged: ${listed.error?.message ?? listed.stderr.trim()}`,
    );
  const lines = listed.stdout.split('\n');
  return new Set(WANTED.filter((each) => lines.some((line) => line.startsWith(`${each}/`))));
}

/** Of files that a shell's `ulimit -f` counts (POSIX). */
const BLOCK = 512;
const blocks = (bytes: number): number => Math.ceil(bytes / BLOCK);

/** Runs a program that can write no file of more bytes. */
function limited(
  program: string,
  flags: readonly string[],
  limit: number,
  out: number | 'ignore',
): { readonly status: number | null; readonly stderr: string } {
  const run = spawnSync(
    'sh',
    ['-c', `ulimit -f ${blocks(limit)} && exec "$@"`, 'sh', program, ...flags],
    { encoding: 'utf8', stdio: ['ignore', out, 'pipe'] },
  );
  if (run.status === 127)
    throw new KernelDescriptionError(`${program}, which unpacks it, is not installed`);
  return { status: run.status, stderr: run.stderr ?? '' };
}

/** A file of a kernel, whole: a hole in a file costs its maker nothing, and whoever reads it much. */
export function readPart(file: string, limit: number = LARGEST_IMAGE): Buffer {
  if (statSync(file).size > limit) throw new KernelDescriptionError(tooLarge(limit));
  return readFileSync(file);
}

export interface ModuleFile {
  /** With `_` for each `-` of the file. */
  readonly name: string;
  readonly file: string;
}

const PACKED = { '.xz': ['xz', '-dfkqq'], '.zst': ['zstd', '-dfkqq'] } as const;
/** So many are unpacked by one run of the program: thousands of runs would take half a minute. */
const FILES_A_RUN = 64;

/** Modules among the files, by their names. */
export function modulesAmong(files: readonly string[]): readonly ModuleFile[] {
  return files.flatMap((file) => {
    const [, name] = /^(.+)\.ko(?:\.(?:xz|zst|gz))?$/.exec(basename(file)) ?? [];
    return name === undefined ? [] : [{ name: name.replaceAll('-', '_'), file }];
  });
}

/**
 * What is in the files, unpacked, a few at a time: all of them are half a gigabyte. `read` names the file in what it
 * throws. Throws KernelDescriptionError.
 */
export function* unpackedModules(
  modules: readonly ModuleFile[],
  read: (file: string, unpack: () => Buffer) => Buffer,
  limits: Limits = MOST,
): Generator<{ readonly name: string; readonly bytes: Buffer }> {
  let total = 0;
  for (let from = 0; from < modules.length; from += FILES_A_RUN) {
    const some = modules.slice(from, from + FILES_A_RUN);
    const plain = unpackAll(
      some.map(({ file }) => file),
      limits.module,
    );
    try {
      for (const { name, file } of some) {
        const bytes = read(file, () => {
          const found = unpack(readPart(plain.get(file) ?? file, limits.module), limits.module);
          total += found.length;
          if (total > limits.modules)
            throw new KernelDescriptionError(
              `with it, all modules have more than ${limits.modules} bytes`,
            );
          return found;
        });
        yield { name, bytes };
      }
    } finally {
      for (const file of plain.values()) rmSync(file, { force: true });
    }
  }
}

/** Unpacks into the folder of the package, which is ours; what fails is unpacked by itself, and says why. */
function unpackAll(files: readonly string[], limit: number): ReadonlyMap<string, string> {
  const plain = new Map<string, string>();
  for (const [ending, [program, flags]] of Object.entries(PACKED)) {
    const packed = files.filter((file) => file.endsWith(ending) && file.startsWith(tmpdir()));
    if (packed.length === 0) continue;
    if (limited(program, [flags, ...packed], limit, 'ignore').status !== 0) continue;
    for (const file of packed) plain.set(file, file.slice(0, -ending.length));
  }
  return plain;
}
