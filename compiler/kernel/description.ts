/** A `KernelDescription` over its sources, each of which is read when it is first needed. */
import { KernelDescriptionError } from './error.ts';
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
  /** Modules that have a function of that name, sorted. */
  functionModules?(name: string): readonly string[];
  /** `name number` on each line. */
  syscalls(): string;
}

export function describeKernel(sources: KernelSources): Kernel {
  const btf = once(() => sources.btf());
  const functions = once(() => sources.functions());
  const btfTypes = createBtfTypes(btf);
  const { types, rawTracepoint } = btfTypes;
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
    function: btfTypes.function,
    functionModules: (name) => sources.functionModules?.(name) ?? [],
    percpuVariable: btfTypes.percpuVariable,
    matchTypedFunctions(pattern) {
      const matches = new RegExp(`^${patternText(pattern)}$`);
      const names = btfTypes.typedFunctions((name) => matches.test(name) && !REFUSED.has(name));
      return [...traceableAmong(functions, new Set(names))].sort();
    },
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

/** What the verifier never lets be traced (btf_id_deny, kernel/bpf/verifier.c). */
const REFUSED: ReadonlySet<string> = new Set([
  ...['migrate_disable', 'migrate_enable', 'rcu_read_unlock_strict'],
  ...['preempt_count_add', 'preempt_count_sub', '__rcu_read_lock', '__rcu_read_unlock'],
]);

/** Of the names, those that the kernel traces; all of them where it hides its list. */
function traceableAmong(list: () => string, names: ReadonlySet<string>): Iterable<string> {
  try {
    return list()
      .split('\n')
      .filter((name) => names.has(name));
  } catch (error) {
    if (error instanceof KernelDescriptionError) return names;
    throw error;
  }
}

export function once<T>(create: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: create() };
    return made.value;
  };
}
