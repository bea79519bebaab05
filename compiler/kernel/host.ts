/** The running kernel, or a copy of its files, as the sources of a description. Files are read when asked for. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { placeOf } from '../../linker/btf/join.ts';
import { ELF_MACHINES, ElfError } from '../../linker/elf/elf.ts';
import { openElfFile } from '../../linker/elf/file.ts';
import type { KernelSources } from './description.ts';
import { KernelDescriptionError, reasonOf, UndescribedError } from './error.ts';
import { type ModuleSource, plainModules } from './modules.ts';
import { hostBtf, machine, RUNNING_TYPES } from './running.ts';
import { parseFormat, type TracepointSource } from './tracepoints.ts';
import { wildcard } from './wildcard.ts';

export interface HostFiles {
  readonly release: string;
  /** As `uname -m` says. */
  readonly arch: string;
  /** Raw BTF of vmlinux. */
  readonly btf: string;
  /**
   * Where tracefs may be mounted, or a copy of its `events` and `available_filter_functions`; undefined where there is
   * none to be had.
   */
  readonly tracing: readonly string[] | undefined;
  /** C headers with the numbers of system calls: `#define __NR_read 0`. */
  readonly syscalls: readonly string[];
  /** Where each loaded module has its BTF, by its name. */
  readonly modules?: string | undefined;
  /** Files that may hold the configuration, also gzipped; and one with symbols, as /proc/kallsyms or System.map. */
  readonly config?: readonly string[] | undefined;
  readonly symbols?: string | undefined;
}

/** C headers that may be here with the system calls of a machine; those of another one come with its C library. */
export function syscallHeaders(arch: string): readonly string[] {
  const header = `/usr/include/${arch}-linux-gnu/asm/unistd_64.h`;
  return arch === machine() ? ['/usr/include/asm/unistd_64.h', header] : [header];
}

export function hostFiles(): HostFiles {
  const btf = hostBtf();
  const running = release();
  return {
    release: running,
    arch: machine(),
    btf,
    tracing: ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'],
    syscalls: syscallHeaders(machine()),
    // Types of modules count on from those of the kernel itself: another file's are others.
    modules: btf === join(RUNNING_TYPES, 'vmlinux') ? RUNNING_TYPES : undefined,
    config: ['/proc/config.gz', `/boot/config-${running}`, `/lib/modules/${running}/config`],
    symbols: '/proc/kallsyms',
  };
}

export interface KernelImage {
  /** An uncompressed vmlinux, or a file of raw BTF. */
  readonly file: string;
  /** A copy of tracefs. */
  readonly tracing?: string | undefined;
  /** What the file does not say. */
  readonly release?: string | undefined;
  readonly arch?: string | undefined;
  readonly config?: string | undefined;
  readonly symbols?: string | undefined;
}

/**
 * The files of a kernel that need not run. A vmlinux says itself which it is; of raw BTF one has to say it. Throws
 * KernelDescriptionError.
 */
export function imageFiles(image: KernelImage): HostFiles {
  const { file, tracing, release, arch, config, symbols } = image;
  const known = release !== undefined && arch !== undefined ? undefined : identify(file);
  const own = { release: release ?? known?.release, arch: arch ?? known?.arch };
  const missing = [
    ...(own.release === undefined ? ['--release'] : []),
    ...(own.arch === undefined ? ['--arch'] : []),
  ];
  if (own.release === undefined || own.arch === undefined)
    throw new KernelDescriptionError(
      `${file} does not say which kernel it is of: name it with ${missing.join(' and ')}`,
    );
  return {
    release: own.release,
    arch: own.arch,
    btf: file,
    tracing: tracing === undefined ? undefined : [tracing],
    syscalls: syscallHeaders(own.arch),
    config: config === undefined ? undefined : [config],
    symbols,
  };
}

