/** What lowering functions share: the unit, the program and the function that are being built. */

import type {
  FunctionDefinition,
  KernelSymbol,
  VariableDefinition,
} from '../../linker/btf/definitions.ts';
import type { FeatureName } from '../../linker/contract/features.ts';
import type { SharedVariableName } from '../../linker/contract/variables.ts';
import type { ManifestStacks } from '../../linker/manifest/manifest.ts';
import type {
  Config,
  TypedExpression,
  TypedProbe,
  TypedProgram,
  TypedStatement,
} from '../analysis/typed.ts';
import type { KernelDescription } from '../kernel/types.ts';
import type { FunctionBuilder, IrPointer, IrValue, Width } from '../llvm/ir.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type { Sources } from '../source/sources.ts';
import type { StructType } from '../types/type.ts';
import type { Tie } from './architecture.ts';
import type { BuiltinCodes } from './builtin.ts';
import type { FunctionPlan } from './calls.ts';
import type { EventTable } from './events.ts';
import type { HostQuestion, Lowering, Storage } from './lowering.ts';
import type { MapPlan } from './map-plans.ts';
import type { Memory, ScratchArena } from './memory.ts';
import type { RepeatedReads } from './repeated-reads.ts';
import type { SiteTable } from './sites.ts';
import type { ProbePlan } from './variables.ts';

/** A variable with its value until the loader sets another; zeros without. */
export interface ObjectVariable extends VariableDefinition {
  readonly initial?: Uint8Array;
}

/** A struct of the kernel, and an expression that copies it. */
export interface CopiedStruct {
  readonly struct: StructType;
  readonly range: Range;
}

/** A struct of the kernel in one of the script's own, and an expression that needs its size. */
export interface HeldStruct extends CopiedStruct {
  readonly within: StructType;
}

/** One script being lowered. A draft of a program gets a unit of its own, which is thrown away. */
export interface UnitState {
  readonly program: TypedProgram;
  readonly builtins: BuiltinCodes;
  readonly sources: Sources;
  readonly kernel: KernelDescription;
  /** For what the machine does not allow. */
  readonly diagnostics: Diagnostics;
  readonly sparesStack: boolean;
  /** Programs of the script must not run inside of each other: recursion.ts. */
  readonly exclusive: boolean;
  readonly reportsHelpers: boolean;
  readonly config: Config;
  readonly plans: ReadonlyMap<string, MapPlan>;
  /** Functions of the script by symbol: 1 and the frames above it. */
  readonly heights: ReadonlyMap<string, number>;
  /** Functions of the script that are built (or being measured), by symbol. */
  readonly functions: Map<string, FunctionPlan>;
  readonly sites: SiteTable;
  readonly events: EventTable;
  readonly formats: string[];
  /** The script's own structs by id whose kernel structs the loader is told of: embedded.ts. */
  readonly embedded: Set<number>;
  /** The structs of the kernel in them, by id. */
  readonly held: Map<number, HeldStruct>;
  /** Structs of the kernel by id that are copied whole, each with a place where. */
  readonly copied: Map<number, CopiedStruct>;
  /** What the loader finds out about its host, by the number in the symbol. */
  readonly hostValues: HostQuestion[];
  readonly features: Set<FeatureName>;
  /** What its code has of the kernel description's architecture alone. */
  readonly ties: Tie[];
  readonly shared: Set<SharedVariableName>;
  /** Words of a value of the map `stacks`; 0 where no stack is captured. */
  readonly stackWords: number;
  readonly stacks: ManifestStacks;
  /** Scratch entries so far, and the largest entry. */
  readonly scratch: { entries: number; size: number };
  /** Of the element that each CPU has. */
  readonly wideScratch: { size: number };
  /** Makes a variable known, once. */
  variable(variable: ObjectVariable): void;
  /** Symbol of constant bytes in `.rodata`, aligned to 8. */
  constant(bytes: Uint8Array): string;
  /** Makes a kernel map's symbol known, once. */
  mapVariable(symbol: string): void;
  /** Builds a function that programs call, once. */
  subprogram(
    entry: FunctionDefinition,
    parameters: readonly ('i64' | 'ptr')[],
    body: (ir: FunctionBuilder, args: readonly (IrValue | IrPointer)[]) => void,
  ): void;
  /** Makes a variable or function of the kernel known, once. */
  kernelSymbol(symbol: KernelSymbol): void;
  /** Makes a function of an imported object known, once. */
  linkedFunction(symbol: string): void;
  /** Builds a callback and gives its symbol. */
  callback(
    name: string,
    role: 'loop-callback' | 'map-callback',
    parameters: readonly ('i32' | 'i64' | 'ptr')[],
    body: (ir: FunctionBuilder, args: readonly (IrValue | IrPointer)[]) => void,
  ): string;
}

