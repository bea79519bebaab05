/**
 * Objects of scripts that were run before, in the user's cache folder: a script that is as it was, on a kernel that is as
 * it was, is not compiled again. Of a script nothing may have been told and nothing else read: no imports, C or programs.
 *
 * An object is run with the rights of whoever runs the script, so nobody else may have written it, and it has to say what
 * it was made of: a file of the folder may have been moved to the name of another.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir, version as kernelVersion, release } from 'node:os';
import { join } from 'node:path';
import type { Compilation } from '../compile.ts';
import { isDescriptionError } from '../kernel/error.ts';
import { descriptionFile } from '../kernel/named.ts';
import { hostBtf, RUNNING_TYPES } from '../kernel/running.ts';
import { addonFile } from '../llvm/backend.ts';
import type { Source } from '../source/source.ts';
import { version } from './version.ts';

/** All that an object is made of, where the script reads no other files. */
export interface Made {
  readonly source: Source;
  readonly kernels: readonly string[];
  readonly arch: string | undefined;
  readonly unsafe: boolean;
  readonly allowRun: boolean;
  readonly reportsHelpers: boolean;
}

/** What is kept. */
export interface Kept {
  readonly object: Uint8Array;
  /** Paths that it writes to: who reads them in the object opens half of the linker. */
  readonly writes: readonly string[];
}

export interface ObjectCache {
  /** What was kept, if there is something. */
  find(): Kept | undefined;
  keep(kept: Kept, compilation: Compilation): void;
}

/** More than that, and the objects that were not used for the longest time go. */
const MOST_OBJECTS = 100;
const MOST_BYTES = 32 << 20;
const HOUR = 3_600_000;

/** Without a folder of the user's, or a kernel that can be named, nothing is found or kept. */
export function openCache(made: Made, folder = cacheFolder()): ObjectCache {
  const key = keyOf(made);
  if (key === undefined) return { find: () => undefined, keep: () => undefined };
  const path = join(folder, `${key}.o`);
  return {
    find() {
      const kept = readOwn(path);
      const head = kept?.subarray(0, HEAD_LENGTH).toString('latin1');
      if (!kept || head !== headOf(key, kept)) return undefined;
      // A cache that cannot be written to still has what is in it.
      attempt(() => utimesSync(path, new Date(), new Date()));
      return unpack(kept.subarray(HEAD_LENGTH));
    },
    keep(kept, compilation) {
      if (!standsAlone(compilation)) return;
      attempt(() => {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const temporary = join(folder, `.${process.pid}.tmp`);
        writeFileSync(temporary, pack(key, kept), { flag: 'wx', mode: 0o600 });
        renameSync(temporary, path);
        makeRoom(folder);
      });
    },
  };
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bpfscript', 'objects');
}

/** The cache saves time and nothing else: where it cannot be used, scripts are compiled. */
function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

/** Before what is kept. */
const HEAD_LENGTH = 'bpfscript  \n'.length + 2 * 64;

/** `file` has what is kept behind the head. */
function headOf(key: string, file: Buffer): string {
  return `bpfscript ${key} ${digest(file.subarray(HEAD_LENGTH))}\n`;
}

/** A line with the paths, as JSON, and the object. */
function pack(key: string, { object, writes }: Kept): Buffer {
  const room = Buffer.alloc(HEAD_LENGTH);
  const file = Buffer.concat([room, Buffer.from(`${JSON.stringify(writes)}\n`), object]);
  file.write(headOf(key, file), 'latin1');
  return file;
}

function unpack(bytes: Buffer): Kept {
  const end = bytes.indexOf('\n');
  const writes: readonly string[] = JSON.parse(bytes.subarray(0, end).toString());
  return { writes, object: bytes.subarray(end + 1) };
}

function digest(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A plain file that this user wrote, and nobody else can. */
function readOwn(path: string): Buffer | undefined {
  return attempt(() => {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { uid, mode, size } = fstatSync(file);
      const isOwn = (mode & constants.S_IFMT) === constants.S_IFREG && uid === process.geteuid?.();
      if (!isOwn || (mode & 0o022) !== 0 || size > MOST_BYTES) return undefined;
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  });
}

/** Nothing to tell, and made of the script, the standard library and the kernel alone. */
function standsAlone({ sources, diagnostics, ast, typed }: Compilation): boolean {
  if (diagnostics.length > 0 || !ast || !typed || typed.takesParameters) return false;
  const isAlone = sources.files().every((file) => file === sources.main || file.library === true);
  const ownPrograms = typed.probes.some(({ target }) => READS_PROGRAMS.has(target.provider));
  return isAlone && !ownPrograms && ast.preamble.length === 0 && ast.imports.length === 0;
}

/** Providers whose targets the compiler looks for in files or, of fentry and fexit, among programs in the kernel. */
const READS_PROGRAMS: ReadonlySet<string> = new Set([
  ...['uprobe', 'uretprobe', 'usdt', 'fentry', 'fexit'],
]);

function keyOf({ kernels, ...made }: Made): string | undefined {
  const known = kernels.map(identityOf);
  if (known.includes(undefined)) return undefined;
  const settings = Object.entries(process.env).filter(([name]) => name.startsWith('BPFTRACE_'));
  const files = readdirSync(import.meta.dirname).map((name) => join(import.meta.dirname, name));
  const compiler = [version(), ...[...files.sort(), addonFile('backend')].map(stampOf)];
  return digest(JSON.stringify([compiler, known, made, settings.sort()]));
}

/** Which kernel a description is of; undefined where there is none. The running one: until it boots or gets modules. */
function identityOf(which: string): unknown {
  if (which !== 'host') {
    try {
      return stampOf(descriptionFile(which));
    } catch (error) {
      if (isDescriptionError(error)) return undefined;
      throw error;
    }
  }
  return attempt(() => [
    ...[release(), kernelVersion(), readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')],
    ...[process.geteuid?.(), stampOf(hostBtf()), readdirSync(RUNNING_TYPES).sort()],
    attempt(() => digest(readFileSync('/sys/kernel/tracing/available_events'))),
  ]);
}

/** Another one when the file was written anew. */
function stampOf(path: string): readonly unknown[] {
  const { dev, ino, size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return [path, dev, ino, size, mtimeMs];
}

/** Removes what is too much, and what somebody began to write an hour ago and never ended. */
function makeRoom(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => /^\.\d+\.tmp$/.test(each))) {
    const { mtimeMs = 0 } = statSync(join(folder, name), { throwIfNoEntry: false }) ?? {};
    if (mtimeMs < Date.now() - HOUR) rmSync(join(folder, name), { force: true });
  }
  const objects = readdirSync(folder)
    .filter((name) => /^[0-9a-f]{64}\.o$/.test(name))
    .flatMap((name) => {
      const found = statSync(join(folder, name), { throwIfNoEntry: false });
      return found ? [{ name, size: found.size, used: found.mtimeMs }] : [];
    })
    .sort((one, other) => other.used - one.used);
  let bytes = 0;
  for (const [index, { name, size }] of objects.entries()) {
    bytes += size;
    if (index >= MOST_OBJECTS || bytes > MOST_BYTES) rmSync(join(folder, name), { force: true });
  }
}
