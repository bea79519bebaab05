/**
 * The IR that the lowering writes: what it needs of LLVM, and no more. compiler/llvm is the only folder that
 * touches llvm-bindings. Registers are 64 bits wide; memory is addressed by byte pointers.
 *
 * All integer values are i64 unless a name says otherwise; `load` extends and `store` truncates.
 */

declare const brand: unique symbol;
/** An i64 (or a pointer, or an i1: see the operations). Opaque. */
export interface IrValue {
  readonly [brand]: 'value';
}
/** A byte pointer. */
export interface IrPointer {
  readonly [brand]: 'pointer';
}
/** An i1. */
export interface IrBool {
  readonly [brand]: 'bool';
}

export type Width = 1 | 2 | 4 | 8;
export type Predicate = 'eq' | 'ne' | 'ult' | 'ule' | 'ugt' | 'uge' | 'slt' | 'sle' | 'sgt' | 'sge';
export type Shift = 'shl' | 'lshr' | 'ashr';

export type Arithmetic =
  | 'add'
  | 'sub'
  | 'mul'
  | 'udiv'
  | 'urem'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'lshr'
  | 'ashr';

/** Builds the body of the current function. */
export interface IrBuilder {
  constant(value: bigint | number): IrValue;
  nullPointer(): IrPointer;
  op(operation: Arithmetic, left: IrValue, right: IrValue): IrValue;
  compare(predicate: Predicate, left: IrValue, right: IrValue): IrBool;
  isNull(pointer: IrPointer): IrBool;
  not(value: IrBool): IrBool;
  and(left: IrBool, right: IrBool): IrBool;
  or(left: IrBool, right: IrBool): IrBool;
  /** 0 or 1. */
  fromBool(value: IrBool): IrValue;
  /** value != 0 */
  toBool(value: IrValue): IrBool;
  select(condition: IrBool, then: IrValue, otherwise: IrValue): IrValue;
  /** The value, with all that the optimiser knows of it forgotten: so that a check for the verifier stays. */
  opaque(value: IrValue): IrValue;
  /** Sign-extends (or zero-extends) the low `width` bytes. */
  extend(value: IrValue, width: Width, signed: boolean): IrValue;

  /**
   * What `make` gives, which is the same at any time of a run: made where `name` is asked for first, and used again where
   * the way leads through there.
   */
  once(name: string, make: () => IrValue): IrValue;

  /** `signed`: what is narrower than 8 bytes is sign-extended, otherwise zero-extended. */
  load(pointer: IrPointer, offset: number, width: Width, signed?: boolean): IrValue;
  store(pointer: IrPointer, offset: number, width: Width, value: IrValue): void;
  /** Loads from `.rodata` that the loader fills: equal loads merge. `offset` is not negative. */
  loadFixed(pointer: IrPointer, offset: number, width: Width): IrValue;
  /** Not optimised away or merged, for memory that the loader shares. */
  loadVolatile(pointer: IrPointer, offset: number, width: Width): IrValue;
  storeVolatile(pointer: IrPointer, offset: number, width: Width, value: IrValue): void;
  /** Adds without giving back the old value (`lock add`), 4 or 8 bytes. */
  atomicAdd(pointer: IrPointer, offset: number, width: 4 | 8, value: IrValue): void;
  /** Adds a constant or a value to a pointer. */
  offset(pointer: IrPointer, offset: number | IrValue): IrPointer;
  pointerToInt(pointer: IrPointer): IrValue;
  intToPointer(value: IrValue): IrPointer;
  /** Zeroes `size` bytes of program memory; `align` is what the pointer is known to have. */
  zero(pointer: IrPointer, size: number, align?: Width): void;
  copy(to: IrPointer, from: IrPointer, size: number, align?: Width): void;
  /** Position of the highest set bit, 0 to 63; the value must not be 0. */
  log2(value: IrValue): IrValue;

  /** Runs `then` where the condition holds, `otherwise` else; both may leave by `return_`. */
  if_(condition: IrBool, then: () => void, otherwise?: () => void): void;
  /** The same with a value. */
  ifValue(condition: IrBool, then: () => IrValue, otherwise: () => IrValue): IrValue;
  ifBool(condition: IrBool, then: () => IrBool, otherwise: () => IrBool): IrBool;
  ifPointer(condition: IrBool, then: () => IrPointer, otherwise: () => IrPointer): IrPointer;
  /** `condition` is built at the loop's head each time. */
  while_(
    condition: () => IrBool,
    body: (loop: { break_(): void; continue_(): void }) => void,
  ): void;
  return_(value: IrValue): void;
  /** False after return_, break_ or continue_ until the block is left: what follows cannot be reached. */
  readonly reachable: boolean;
}

export interface IrPlace {
  readonly line: number;
  readonly column: number;
}

/** What only the lowering's own machinery needs beside it. */
export interface FunctionBuilder extends IrBuilder {
  /** Stack memory of the function, in its entry block: it lives as long as the function runs. */
  alloca(size: number, align: Width): IrPointer;
  /** Loads 8 bytes of a global once, before all else that the function does; not merged with other loads. */
  loadAtEntry(symbol: string): IrValue;
  /** Place in the script of the instructions that follow; 1-based. Gives the one before. */
  setPlace(line: number, column: number): IrPlace;
  /** Calls a BPF helper by its number; at most five arguments. */
  helper(id: number, args: readonly (IrValue | IrPointer)[]): IrValue;
  helperPointer(id: number, args: readonly (IrValue | IrPointer)[]): IrPointer;
  /**
   * The result of a call, which the back end then does not merge with an equal one of another branch that only differs
   * in its arguments.
   */
  apart(value: IrValue): IrValue;
  /** A helper without arguments whose result does not change during a run of the program: calls of it merge. */
  steadyHelper(id: number): IrValue;
  /** Address of a global or map, which may be defined later on. */
  global(symbol: string): IrPointer;
  /** Address of a callback, which has to be defined already. */
  callback(symbol: string): IrPointer;
  /** Calls a function made by `IrModule.callback`. */
  callFunction(symbol: string, args: readonly (IrValue | IrPointer)[]): IrValue;
  /** Calls a function that the linker takes from an imported object; all is 64 bits wide. */
  callLinked(symbol: string, args: readonly IrValue[]): IrValue;
  /**
   * One load instruction whose offset is decided at load time. Equal loads of one function may merge, so it is
   * for memory that no program writes: contexts and kernel objects.
   */
  siteLoad(
    site: number,
    pointer: IrPointer,
    offset: number,
    width: Width,
    signed?: boolean,
  ): IrValue;
  /** One instruction that gives a number (32 bits, sign-extended) decided at load time. */
  siteImmediate(site: number, value: number): IrValue;
  /** One shift whose amount (0 to 63) and, to the right, kind are decided at load time. */
  siteShift(site: number, shift: Shift, value: IrValue, amount: number): IrValue;
  /** One instruction that gives 0, which the loader replaces by a call with one argument. */
  siteCall(site: number, argument: IrPointer): IrValue;
  /** Stores 8 bytes and gives what stood there, in one atomic step. */
  atomicExchange(pointer: IrPointer, offset: number, value: IrValue): IrValue;
  /** Zero-extends an i32 parameter of this function. */
  extendArgument(argument: IrValue): IrValue;
}
