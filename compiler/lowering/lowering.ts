/** What lowering functions (of expressions, statements and built-ins) work with. */

import type { EventKindName } from '../../linker/contract/events.ts';
import type { HelperName } from '../../linker/contract/helpers.ts';
import type { RuntimeMap } from '../../linker/contract/maps.ts';
import type { SharedVariableName } from '../../linker/contract/variables.ts';
import type { ManifestLookup } from '../../linker/manifest/manifest.ts';
import type { Config, TypedExpression } from '../analysis/typed.ts';
import type { IrBuilder, IrPointer, IrValue } from '../llvm/ir.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import type { Range } from '../source/source.ts';
import type { StructType, Type } from '../types/type.ts';
import type { KernelFunctionName } from './kernel-symbols.ts';
import type { RegisterRole } from './registers.ts';

/** Memory of the program (stack, scratch, a map value, a ring record) that holds a value of a type. */
export interface Storage {
  readonly pointer: IrPointer;
  /** At least the type's own alignment, at most 8. */
  readonly align: 1 | 2 | 4 | 8;
  /**
   * Bytes behind a string's NUL have to be zero (keys, values that are compared). False for ring records,
   * where the reader stops at the NUL.
   */
  readonly padded: boolean;
}

export interface EventSpec {
  readonly kind: EventKindName;
  /** Types of the fields, laid out one after the other. */
  readonly fields: readonly Type[];
  readonly format?: string;
  readonly map?: string;
  readonly top?: number;
  readonly div?: number;
  /** Of which positional parameter they are the values. */
  readonly topParam?: number;
  readonly divParam?: number;
  readonly message?: string;
  readonly helper?: string;
  /** print-map: what is done with the map once it is read. */
  readonly then?: 'clear' | 'zero';
  /** Place shown with the event (warnings), and where its records were lost. */
  readonly range?: Range;
}

/** A record that does not go through the ring. */
export interface EventRecord {
  readonly pointer: IrPointer;
  readonly size: number;
  /** Counts it as lost. */
  countLost(): void;
}

export type TaskId = 'pid' | 'tid';

/** Of the loader, the initial one, or that of the process of -p. */
export type PidNamespace = 'curr_ns' | 'init' | 'filtered';

/** See ManifestLookup. */
export type HostQuestion = Omit<ManifestLookup, 'offset' | 'line' | 'file'> & {
  /** Where the script asks. */
  readonly range?: Range;
};

/** What a script asks of the kernel that runs it: a member (of any kind without a `type`), a type, an enumerator. */
export type KindQuestion =
  | {
      readonly kind: 'member';
      readonly root: StructType;
      readonly path: readonly (string | number)[];
      readonly type: Type | undefined;
    }
  | { readonly kind: 'type'; readonly of: 'struct' | 'union' | 'enum'; readonly name: string }
  /** `enum`: empty where it has no name, or is not known. */
  | { readonly kind: 'enumerator'; readonly enum: string; readonly name: string };

export interface Lowering {
  readonly ir: IrBuilder;
  readonly probe: ProbeTarget;
  readonly config: Config;
  /** The probe's context pointer. */
  readonly context: IrPointer;

  /** Value of a scalar expression, extended to 64 bits by its type. */
  value(expression: TypedExpression): IrValue;
  /** Writes the representation of any expression, scalar or not, to memory. */
  into(expression: TypedExpression, to: Storage): void;
  /** Address of an expression's representation: where it already stands in memory, or a temporary. */
  address(expression: TypedExpression, padded: boolean): IrPointer;
  /**
   * Memory for a value, on the stack or in scratch space, until the end of the statement. Aligned to 8 bytes, not
   * zeroed.
   */
  temporary(size: number): IrPointer;

  /** Calls a BPF helper; arguments are i64 or pointers. The result is i64. */
  call(helper: HelperName, ...args: (IrValue | IrPointer)[]): IrValue;
  /** The same for helpers that give a pointer. */
  callPointer(helper: HelperName, ...args: (IrValue | IrPointer)[]): IrPointer;
  /** Address of a kernel map by its ELF name, for helpers. */
  mapPointer(elfName: string): IrPointer;
  /** A kernel map that is not of the script. */
  runtimeMap(name: RuntimeMap): IrPointer;