/** What the draft of a program found out. */
export interface Measure {
  readonly scratchSize: number;
  /** The predicate itself needs scratch memory. */
  readonly scratchInPredicate: boolean;
  /** How often code stands in it that sends an event. */
  readonly sends: number;
}

/** One probe being lowered: its program and that program's callbacks. */
export interface ProgramState {
  readonly unit: UnitState;
  readonly probe: TypedProbe;
  readonly plan: ProbePlan;
  readonly frame: FrameLayout;
  readonly scratch: ScratchArena;
  readonly measure: Measure;
  /** Frames of callbacks and functions that can stand on the stack beside its own. */
  readonly depth: number;
  /** Nothing is built: this is the run that measures. */
  readonly draft: boolean;
  /** For names of callbacks. */
  callbacks: number;
  /** Code that sends an event, so far. */
  sends: number;
}

/**
 * How a program and its callbacks share what they know: pointers in a record on the stack, whose address the callbacks
 * get, and everything that changes in scratch memory. Offsets in bytes.
 */
export interface FrameLayout {
  /** Of the record on the stack; 0 where there are no callbacks. */
  readonly size: number;
  /** In the record: spilled context pointer. */
  readonly context: number;
  /** In the record: spilled scratch pointer. */
  readonly scratch: number;
  /** In the record: spilled address for the result of a function whose result stands in memory. */
  readonly target: number | undefined;
  /** In scratch, u64: not 0 once the body of a loop asked for the end of the program. */
  readonly ended: number;
  /** In scratch, u64: the value to return then. */
  readonly result: number;
  /** In scratch, u64 of a loop: the start of a range; whether `break` ended the walk of a map. */
  readonly loopSlot: (loop: TypedStatement) => number;
  /** In scratch: variables that callbacks share, by id. */
  readonly variables: ReadonlyMap<number, number>;
}

/** Where a variable's value stands, from the view of one function. */
export type Location =
  | { readonly kind: 'memory'; readonly pointer: IrPointer; readonly align: Width }
  /** A map's (key, value) pair as its callback gets it, element by element. */
  | { readonly kind: 'pair'; readonly key: Storage; readonly value: Storage | IrValue };

export interface LoopTarget {
  break_(): void;
  continue_(): void;
}

/** One function being built. */
export interface FunctionState {
  readonly program: ProgramState;
  readonly unit: UnitState;
  readonly ir: FunctionBuilder;
  readonly role: 'program' | 'callback';
  readonly context: IrPointer;
  /** Absent where the program has no callbacks. */
  readonly frame: IrPointer | undefined;
  /** Where the result of a function goes that stands in memory. */
  readonly result: IrPointer | undefined;
  /** The expression that is being evaluated: where failures of helpers are reported. */
  place: Range | undefined;
  /** Filled in by the prologue; absent where no scratch memory is needed. */
  scratch: IrPointer | undefined;
  readonly memory: Memory;
  /** The word of enterExclusive that is this run's, where the program has one. */
  running: IrPointer | undefined;
  /** Places of values that stay the same, by the name of the built-in (kept-values.ts). */
  readonly kept: Map<string, IrPointer>;
  readonly locations: Map<number, Location>;
  readonly loops: LoopTarget[];
  /** The generation of each map that has two (generations.ts), by the symbol of its word. */
  readonly generations: Map<string, IrValue>;
  /** Values that stand for reads of map elements which are in registers already. */
  readonly substitutes: Map<TypedExpression, IrValue>;
  /** Reads of a block that the read of the condition before it stands for. */
  repeated: RepeatedReads | undefined;
  readonly lowering: Lowering;
}