/** What a vmlinux says of itself: its banner (init/version.c) stands among its constants. */
function identify(
  file: string,
): { readonly release: string | undefined; readonly arch: string | undefined } | undefined {
  try {
    const elf = openElfFile(file);
    const constants = elf.sections.find(({ name }) => name === '.rodata');
    const text = constants ? Buffer.from(elf.data(constants)).toString('latin1') : '';
    return {
      release: /Linux version ([\w.+~-]+) /.exec(text)?.[1],
      arch: ELF_MACHINES.get(elf.machine),
    };
  } catch (error) {
    if (error instanceof ElfError) return undefined;
    throw unreadable(file, error, 'a vmlinux, or its BTF');
  }
}

export function hostSources(files: HostFiles): KernelSources {
  return {
    release: files.release,
    arch: files.arch,
    btf: () => rawBtf(files.btf),
    tracepoints: tracefsSource(files.tracing ?? []),
    functions: () => traceableFunctions(files.tracing ?? []),
    functionModules: (name) => functionModules(files.tracing ?? [], name),
    moduleFunctions: (module, pattern) => moduleFunctions(files.tracing ?? [], module, pattern),
    syscalls: () => systemCalls(files.syscalls),
    config: () => configText(files.config ?? []),
    symbols: () => (files.symbols === undefined ? undefined : symbolNames(files.symbols)),
    modules: files.modules === undefined ? undefined : moduleFiles(files.modules, files.btf),
  };
}

/** The BTF of modules, each in a file of its name. */
function moduleFiles(folder: string, kernel: string): ModuleSource {
  return plainModules(
    () =>
      exists(folder)
        ? readdirSync(folder)
            .filter((name) => name !== 'vmlinux')
            .sort()
        : [],
    (module) => {
      try {
        return /^\w+$/.test(module) ? readFileSync(join(folder, module)) : undefined;
      } catch {
        // It has been unloaded, or never was there.
        return undefined;
      }
    },
    () => placeOf(rawBtf(kernel)).textSize,
  );
}

/** The first of the files that is there, unpacked. */
export function configText(files: readonly string[]): string | undefined {
  const file = files.find(exists);
  if (file === undefined) return undefined;
  const bytes = read(file, 'it is a configuration of a kernel');
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { maxOutputLength: 1 << 24 }).toString('utf8');
  } catch (error) {
    throw new KernelDescriptionError(`${file} cannot be unpacked: ${reasonOf(error)}`);
  }
}

/**
 * Names of `address type name [module]` lines, sorted, each once. Addresses are hidden from most users, names are not.
 * What has only been loaded for a while, as BPF programs, is none of the kernel's.
 */
export function symbolNames(file: string): string | undefined {
  if (!exists(file)) return undefined;
  const text = read(file, 'it has a line for each symbol').toString('latin1');
  const found = [
    ...text.matchAll(/^[0-9a-f]+ [A-Za-z] ([\w.$]+)(?![^\n]*\[(?:bpf|__builtin__\w+)\]$)/gm),
  ];
  return sortedLines(found.map(([, name = '']) => name));
}

function read(file: string, hint: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, error, hint);
  }
}

function unreadable(file: string, error: unknown, hint: string): KernelDescriptionError {
  return new UndescribedError(`cannot read ${file}: ${reasonOf(error)} (${hint})`);
}

/** The file itself, or section .BTF of an ELF file such as an uncompressed vmlinux. */
function rawBtf(file: string): Buffer {
  const hint = 'the kernel was built without BTF (CONFIG_DEBUG_INFO_BTF)';
  try {
    const elf = openElfFile(file);
    const section = elf.sections.find(({ name }) => name === '.BTF');
    if (section) return Buffer.from(elf.data(section));
  } catch (error) {
    // Any other file is BTF, or fails as such.
    if (!(error instanceof ElfError)) throw unreadable(file, error, hint);
  }
  return read(file, hint);
}

