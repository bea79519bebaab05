/** Builds the body of one function by LLVM. */
import type llvm from 'llvm-bindings';
import { asBool, asPointer, asValue, type Native, raw } from './binding.ts';
import { createControlFlow } from './control.ts';
import type {
  Arithmetic,
  FunctionBuilder,
  IrPlace,
  IrPointer,
  IrValue,
  Predicate,
  Shift,
  Width,
} from './ir.ts';
import { lowerLog2 } from './log2.ts';
import { createMemory } from './memory.ts';
import {
  apart,
  atomicAdd,
  atomicExchange,
  fixedLoad,
  opaque,
  type Primitive,
  siteCall,
  siteImmediate,
  siteLoad,
  siteShift,
  steadyHelper,
  volatileLoad,
  volatileStore,
} from './primitives.ts';

/** Columns have ten bits in BTF's line records (BPF_LINE_INFO_LINE_COL), and LLVM lets larger ones count as lines. */
const LAST_COLUMN = 1023;

/** What the module keeps for its functions. */
export interface ModuleTables {
  global(symbol: string): llvm.Constant;
  callback(symbol: string): { readonly callee: llvm.Function; readonly type: llvm.FunctionType };
  /** A function that is only declared. */
  linked(
    symbol: string,
    parameters: number,
  ): { readonly callee: llvm.Function; readonly type: llvm.FunctionType };
  primitive(primitive: Primitive): llvm.Function;
  /** Symbol of the 64-byte table of `log2`. */
  logTable(): string;
}

export interface FunctionFrame {
  readonly function: llvm.Function;
  readonly subprogram: llvm.DISubprogram;
  /** Type of what the function returns: i32 for programs, i64 for callbacks. */
  readonly result: llvm.IntegerType;
}

