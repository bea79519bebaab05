/** Writes down what a kernel is like: `bpfscript kernel capture`. */
import { placeOf } from '../../linker/btf/join.ts';
import { readBtf } from '../../linker/btf/read.ts';
import type { KernelSources } from './description.ts';
import { KernelDescriptionError } from './error.ts';
import { encodeKernelFile, type SectionName } from './file.ts';
import { type HostFiles, hostFiles, hostSources } from './host.ts';
import { encodeModules, type ModuleSource } from './modules.ts';
import { tableLine } from './tracepoints.ts';

export interface CaptureReport {
  /** A section has been compressed. */
  onPacked?(section: string): void;
  /** Something will not be in the description, and why. */
  onMissing?(what: string, why: string): void;
}

/**
 * The running kernel's description. Throws KernelDescriptionError without BTF. Tracepoints belong to root, and a
 * kernel that is locked down does not tell which functions can be traced: without them the description says so when
 * somebody asks.
 */
export function captureHost(report: CaptureReport = {}): Uint8Array {
  const files = hostFiles();
  try {
    // Whether tracefs can be read, not what is in it.
    hostSources(files).tracepoints.match('-', '-');
  } catch (error) {
    if (!(error instanceof KernelDescriptionError)) throw error;
    report.onMissing?.('tracepoints and the list of functions', error.message);
    return capture({ ...files, tracing: undefined }, report);
  }
  return capture(files, report);
}

/** The same from a kernel's files; without its tracepoints and functions where there is no tracefs. */
export function capture(files: HostFiles, report: CaptureReport = {}): Uint8Array {
  const sources = hostSources(files);
  return encodeDescription(
    sources,
    {
      ...(files.tracing === undefined ? {} : { tracepoints: tableOf(sources) }),
      ...(sources.modules ? modulesOf(sources.modules, sources.btf()) : {}),
    },
    // Without tracefs there are no functions either, which has been said.
    files.tracing === undefined ? { ...report, onMissing: () => undefined } : report,
  );
}

/** The file of what the sources say, with other sections. Throws for BTF that is none. */
export function encodeDescription(
  sources: Omit<KernelSources, 'tracepoints'>,
  more: Readonly<Partial<Record<SectionName, Uint8Array>>>,
  report: CaptureReport = {},
): Uint8Array {
  const btf = sources.btf();
  // What is none is told now, and not by each script.
  readBtf(btf);
  const texts = {
    functions: readable(
      () => sources.functions(),
      (why) => report.onMissing?.('the list of functions', why),
    ),
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
    report.onPacked,
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

/** undefined for what this user or this kernel does not let one read. */
function readable<T>(read: () => T, otherwise: (why: string) => void): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KernelDescriptionError)) throw error;
    otherwise(error.message);
    return undefined;
  }
}
