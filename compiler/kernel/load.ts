/** Finds and opens kernel descriptions. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { describeKernel, type Kernel, type KernelSources, once } from './description.ts';
import { KernelDescriptionError, reasonOf, UndescribedError } from './error.ts';
import { type KernelBytes, type KernelFile, readKernelFile, type SectionName } from './file.ts';
import { hostFiles, hostSources } from './host.ts';
import { decodedModules } from './modules.ts';
import { descriptionFile, type KernelChoice } from './named.ts';
import { tableSource } from './tracepoints.ts';

/**
 * Reads no more than is needed to say which kernel it is; the rest comes when it is asked for. Of several, which have to
 * be of one architecture, the first that has something describes it. Throws KernelDescriptionError, here and then, for
 * what cannot be read.
 */
export function loadKernelDescription(
  which: KernelChoice,
  ...others: readonly KernelChoice[]
): Kernel {
  const first = sourcesOf(which);
  const more = others.map((other) => {
    const sources = sourcesOf(other);
    if (sources.arch === first.arch) return sources;
    throw new KernelDescriptionError(
      `the kernel descriptions ${which} and ${other} are of ${first.arch} and ${sources.arch}: an object is for one of them`,
    );
  });
  return describeKernel(first, ...more);
}

function sourcesOf(which: KernelChoice): KernelSources {
  if (which === 'host') return hostSources(hostFiles());
  return openDescription(descriptionFile(which));
}

function openDescription(path: string): KernelSources {
  const file = named(path, () => readKernelFile(bytesOf(path)));
  const optional = (name: SectionName): Buffer | undefined => named(path, () => file.section(name));
  const section = (name: SectionName, what: string): Buffer => {
    const found = optional(name);
    if (found) return found;
    throw new UndescribedError(
      `the kernel description ${path} has no ${what}: capture it again as root, with tracefs mounted`,
    );
  };
  const text = (name: SectionName) => once(() => optional(name)?.toString('utf8'));
  return {
    ...identityOf(file),
    btf: () => section('btf', 'BTF'),
    tracepoints: tableSource(once(() => section('tracepoints', 'tracepoints').toString('utf8'))),
    functions: () => section('functions', 'list of functions').toString('utf8'),
    syscalls: () => optional('syscalls')?.toString('utf8') ?? '',
    config: text('config'),
    symbols: text('symbols'),
    kfuncs: text('kfuncs'),
    modules: decodedModules((name) => optional(name as SectionName)),
  };
}

function identityOf({ release, arch }: KernelFile) {
  return { release, arch };
}

/** The file is opened for each part: a description lives as long as the compiler. */
function bytesOf(path: string): KernelBytes {
  return {
    length: withFile(path, (file) => fstatSync(file).size),
    read: (from, length) =>
      withFile(path, (file) => {
        const bytes = Buffer.alloc(Math.max(0, Math.min(length, fstatSync(file).size - from)));
        return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
      }),
  };
}

function withFile<T>(path: string, use: (file: number) => T): T {
  try {
    const file = openSync(path, 'r');
    try {
      return use(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new KernelDescriptionError(reasonOf(error));
  }
}

const MAKE_AGAIN =
  '`bpfscript kernel capture -o FILE` writes a description of the running kernel, `bpfscript kernel add` one of packages';

/** Errors say which file they are about. */
function named<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KernelDescriptionError)) throw error;
    throw new KernelDescriptionError(
      `cannot read the kernel description ${path}: ${error.message}`,
      error.hint ?? MAKE_AGAIN,
    );
  }
}
