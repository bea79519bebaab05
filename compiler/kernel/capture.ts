/** Writes down what a kernel is like: `bpfscript kernel capture`. */
import { writeFileSync } from 'node:fs';
import { placeOf } from '../../linker/btf/join.ts';
import { readBtf } from '../../linker/btf/read.ts';
import type { KernelSources } from './description.ts';
import { KernelDescriptionError } from './error.ts';
import { type Compression, encodeKernelFile, type SectionName } from './file.ts';
import { type HostFiles, hostFiles, hostSources } from './host.ts';
import { encodeModules, type ModuleSource } from './modules.ts';
import { tableLine } from './tracepoints.ts';

/**
 * The running kernel's description. Throws KernelDescriptionError without BTF or tracefs. A kernel that is locked
 * down does not tell which functions can be traced: the description then says so when somebody asks.
 */
export function captureHost(onPacked?: (section: string) => void): Uint8Array {
  return capture(hostFiles(), 'quick', onPacked);
}

/** The same from a kernel's files; without its tracepoints and functions where there is no tracefs. */
export function capture(
  files: HostFiles,
  compression: Compression = 'quick',
  onPacked?: (section: string) => void,
): Uint8Array {
  const sources = hostSources(files);
  return encodeDescription(
    sources,
    {
      ...(files.tracing === undefined ? {} : { tracepoints: tableOf(sources) }),
      ...(sources.modules ? modulesOf(sources.modules, sources.btf()) : {}),
    },
    compression,
    onPacked,
  );
}

/** The file of what the sources say, with other sections. Throws for BTF that is none. */
export function encodeDescription(
  sources: Omit<KernelSources, 'tracepoints'>,
  more: Readonly<Partial<Record<SectionName, Uint8Array>>>,
  compression: Compression = 'quick',
  onPacked?: (section: string) => void,
): Uint8Array {
  const btf = sources.btf();
  // What is none is told now, and not by each script.
  readBtf(btf);
  const texts = {
    functions: readable(() => sources.functions()),
    syscalls: sources.syscalls(),
    config: sources.config?.(),
    symbols: sources.symbols?.(),
    kfuncs: sources.kfuncs?.(),
  };
  const sections = Object.entries(texts).flatMap(([name, text]) =>
    text === undefined || text === '' ? [] : [[name, Buffer.from(text)] as const],
  );
  const { release, arch } = sources;
  return encodeKernelFile(
    { release, arch },
    { btf, ...more, ...Object.fromEntries(sections) },
    compression,
    onPacked,
  );
}

/** Modules that were unloaded meanwhile, or have no BTF, are left out. */
function modulesOf(modules: ModuleSource, kernel: Uint8Array) {
  const all = modules.names().flatMap((name) => {
    const btf = modules.btf(name);
    return btf ? [{ name, btf }] : [];
  });
  return all.length === 0 ? {} : encodeModules(all, placeOf(kernel).textSize);
}

function tableOf({ tracepoints }: KernelSources): Uint8Array {
  const lines = tracepoints.match('*', '*').map((name) => {
    const [category = '', event = ''] = name.split(':');
    return tableLine(name, tracepoints.fields(category, event) ?? []);
  });
  return Buffer.from(lines.join(''));
}

/** Captures the running kernel into a file. */
export function writeDescription(file: string): void {
  writeFileSync(file, captureHost());
}

/** undefined for what this user or this kernel does not let one read. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof KernelDescriptionError) return undefined;
    throw error;
  }
}
