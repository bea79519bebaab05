/** A description of a kernel in packages of a distribution, or in a folder with their files: nothing is booted. */
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { placeOf } from '../../linker/btf/join.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import { type CaptureReport, encodeDescription } from '../kernel/capture.ts';
import { KernelDescriptionError } from '../kernel/error.ts';
import type { SectionName } from '../kernel/file.ts';
import {
  configText,
  sortedLines,
  symbolNames,
  syscallHeaders,
  systemCalls,
} from '../kernel/host.ts';
import { encodeModules, type ModuleBtf } from '../kernel/modules.ts';
import { withTemporaryFolder } from '../paths.ts';
import { eventLines } from './events.ts';
import { filesOf, modulesAmong, readPart, unpackedModules } from './files.ts';
import { btfOf, type KernelMemory, openImage, releaseOf } from './image.ts';
import { type KernelSymbol, readKallsyms } from './kallsyms.ts';
import type { Memory } from './memory.ts';
import { readModule } from './module.ts';

export interface PackageOptions extends CaptureReport {
  /** Those that are described, by their names; all without it. */
  readonly modules?: ReadonlySet<string>;
  /** What is being done, for people who wait. */
  readonly onProgress?: (what: string) => void;
}

/**
 * The description of the kernel in Debian packages, folders or single files, of which one has its image. Throws
 * KernelDescriptionError.
 */
export function capturePackages(
  paths: readonly string[],
  options: PackageOptions = {},
): { readonly release: string; readonly arch: string; readonly bytes: Uint8Array } {
  return withTemporaryFolder((work) => {
    const files = paths.flatMap((path, index) =>
      filesOf(path, join(work, String(index)), options.onProgress),
    );
    return captureFiles(files, paths, options);
  });
}

const isImage = (file: string): boolean => /^(vmlinuz|vmlinux|Image)/.test(basename(file));

/** The kernel that boots, of a package, of a folder with its files, or of its own file. Throws KernelDescriptionError. */
export function bootableImage(path: string): Uint8Array {
  return withTemporaryFolder((work) => {
    const files = filesOf(path, join(work, '0'));
    const image = files.length === 1 ? files[0] : files.find(isImage);
    if (image !== undefined) return readPart(image);
    throw new KernelDescriptionError(`there is no vmlinuz in ${path}`);
  });
}

/** `paths` are what the user named. */
function captureFiles(files: readonly string[], paths: readonly string[], options: PackageOptions) {
  const images = files.filter(isImage);
  const [image] = images;
  if (image === undefined)
    throw new KernelDescriptionError(`there is no vmlinuz in ${paths.join(', ')}`);
  if (images.length > 1)
    throw new KernelDescriptionError(`there are several kernels: ${images.join(', ')}`);
  options.onProgress?.('reading the kernel');
  const kernel = namedAfter(image, () => openImage(readPart(image)));
  const btf = namedAfter(image, () => btfOf(kernel));
  const release = releaseOf(kernel);
  if (release === undefined)
    throw new KernelDescriptionError(`${image} does not say which kernel it is`);
  const known = readKallsyms(kernel.memory);
  if (!known)
    options.onMissing?.(
      'tracepoints, functions and symbols',
      'no table of symbols was found in it',
    );
  const types = readBtf(btf);
  const modules: ModuleBtf[] = [];
  const events = known ? namedAfter(image, () => [...kernelEvents(kernel, known, types)]) : [];
  let others = 0;
  const wanted = modulesAmong(files).filter(({ name }) => options.modules?.has(name) ?? true);
  let read = 0;
  for (const { name, bytes } of unpackedModules(wanted, namedAfter)) {
    if (read % 100 === 0) options.onProgress?.(`reading modules: ${read} of ${wanted.length}`);
    read += 1;
    const found = namedAfter(name, () => readModule(bytes, types));
    if (found.release !== undefined && found.release !== release) {
      others += 1;
      continue;
    }
    if (found.btf) modules.push({ name, btf: found.btf });
    events.push(...found.events);
  }
  if (others > 0)
    options.onMissing?.(`${others} modules`, `they are of another kernel than ${release}`);
  options.onProgress?.('compressing');
  const map = files.find(
    (file) => /^System\.map/.test(basename(file)) && statSync(file).size > 4096,
  );
  const { arch } = kernel;
  const sources = {
    release,
    arch,
    btf: () => btf,
    functions: () => tracedFunctions(kernel, known),
    syscalls: () => systemCalls(syscallHeaders(arch)),
    config: () => configText(files.filter((file) => /^config-/.test(basename(file)))),
    symbols: () => (known ? sortedLines(known.map(({ name }) => name)) : map && symbolNames(map)),
    kfuncs: () => known && kfuncNames(kernel, known, types),
  };
  const more: Partial<Record<SectionName, Uint8Array>> = {
    ...(events.length > 0
      ? { tracepoints: Buffer.from([...new Set(events)].sort().join('')) }
      : {}),
    ...(modules.length > 0 ? encodeModules(modules, placeOf(btf).textSize) : {}),
  };
  return { release, arch, bytes: encodeDescription(sources, more, known ? options : {}) };
}