/** A builder at the start of an empty function, and `finish`, which ends its last block. */
export function createFunctionBuilder(
  native: Native,
  tables: ModuleTables,
  frame: FunctionFrame,
): { readonly builder: FunctionBuilder; finish(): void } {
  const { context, i32, i64, integers } = native;
  const { ConstantInt, DILocation, FunctionType, PointerType } = native.llvm;

  // Allocas stand in a block of their own, since only those of the entry block are fixed stack slots.
  const entry = native.llvm.BasicBlock.Create(context, 'entry', frame.function);
  const start = native.llvm.BasicBlock.Create(context, 'start', frame.function);
  const allocas = new native.llvm.IRBuilder(entry);
  const ir = new native.llvm.IRBuilder(start);

  allocas.SetCurrentDebugLocation(DILocation.get(context, 1, 1, frame.subprogram));

  let place: IrPlace = { line: 0, column: 0 };
  const setPlace = (line: number, column: number): IrPlace => {
    const before = place;
    if (line === before.line && column === before.column) return before;
    place = { line, column };
    const near = Math.min(column, LAST_COLUMN);
    ir.SetCurrentDebugLocation(DILocation.get(context, line, near, frame.subprogram));
    return before;
  };

  /** The binding takes a number, which is exact to 2^53; wider ones are folded from two halves. */
  const constant = (value: bigint | number): IrValue => {
    const wide = BigInt.asIntN(64, BigInt(value));
    if (wide >= -0x1f_ffff_ffff_ffffn && wide <= 0x1f_ffff_ffff_ffffn)
      return asValue(ConstantInt.get(i64, Number(wide), true));
    const high = ConstantInt.get(i64, Number(wide >> 32n), true);
    const low = ConstantInt.get(i64, Number(wide & 0xffff_ffffn), true);
    return asValue(ir.CreateOr(ir.CreateShl(high, ConstantInt.get(i64, 32, true)), low));
  };
  const byte = (pointer: IrPointer, offset: number | IrValue): llvm.Value => {
    if (offset === 0) return raw(pointer);
    const index = typeof offset === 'number' ? constant(offset) : offset;
    return ir.CreateGEP(native.i8, raw(pointer), raw(index));
  };
  const typed = (pointer: IrPointer, offset: number, width: Width): llvm.Value =>
    ir.CreateBitCast(byte(pointer, offset), PointerType.getUnqual(integers[width]));
  const widen = (value: llvm.Value, width: Width, signed: boolean): IrValue => {
    if (width === 8) return asValue(value);
    return asValue(signed ? ir.CreateSExt(value, i64) : ir.CreateZExt(value, i64));
  };
  const narrow = (value: IrValue, width: Width): llvm.Value =>
    width === 8 ? raw(value) : ir.CreateTrunc(raw(value), integers[width]);
  const extend = (value: IrValue, width: Width, signed: boolean): IrValue =>
    width === 8 ? value : widen(narrow(value, width), width, signed);
  const use = (primitive: Primitive, ...args: llvm.Value[]): llvm.Value =>
    ir.CreateCall(tables.primitive(primitive), args);

  /** A helper is called through its number as a function pointer, as C does it. */
  const callHelper = (
    id: number,
    result: llvm.Type,
    args: readonly (IrValue | IrPointer)[],
  ): llvm.Value => {
    if (args.length > 5) throw new Error(`helper ${id} gets more than five arguments`);
    const values = args.map(raw);
    const type = FunctionType.get(
      result,
      values.map((value) => value.getType()),
      false,
    );
    const callee = ir.CreateIntToPtr(ConstantInt.get(i64, id, true), PointerType.getUnqual(type));
    return ir.CreateCall(type, callee, values);
  };

  let apartCount = 0;
  const control = createControlFlow(native, ir, frame.function);
  const operations = arithmeticOf(ir);
  const predicates = predicatesOf(ir);

  const scalar = {
    constant,
    nullPointer: () => asPointer(native.llvm.ConstantPointerNull.get(native.pointer)),
    op: (operation: Arithmetic, left: IrValue, right: IrValue) =>
      asValue(operations[operation](raw(left), raw(right))),
    compare: (predicate: Predicate, left: IrValue, right: IrValue) =>
      asBool(predicates[predicate](raw(left), raw(right))),
    load: (pointer: IrPointer, offset: number, width: Width, signed: boolean) =>
      widen(ir.CreateLoad(integers[width], typed(pointer, offset, width)), width, signed),
    store: (pointer: IrPointer, offset: number, width: Width, value: IrValue): void => {
      ir.CreateStore(narrow(value, width), typed(pointer, offset, width));
    },
    offset: (pointer: IrPointer, offset: number | IrValue) => asPointer(byte(pointer, offset)),
  };

  const builder: FunctionBuilder = {
    ...scalar,
    ...control.statements,
    ...createMemory({ ...scalar, while_: control.statements.while_, alloca }),
    get reachable() {
      return control.reachable();
    },

    isNull: (pointer) => asBool(ir.CreateIsNull(raw(pointer))),
    not: (value) => asBool(ir.CreateXor(raw(value), ConstantInt.getTrue(context))),
    and: (left, right) => asBool(ir.CreateAnd(raw(left), raw(right))),
    or: (left, right) => asBool(ir.CreateOr(raw(left), raw(right))),
    fromBool: (value) => asValue(ir.CreateZExt(raw(value), i64)),
    toBool: (value) => asBool(ir.CreateICmpNE(raw(value), raw(constant(0)))),
    select: (condition, then, otherwise) =>
      asValue(ir.CreateSelect(raw(condition), raw(then), raw(otherwise))),
    extend,
    pointerToInt: (pointer) => asValue(ir.CreatePtrToInt(raw(pointer), i64)),
    intToPointer: (value) => asPointer(ir.CreateIntToPtr(raw(value), native.pointer)),
    log2: (value) => lowerLog2(builder, tables.logTable(), value),

    loadFixed: (pointer, offset, width) => asValue(use(fixedLoad(width, offset), raw(pointer))),
    loadVolatile: (pointer, offset, width) =>
      asValue(use(volatileLoad(width), byte(pointer, offset))),
    storeVolatile: (pointer, offset, width, value) => {
      use(volatileStore(width), byte(pointer, offset), raw(value));
    },
    atomicAdd: (pointer, offset, width, value) => {
      use(atomicAdd(width), byte(pointer, offset), raw(value));
    },
    atomicExchange: (pointer, offset, value) =>
      asValue(use(atomicExchange(), byte(pointer, offset), raw(value))),

    return_: (value) =>
      control.leave(() => {
        ir.CreateRet(frame.result === i32 ? ir.CreateTrunc(raw(value), i32) : raw(value));
      }),

    alloca,
    loadAtEntry: (symbol) =>
      asValue(allocas.CreateCall(tables.primitive(volatileLoad(8)), [raw(builder.global(symbol))])),
    setPlace,
    helper: (id, args) => asValue(callHelper(id, i64, args)),
    opaque: (value) => asValue(use(opaque(), raw(value))),
    apart: (value) => asValue(use(apart(apartCount++), raw(value))),
    steadyHelper: (id) => asValue(use(steadyHelper(id))),
    helperPointer: (id, args) => asPointer(callHelper(id, native.pointer, args)),
    global: (symbol) => asPointer(tables.global(symbol)),
    callback: (symbol) =>
      asPointer(ir.CreateBitCast(tables.callback(symbol).callee, native.pointer)),
    callFunction: (symbol, args) => {
      const { callee, type } = tables.callback(symbol);
      return asValue(ir.CreateCall(type, callee, args.map(raw)));
    },
    callLinked: (symbol, args) => {
      const { callee, type } = tables.linked(symbol, args.length);
      return asValue(ir.CreateCall(type, callee, args.map(raw)));
    },
    siteLoad: (site, pointer, offset, width, signed) => {
      const value = asValue(use(siteLoad(site, offset, width), raw(pointer)));
      return signed ? extend(value, width, true) : value;
    },
    siteImmediate: (site, value) => asValue(use(siteImmediate(site, value))),
    siteShift: (site: number, shift: Shift, value: IrValue, amount: number) =>
      asValue(use(siteShift(site, shift, amount), raw(value))),
    siteCall: (site, argument) => asValue(use(siteCall(site), raw(argument))),
    extendArgument: (argument) => asValue(ir.CreateZExt(raw(argument), i64)),
  };

  /** Made of integers as wide as the alignment, which gives the slot that alignment. */
  function alloca(size: number, align: Width): IrPointer {
    const count = Math.max(1, Math.ceil(size / align));
    const slot = allocas.CreateAlloca(native.llvm.ArrayType.get(integers[align], count));
    return asPointer(allocas.CreateBitCast(slot, native.pointer));
  }

  setPlace(1, 1);
  return {
    builder,
    finish: () => {
      if (control.reachable()) ir.CreateRet(ConstantInt.get(frame.result, 0, true));
      else ir.CreateUnreachable();
      allocas.CreateBr(start);
    },
  };
}

