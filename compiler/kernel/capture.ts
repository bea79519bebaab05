/** Writes down what a kernel is like: `bpfscript kernel capture`. */
import { writeFileSync } from 'node:fs';
import { readBtf } from '../../linker/btf/read.ts';
import type { KernelSources } from './description.ts';
import { KernelDescriptionError } from './error.ts';
import { type Compression, encodeKernelFile } from './file.ts';
import { type HostFiles, hostFiles, hostSources } from './host.ts';
import { tableLine } from './tracepoints.ts';

/**
 * The running kernel's description. Throws KernelDescriptionError without BTF or tracefs. A kernel that is locked
 * down does not tell which functions can be traced: the description then says so when somebody asks.
 */
export function captureHost(): Uint8Array {
  return capture(hostFiles());
}

/** The same from a kernel's files; without its tracepoints and functions where there is no tracefs. */
export function capture(files: HostFiles, compression: Compression = 'quick'): Uint8Array {
  const sources = hostSources(files);
  const btf = sources.btf();
  // What is none is told now, and not by each script.
  readBtf(btf);
  const functions = readable(() => sources.functions());
  const syscalls = sources.syscalls();
  return encodeKernelFile(
    files,
    {
      btf,
      ...(files.tracing === undefined ? {} : { tracepoints: tableOf(sources) }),
      ...(functions === undefined ? {} : { functions: Buffer.from(functions) }),
      ...(syscalls === '' ? {} : { syscalls: Buffer.from(syscalls) }),
    },
    compression,
  );
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