function kernelEvents(
  { memory }: KernelMemory,
  symbols: readonly KernelSymbol[],
  btf: Btf,
): readonly string[] {
  const start = addressOf(symbols, '__start_ftrace_events');
  const stop = addressOf(symbols, '__stop_ftrace_events');
  if (start === undefined || stop === undefined) return [];
  const lines = eventLines(btf, memory, start, stop);
  const calls = calledBySyscalls(memory, symbols);
  if (!calls) return lines;
  return lines.filter((line) => {
    const [, name] = /^syscalls:sys_(?:enter|exit)_(\w+)/.exec(line) ?? [];
    return name === undefined || calls.has(name);
  });
}

/** No machine has as many system calls. */
const MOST_CALLS = 1024;
/** With fewer the table is none. */
const LEAST_CALLS = 100;

/**
 * Names of the functions that system calls of 64-bit programs lead to, without `sys_`: the kernel leaves out the
 * events of all others (init_syscall_trace in kernel/trace/trace_syscalls.c). undefined where there is no such table.
 */
function calledBySyscalls(
  memory: Memory,
  symbols: readonly KernelSymbol[],
): ReadonlySet<string> | undefined {
  const table = addressOf(symbols, 'sys_call_table');
  if (table === undefined) return undefined;
  const named = new Map<bigint, string[]>();
  for (const { name, address } of symbols) {
    const [, call] = /^__(?:x64|arm64|do)_sys_(\w+)$/.exec(name) ?? [];
    if (call === undefined) continue;
    const known = named.get(address);
    if (known) known.push(call);
    else named.set(address, [call]);
  }
  const calls = new Set<string>();
  for (let index = 0; index < MOST_CALLS; index += 1) {
    const address = memory.u64(table + BigInt(8 * index));
    if (address === undefined) break;
    const names = named.get(address) ?? [];
    // What is configured away is another name of the one that does nothing.
    if (!names.includes('ni_syscall')) for (const name of names) calls.add(name);
  }
  return calls.size < LEAST_CALLS ? undefined : calls;
}

function addressOf(symbols: readonly KernelSymbol[], name: string): bigint | undefined {
  return symbols.find((symbol) => symbol.name === name)?.address;
}

/** A place that ftrace patches stands at the beginning of a function, or as far before or behind it. */
const NEAR = 16n;

/** Functions whose entry ftrace can patch: their places are in a table (include/asm-generic/vmlinux.lds.h). */
function tracedFunctions(
  { memory }: KernelMemory,
  known: readonly KernelSymbol[] | undefined,
): string {
  const start = known && addressOf(known, '__start_mcount_loc');
  const stop = known && addressOf(known, '__stop_mcount_loc');
  if (!known || start === undefined || stop === undefined)
    throw new KernelDescriptionError('the kernel does not say which functions can be traced');
  const code = known
    .filter(({ type }) => /[tTwW]/.test(type))
    .sort((one, other) => (one.address < other.address ? -1 : one.address > other.address ? 1 : 0));
  const names = new Set<string>();
  for (let at = start; at < stop; at += 8n) {
    const place = memory.u64(at);
    // Behind the end of what the file holds.
    if (place === undefined) break;
    if (place === 0n) continue;
    let low = 0;
    let high = code.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((code[middle]?.address ?? 0n) <= place + NEAR / 2n) low = middle + 1;
      else high = middle;
    }
    const last = code[low - 1]?.address;
    if (last === undefined || place - last > NEAR) continue;
    for (let same = low - 1; code[same]?.address === last; same -= 1) {
      const name = code[same]?.name;
      if (name !== undefined && !/^(__pfx_|__cfi_)/.test(name)) names.add(name);
    }
  }
  return sortedLines(names);
}

const SET_PREFIX = '__BTF_ID__set8__';
/** No kernel has as many kfuncs in all of its sets. */
const MOST_KFUNCS = 65_536;

/** Sets of ids in .BTF_ids (struct btf_id_set8, include/linux/btf.h) have each kfunc with its flags. */
function kfuncNames(
  { memory }: KernelMemory,
  symbols: readonly KernelSymbol[],
  btf: Btf,
): string | undefined {
  const names = new Set<string>();
  let left = MOST_KFUNCS;
  for (const { name, address } of symbols) {
    if (!name.startsWith(SET_PREFIX)) continue;
    const count = memory.u32(address) ?? 0;
    if (count > left) break;
    left -= count;
    for (let index = 0; index < count; index += 1) {
      const id = memory.u32(address + 8n + BigInt(8 * index));
      if (id !== undefined && id > 0 && id < btf.count) names.add(btf.name(id));
    }
  }
  return names.size === 0 ? undefined : sortedLines(names);
}

function namedAfter<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof KernelDescriptionError)
      throw new KernelDescriptionError(`${file}: ${error.message}`);
    if (error instanceof RangeError) throw new KernelDescriptionError(`${file} is damaged`);
    throw error;
  }
}
