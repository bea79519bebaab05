/**
 * What the compiler asks of a kernel description. All of it is found on demand: a description is 5 MB of BTF,
 * and a script needs a handful of types.
 */
import type { StructWay as FoundWay } from '../../linker/btf/ways.ts';
import type { StructType, Type } from '../types/type.ts';

export interface KernelTypes {
  /** `struct NAME` or `union NAME`. */
  struct(aggregate: 'struct' | 'union', name: string): StructType | undefined;
  enum(name: string): Type | undefined;
  typedef(name: string): Type | undefined;
  /** A member by name, also one inside anonymous members. */
  member(struct: StructType, name: string): Member | undefined;
  /** The direct and flattened members in order, for printing and listing. */
  members(struct: StructType): readonly Member[];
  /** The value of an enumerator, such as `TASK_COMM_LEN`. */
  enumerator(name: string): { readonly value: bigint; readonly type: Type } | undefined;
  /** All ways to a struct without a name, from what has one around it. */
  ways(struct: StructType): readonly StructWay[];
  /** [name, value] pairs of an enum, for printing. */
  enumerators(enumId: number): readonly (readonly [string, bigint])[];
}

/** See linker/btf/ways.ts. */
export interface StructWay extends Omit<FoundWay, 'root'> {
  readonly root: StructType;
}

/** What the kernel itself means by a name: for code that built-ins generate. */
export function ownTypes(kernel: KernelDescription): KernelTypes {
  return kernel.kernelTypes ?? kernel.types;
}

export interface Member {
  readonly name: string;
  /** Type of the member as a script sees it: `char[N]` is string[N], other arrays stay, pointers get their space. */
  readonly type: Type;
  /** From the start of the struct that was asked. */
  readonly bitOffset: number;
  /** 0 unless it is a bitfield. */
  readonly bitSize: number;
  /**
   * Way to the member through anonymous ones, as CO-RE access indexes: [5] or [12, 0].
   * linker/btf turns (struct id, indexes) into the object's own minimal types.
   */
  readonly indexes: readonly number[];
  /** A `__user`, `__percpu` or other BTF type tag on a pointer member. */
  readonly tag: string | undefined;
  /**
   * No description has it: its type is what the script says by a cast, or (`open`) a number as the kernel that runs
   * the script has it.
   */
  readonly undescribed?: 'cast' | 'open';
}

export interface TracepointField {
  readonly name: string;
  /** As in tracefs: `const char *`, `pid_t`, `__data_loc char[]`. */
  readonly ctype: string;
  readonly type: Type;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** Dynamic array: the field holds offset | length << 16. */
  readonly dataLoc: boolean;
  /** What an array holds, or the struct that a pointer leads to, as C without qualifiers: `u64`, `struct file_lock`. */
  readonly of?: string;
}

/** A value in the context of a typed program, an array of u64: it stands from `slot` on. */
export interface ContextValue {
  readonly type: Type;
  /** Of the type, in the kernel's BTF. */
  readonly typeId: number;
  readonly slot: number;
  /** Not every kernel's verifier lets programs load it: a pointer to what is no struct. */
  readonly isRefused?: true;
}

/** An argument of a typed program. */
export interface Parameter extends ContextValue {
  readonly name: string;
}

export interface KernelFunction {
  readonly parameters: readonly Parameter[];
  /** Where fexit finds what it returned; undefined for void. */
  readonly result: ContextValue | undefined;
}

export interface KernelDescription {
  readonly release: string;
  /** As `uname -m` says. */
  readonly arch: string;
  readonly types: KernelTypes;
  /** The kernel's types alone, where `types` has those of a script before them: see `ownTypes`. */
  readonly kernelTypes?: KernelTypes;
  /** Names of the events of category/event patterns (`*` matches any run), as `category:event`, sorted. */
  matchTracepoints(category: string, event: string): readonly string[];
  /** Fields beyond the common header; undefined for an unknown event. */
  tracepoint(category: string, event: string): readonly TracepointField[] | undefined;
  /**
   * Parameters of a raw tracepoint, without the leading `void *`; undefined if BTF knows none such. With a module it is
   * one of that.
   */
  rawTracepoint(event: string, module?: string): readonly Parameter[] | undefined;
  /**
   * A function of the kernel as BTF has it, or why no fentry and fexit can be attached to it; undefined where BTF has
   * none of that name. Without a module it is one of the kernel itself.
   */
  function(name: string, module?: string): KernelFunction | string | undefined;
  /** Modules whose types are known, sorted. */
  modules?(): readonly string[];
  /** Modules that have a traceable function of that name, sorted. */
  functionModules?(name: string): readonly string[];
  /** A variable that each CPU has of its own: its type, and that type's id in BTF. */
  percpuVariable(name: string): { readonly id: number; readonly type: Type } | undefined;
  /**
   * Names of functions that fentry and fexit can be attached to, by a pattern with `*`, sorted. Without a module they
   * are the kernel's own.
   */
  matchTypedFunctions(pattern: string, module?: string): readonly string[];
  /**
   * Names of functions that kprobes can trace, by a pattern with `*`, sorted. A description of a host that hides
   * them has none and throws a KernelDescriptionError.
   */
  matchFunctions(pattern: string): readonly string[];
  /**
   * The same as `module:function`, of modules by a pattern; `vmlinux` is the kernel itself. Only descriptions of hosts
   * say which function is whose.
   */
  matchModuleFunctions?(module: string, pattern: string): readonly string[];
  /**
   * Raw BTF, for the linker: of vmlinux, and behind it of the modules and other kernels that types were taken from.
   */
  readonly btf: Uint8Array;
}