  // Maps as scripts see them (lowering/maps.ts). `key` is undefined for scalars.
  deleteKey(map: string, key: TypedExpression | undefined): IrValue;
  /** The same where nobody looks at the result: a missing key is warned of when the program runs, with the place. */
  discardKey(map: string, key: TypedExpression | undefined, range: Range): void;
  hasKey(map: string, key: TypedExpression): IrValue;
  length(map: string): IrValue;

  /** Reads `size` bytes of kernel or user memory into program memory; the result is the helper's. */
  probeRead(
    to: IrPointer,
    size: number | IrValue,
    from: IrValue,
    space: 'kernel' | 'user',
  ): IrValue;
  /** Reads a NUL-terminated string; the result is its length with the NUL, or negative. */
  probeReadString(
    to: IrPointer,
    size: number | IrValue,
    from: IrValue,
    space: 'kernel' | 'user',
  ): IrValue;

  /**
   * Sends an event: reserves its record, has `fill` write the fields (by the index of the spec's fields), and
   * submits. Counts it as lost, by event, when the ring is full.
   */
  emit(event: EventSpec, fill: (field: (index: number) => Storage) => void): void;
  /** The record of an event in memory of the program, for a helper that sends it by another way than the ring. */
  record(event: EventSpec, fill: (field: (index: number) => Storage) => void): EventRecord;
  /** The common case: fields are these expressions. */
  emitValues(event: Omit<EventSpec, 'fields'>, values: readonly TypedExpression[]): void;

  /**
   * Runs `use` with a pointer to what the expression (a pointer, or a struct) leads to, for helpers that want its type
   * known to the verifier; `otherwise` where it is NULL. An error in the script where the type cannot be known.
   */
  typedPointer(
    expression: TypedExpression,
    use: (pointer: IrPointer) => IrValue,
    otherwise: () => IrValue,
  ): IrValue;

  /** Less is kept in registers that would be spilled. */
  readonly sparesStack: boolean;
  /** Process or thread id of the current task. */
  taskId(id: TaskId, namespace: PidNamespace): IrValue;
  /** Reads a register of the context by its role; `registers` and `perf-event` contexts only. */
  register(name: RegisterRole): IrValue;
  /** Notes what the program has of its architecture alone, as a clause: an object with such runs on no other. */
  tie(reason: string): void;
  /** Address of a loader-set variable. */
  shared(name: SharedVariableName): IrPointer;
  /** What the loader finds out about its host, a u64; of `kfunc`, whether this program may call it. */
  hostValue(question: Omit<HostQuestion, 'program'>): IrValue;
  /** Whether the kernel has it: a constant by CO-RE, 1 or 0. */
  exists(question: KindQuestion): IrValue;
  /** Calls a function of the kernel that `hostValue` said this program may call. */
  callKernel(name: KernelFunctionName, ...args: readonly IrValue[]): IrValue;
  /** Address of a per-CPU variable, whose type has that id in the kernel's BTF; without `cpu` that of this CPU. */
  percpu(name: string, type: number, cpu: IrValue | undefined): IrValue;
  /**
   * A number of the running kernel by CO-RE: the offset of a member (`Member.indexes`), the size of a struct, or the value of the nth
   * enumerator of an enum. `local` is that of the kernel description.
   */
  coreNumber(
    relocation: 'byte-offset' | 'byte-size' | 'type-size' | 'enum-value',
    type: number,
    indexes: readonly number[],
    local: number,
  ): IrValue;
  /** Index of the name of the event that fired in the loader's table: for probes that have several. */
  eventName(): IrValue;
  /** Where the second string begins in the first, -1 if nowhere. */
  search(haystack: TypedExpression, needle: TypedExpression): IrValue;
  /** The number of the user function's name in the same table. */
  functionName(): IrValue;
  /** An argument of the USDT point that was reached. */
  usdtArgument(index: number): IrValue;
  /** Address of a symbol of the program that the probe is in. */
  userAddress(symbol: string): IrValue;
  /** Index of a strftime format in the manifest. */
  format(text: string): number;
  /** Bytes in .rodata, with a NUL. */
  constantString(bytes: string): IrPointer;
  /** Captures a stack into a StackType token at `to`; `unwinds`: by .eh_frame. */
  captureStack(type: Type, to: IrPointer, unwinds?: boolean): void;
  /** Ends the program with its default return value. */
  leave(): void;
}