/** The first of the folders that has `events`. */
function tracefs(folders: readonly string[]): string {
  const reasons: string[] = [];
  for (const folder of folders) {
    try {
      statSync(join(folder, 'events'));
      return folder;
    } catch (error) {
      reasons.push(`${folder}: ${reasonOf(error)}`);
    }
  }
  throw new UndescribedError(
    `cannot read the kernel's tracepoints (${reasons.join('; ')}): as root, ` +
      '`mount -t tracefs tracefs /sys/kernel/tracing`, or name a kernel description',
  );
}

function tracefsSource(folders: readonly string[]): TracepointSource {
  const isName = (name: string) => /^[\w.-]+$/.test(name);
  return {
    match(category, event) {
      const events = join(tracefs(folders), 'events');
      const matching = (folder: string, pattern: string): readonly string[] => {
        const matches = wildcard(pattern);
        return readdirSync(folder, { withFileTypes: true })
          .filter((entry) => entry.isDirectory() && matches.test(entry.name))
          .map((entry) => entry.name);
      };
      return matching(events, category)
        .flatMap((found) =>
          matching(join(events, found), event)
            .filter((name) => exists(join(events, found, name, 'format')))
            .map((name) => `${found}:${name}`),
        )
        .sort();
    },
    fields(category, event) {
      if (!isName(category) || !isName(event)) return undefined;
      const file = join(tracefs(folders), 'events', category, event, 'format');
      if (!exists(file)) return undefined;
      return parseFormat(read(file, 'reading tracefs needs root').toString('utf8'));
    },
  };
}

/** Also false for what stands in a folder that this user may not look into. */
function exists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** Lines of functions of vmlinux and modules: `name [module]`. */
function traceableLines(folders: readonly string[]): readonly string[] {
  const file = join(tracefs(folders), 'available_filter_functions');
  const hint = 'it needs root, and a kernel that is not locked down';
  return read(file, hint).toString('utf8').split('\n');
}

/** undefined where the kernel, or this user's rights, hide its functions. */
function functionModules(folders: readonly string[], name: string): readonly string[] | undefined {
  try {
    const modules = traceableLines(folders).flatMap((line) => {
      const [found, module] = line.split(/\s/, 2);
      return found === name && module ? [module.slice(1, -1)] : [];
    });
    return [...new Set(modules)].sort();
  } catch (error) {
    if (error instanceof KernelDescriptionError) return undefined;
    throw error;
  }
}

function moduleFunctions(
  folders: readonly string[],
  module: string,
  pattern: string,
): readonly string[] {
  const [isModule, isFunction] = [wildcard(module), wildcard(pattern)];
  const names = traceableLines(folders).flatMap((line) => {
    const [name = '', owner = '[vmlinux]'] = line.split(/\s/, 2);
    const own = owner.slice(1, -1);
    return isFunction.test(name) && isNamed(name) && isModule.test(own) ? [`${own}:${name}`] : [];
  });
  return [...new Set(names)].sort();
}

/** Placeholders of functions that were dropped after the kernel was linked are none. */
function isNamed(name: string): boolean {
  return name !== '' && !name.startsWith('__ftrace_invalid_address__');
}

/** Names, sorted, each once. */
function traceableFunctions(folders: readonly string[]): string {
  const names = traceableLines(folders)
    .map((line) => line.split(/\s/, 1)[0] ?? '')
    .filter(isNamed);
  return sortedLines(names);
}

/** Numbers are ABI, so any header of the architecture has them. Without one there are none. */
export function systemCalls(headers: readonly string[]): string {
  const header = headers.find(exists);
  if (header === undefined) return '';
  const text = read(header, 'it belongs to the C library').toString('utf8');
  const definitions = text.matchAll(/^#define __NR_(\w+)\s+(\d+)\s*$/gm);
  return sortedLines([...definitions].map(([, name, number]) => `${name} ${number}`));
}

/** A line for each, sorted, each once. */
export function sortedLines(all: Iterable<string>): string {
  return [...new Set(all)]
    .sort()
    .map((line) => `${line}\n`)
    .join('');
}
