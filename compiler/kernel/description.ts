/** A `KernelDescription` over its sources, each of which is read when it is first needed. */
import { createBtfTypes } from './kernel-types.ts';
import { describeFields, patternText, type TracepointSource } from './tracepoints.ts';
import type { KernelDescription } from './types.ts';

/** What descriptions know beyond the interface that passes are written against. */
export interface Kernel extends KernelDescription {
  /** Numbers of system calls by name; empty where the description has none. */
  syscalls(): ReadonlyMap<string, number>;
}

export interface KernelSources {
  readonly release: string;
  readonly arch: string;
  btf(): Uint8Array;
  readonly tracepoints: TracepointSource;
  /** One name a line, sorted. */
  functions(): string;
  /** `name number` on each line. */
  syscalls(): string;
}

export function describeKernel(sources: KernelSources): Kernel {
  const btf = once(() => sources.btf());
  const functions = once(() => sources.functions());
  const { types, rawTracepoint } = createBtfTypes(btf);
  return {
    release: sources.release,
    arch: sources.arch,
    types,
    get btf() {
      return btf();
    },
    matchTracepoints: (category, event) => sources.tracepoints.match(category, event),
    tracepoint(category, event) {
      const fields = sources.tracepoints.fields(category, event);
      return fields && describeFields(types, category, fields);
    },
    rawTracepoint,
    matchFunctions: (pattern) =>
      [...functions().matchAll(new RegExp(`^(?!$)${patternText(pattern)}$`, 'gm'))].map(
        ([name]) => name,
      ),
    syscalls: () =>
      new Map(
        sources
          .syscalls()
          .split('\n')
          .flatMap((line) => {
            const [name, number] = line.split(' ');
            return name && number ? [[name, Number(number)] as const] : [];
          }),
      ),
  };
}

export function once<T>(create: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: create() };
    return made.value;
  };
}