type Binary = (left: llvm.Value, right: llvm.Value) => llvm.Value;

function arithmeticOf(ir: llvm.IRBuilder): Readonly<Record<Arithmetic, Binary>> {
  return {
    add: (left, right) => ir.CreateAdd(left, right),
    sub: (left, right) => ir.CreateSub(left, right),
    mul: (left, right) => ir.CreateMul(left, right),
    udiv: (left, right) => ir.CreateUDiv(left, right),
    urem: (left, right) => ir.CreateURem(left, right),
    and: (left, right) => ir.CreateAnd(left, right),
    or: (left, right) => ir.CreateOr(left, right),
    xor: (left, right) => ir.CreateXor(left, right),
    shl: (left, right) => ir.CreateShl(left, right),
    lshr: (left, right) => ir.CreateLShr(left, right),
    ashr: (left, right) => ir.CreateAShr(left, right),
  };
}

function predicatesOf(ir: llvm.IRBuilder): Readonly<Record<Predicate, Binary>> {
  return {
    eq: (left, right) => ir.CreateICmpEQ(left, right),
    ne: (left, right) => ir.CreateICmpNE(left, right),
    ult: (left, right) => ir.CreateICmpULT(left, right),
    ule: (left, right) => ir.CreateICmpULE(left, right),
    ugt: (left, right) => ir.CreateICmpUGT(left, right),
    uge: (left, right) => ir.CreateICmpUGE(left, right),
    slt: (left, right) => ir.CreateICmpSLT(left, right),
    sle: (left, right) => ir.CreateICmpSLE(left, right),
    sgt: (left, right) => ir.CreateICmpSGT(left, right),
    sge: (left, right) => ir.CreateICmpSGE(left, right),
  };
}
