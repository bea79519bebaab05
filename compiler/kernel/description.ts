/** A `KernelDescription` over its sources, each of which is read when it is first needed. */

import { BTF_KIND } from '../../linker/btf/btf.ts';
import { readBtf } from '../../linker/btf/read.ts';
import { KernelDescriptionError } from './error.ts';
import { type BtfTypes, createStockTypes } from './kernel-types.ts';
import type { ModuleSource } from './modules.ts';
import { describeFields, type TracepointSource } from './tracepoints.ts';
import { createTypeStock } from './type-stock.ts';
import type { KernelDescription } from './types.ts';
import { wildcard, wildcardText } from './wildcard.ts';

/** What descriptions know beyond the interface that passes are written against. */
export interface Kernel extends KernelDescription {
  /** Numbers of system calls by name; empty where the description has none. */
  syscalls(): ReadonlyMap<string, number>;
  /** Values of the kernel's configuration: `CONFIG_BPF` to `y`; undefined where the description has none. */
  config(): ReadonlyMap<string, string> | undefined;
  /** Names of the kernel's symbols, of data too; undefined where the description has none. */
  symbols(): ReadonlySet<string> | undefined;
  /** Names of the kernel functions that BPF programs can call (kfuncs); undefined where they cannot be known. */
  callableFunctions(): ReadonlySet<string> | undefined;
  /** Modules whose types are in it, sorted. */
  modules(): readonly string[];
}

export interface KernelSources {
  readonly release: string;
  readonly arch: string;
  btf(): Uint8Array;
  readonly tracepoints: TracepointSource;
  /** One name a line, sorted. */
  functions(): string;
  /** `module:function` of each, by patterns; modules are those of the kernel itself (`vmlinux`), too. */
  moduleFunctions?(module: string, pattern: string): readonly string[];
  /** Modules that have a function of that name, sorted; where it says nothing, those in `modules` are looked through. */
  functionModules?(name: string): readonly string[] | undefined;
  /** `name number` on each line. */
  syscalls(): string;
  /** As /boot/config-* is. */
  config?(): string | undefined;
  /** One name a line. */
  symbols?(): string | undefined;
  /** The same of kfuncs. */
  kfuncs?(): string | undefined;
  readonly modules?: ModuleSource | undefined;
}

/** One kernel, or several: what any of them has can be named, and the first that has it describes it. */
export function describeKernel(first: KernelSources, ...others: readonly KernelSources[]): Kernel {
  const all = [first, ...others];
  const functions = once(() => unionOf(eachReadable(all, (each) => each.functions())));
  const stock = createTypeStock(
    all.map((each) => ({ btf: once(() => each.btf()), modules: each.modules })),
  );
  const btfTypes = createStockTypes(stock);
  const { types, rawTracepoint } = btfTypes;
  const parsed = once(() => parseConfig(textsOf(all, ({ config }) => config?.())));
  const symbols = once(() => namesOf(textsOf(all, (each) => each.symbols?.())));
  const callable = once(
    () => namesOf(textsOf(all, (each) => each.kfuncs?.())) ?? taggedFunctions(stock.kernels()),
  );
  return {
    release: first.release,
    arch: first.arch,
    types,
    get btf() {
      return stock.bytes();
    },
    matchTracepoints: (category, event) =>
      [
        ...new Set(
          eachReadable(all, ({ tracepoints }) => tracepoints.match(category, event)).flat(),
        ),
      ].sort(),
    tracepoint(category, event) {
      const found = eachReadable(all, ({ tracepoints }) => tracepoints.fields(category, event));
      const fields = found.find((each) => each !== undefined);
      return fields && describeFields(types, category, fields);
    },
    rawTracepoint,
    function: btfTypes.function,
    functionModules: (name) =>
      [...new Set(all.flatMap((each) => modulesOf(each, name, btfTypes)))].sort(),
    percpuVariable: btfTypes.percpuVariable,
    matchTypedFunctions(pattern, module) {
      const matches = wildcard(pattern);
      const names = btfTypes.typedFunctions(
        (name) => matches.test(name) && !REFUSED.has(name),
        module,
      );
      // Not each description has the functions of modules in its list.
      if (module !== undefined) return [...new Set(names)].sort();
      return [...traceableAmong(functions, new Set(names))].sort();
    },
    matchFunctions: (pattern) =>
      [...functions().matchAll(new RegExp(`^(?!$)${wildcardText(pattern)}$`, 'gm'))].map(
        ([name]) => name,
      ),
    ...(first.moduleFunctions === undefined
      ? {}
      : { matchModuleFunctions: first.moduleFunctions.bind(first) }),
    syscalls: () =>
      new Map(
        all.flatMap((each) =>
          each
            .syscalls()
            .split('\n')
            .flatMap((line) => {
              const [name, number] = line.split(' ');
              return name && number ? [[name, Number(number)] as const] : [];
            }),
        ),
      ),
    config: parsed,
    symbols,
    callableFunctions: callable,
    modules: () => [...new Set(all.flatMap((each) => each.modules?.names() ?? []))].sort(),
  };
}

/** What each of the kernels says; the reason of the first where none of them can. */
function eachReadable<T>(
  all: readonly KernelSources[],
  read: (one: KernelSources) => T,
): readonly T[] {
  const failures: KernelDescriptionError[] = [];
  const found = all.flatMap((each) => {
    try {
      return [read(each)];
    } catch (error) {
      if (!(error instanceof KernelDescriptionError)) throw error;
      failures.push(error);
      return [];
    }
  });
  if (found.length === 0 && failures[0]) throw failures[0];
  return found;
}

/** Lines of all, sorted, each once. */
function unionOf(texts: readonly string[]): string {
  const [only, ...others] = texts;
  if (only !== undefined && others.length === 0) return only;
  return [...(namesOf(texts) ?? [])].sort().join('\n');
}

function modulesOf(
  sources: KernelSources,
  name: string,
  types: Pick<BtfTypes, 'function'>,
): readonly string[] {
  const found = sources.functionModules?.(name);
  if (found) return found;
  const candidates = sources.modules?.having(name) ?? [];
  return candidates.filter((module) => types.function(name, module) !== undefined);
}

function textsOf(
  all: readonly KernelSources[],
  read: (one: KernelSources) => string | undefined,
): readonly string[] {
  return all.flatMap((each) => read(each) ?? []);
}

function namesOf(texts: readonly string[]): ReadonlySet<string> | undefined {
  if (texts.length === 0) return undefined;
  return new Set(texts.flatMap((text) => text.split('\n')).filter((name) => name !== ''));
}

/** The first kernel that has an option decides. */
function parseConfig(texts: readonly string[]): ReadonlyMap<string, string> | undefined {
  if (texts.length === 0) return undefined;
  const options = new Map<string, string>();
  for (const text of texts)
    for (const [, name = '', value = ''] of text.matchAll(/^(CONFIG_\w+)=(.*)$/gm))
      if (!options.has(name)) options.set(name, value.replace(/^"(.*)"$/, '$1'));
  return options;
}

/** Newer kernels tag kfuncs in their BTF; one without a tag has not said which they are. */
function taggedFunctions(bytes: Uint8Array): ReadonlySet<string> | undefined {
  const btf = readBtf(bytes);
  const tags = btf.named('bpf_kfunc').filter((id) => btf.kind(id) === BTF_KIND.declTag);
  if (tags.length === 0) return undefined;
  return new Set(tags.map((id) => btf.name(btf.sizeOrType(id))));
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
