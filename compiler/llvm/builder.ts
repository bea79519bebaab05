/** Builds the body of one function, as LLVM text. */
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
  asBool,
  asPointer,
  asValue,
  compared,
  folded,
  isConstant,
  isNumber,
  raw,
  typedOperand,
  typeOf,
} from './operands.ts';
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
import { createBodyWriter } from './writer.ts';

/** Columns have ten bits in BTF's line records (BPF_LINE_INFO_LINE_COL), and LLVM lets larger ones count as lines. */
const LAST_COLUMN = 1023;

/** What the module keeps for its functions. All names are LLVM text. */
export interface ModuleTables {
  /** A variable or map. */
  global(symbol: string): string;
  callback(symbol: string): string;
  /** A function that is only declared. */
  linked(symbol: string, parameters: number): string;
  primitive(primitive: Primitive): string;
  /** Symbol of the 64-byte table of `log2`. */
  logTable(): string;
}

export interface FunctionFrame {
  /** What the function returns: i32 for programs, i64 for callbacks. */
  readonly result: 'i32' | 'i64';
  /** Metadata of a place in the script. */
  readonly placeOf: (line: number, column: number) => string;
}

const FALSE = 'false';
const TRUE = 'true';

/** A builder at the start of an empty function, and `finish`, which ends its last block and gives all of the text. */
export function createFunctionBuilder(
  tables: ModuleTables,
  frame: FunctionFrame,
): { readonly builder: FunctionBuilder; finish(): string } {
  const body = createBodyWriter();
  // Allocas stand in a block of their own, since only those of the entry block are fixed stack slots.
  const entry = body.block('entry');
  const start = body.block('start');
  body.enter(start);

  let place: IrPlace = { line: 0, column: 0 };
  const setPlace = (line: number, column: number): IrPlace => {
    const before = place;
    if (line === before.line && column === before.column) return before;
    place = { line, column };
    body.setPlace(frame.placeOf(line, Math.min(column, LAST_COLUMN)));
    return before;
  };
  /** Writes to the entry block, which belongs to no place in particular. */
  const atEntry = <T>(write: () => T): T => {
    const [block, { line, column }] = [body.current, setPlace(1, 1)];
    body.enter(entry);
    const result = write();
    body.enter(block);
    setPlace(line, column);
    return result;
  };

  const constant = (value: bigint | number): IrValue =>
    asValue(
      typeof value === 'number' && Number.isSafeInteger(value)
        ? String(value)
        : String(BigInt.asIntN(64, BigInt(value))),
    );
  const byte = (pointer: IrPointer, offset: number | IrValue): string => {
    const base = raw(pointer);
    if (offset === 0) return base;
    const index = typeof offset === 'number' ? String(offset) : raw(offset);
    return isConstant(base) && isNumber(index)
      ? `getelementptr (i8, ptr ${base}, i64 ${index})`
      : body.register('pointer', `getelementptr i8, ptr ${base}, i64 ${index}`);
  };
  /** What registers were extended from. */
  const widened = new Map<
    string,
    { readonly from: string; readonly width: Width; readonly signed: boolean }
  >();
  const widen = (value: string, width: Width, signed: boolean): IrValue => {
    if (width === 8) return asValue(value);
    if (isNumber(value)) {
      const wide = signed ? BigInt.asIntN : BigInt.asUintN;
      return asValue(String(wide(width * 8, BigInt(value))));
    }
    const operation = signed ? 'sext' : 'zext';
    const wide = body.register('value', `${operation} ${typeOf(width)} ${value} to i64`);
    widened.set(wide, { from: value, width, signed });
    return asValue(wide);
  };
  const narrow = (value: IrValue, width: Width): string => {
    const text = raw(value);
    if (width === 8) return text;
    if (isNumber(text)) return String(BigInt.asIntN(width * 8, BigInt(text)));
    const known = widened.get(text);
    if (known?.width === width) return known.from;
    return body.register('value', `trunc i64 ${text} to ${typeOf(width)}`);
  };
  const extend = (value: IrValue, width: Width, signed: boolean): IrValue => {
    const known = widened.get(raw(value));
    const isExtended = known?.signed === signed && known.width <= width;
    return width === 8 || isExtended ? value : widen(narrow(value, width), width, signed);
  };

  /** A helper is called through its number as a function pointer, as C does it. */
  const callHelper = (
    id: number,
    result: 'i64' | 'ptr',
    args: readonly (IrValue | IrPointer)[],
  ): string => {
    if (args.length > 5) throw new Error(`helper ${id} gets more than five arguments`);
    return body.register(
      result === 'i64' ? 'value' : 'pointer',
      `call ${result} inttoptr (i64 ${id} to ptr)(${args.map(typedOperand).join(', ')})`,
    );
  };
  const call = (callee: string, args: readonly (IrValue | IrPointer)[]): IrValue =>
    asValue(body.register('value', `call i64 ${callee}(${args.map(typedOperand).join(', ')})`));
  const use = (primitive: Primitive, ...args: readonly (IrValue | IrPointer)[]): IrValue =>
    call(tables.primitive(primitive), args);
  const value = (instruction: string): IrValue => asValue(body.register('value', instruction));

  const op = (operation: Arithmetic, left: IrValue, right: IrValue): IrValue => {
    const [a, b] = [raw(left), raw(right)];
    const known = isNumber(a) && isNumber(b) ? folded(operation, a, b) : undefined;
    if (known !== undefined) return asValue(known);
    if (operation === 'or' && b === '0') return left;
    if (operation === 'and' && b === '-1') return left;
    return value(`${operation} i64 ${a}, ${b}`);
  };
  const compare = (predicate: Predicate, left: IrValue, right: IrValue) => {
    const [a, b] = [raw(left), raw(right)];
    if (isNumber(a) && isNumber(b)) return asBool(String(compared(predicate, a, b)));
    return asBool(body.register('bool', `icmp ${predicate} i64 ${a}, ${b}`));
  };

  let apartCount = 0;
  const control = createControlFlow(body);

  const scalar = {
    constant,
    nullPointer: () => asPointer('null'),
    op,
    compare,
    load: (pointer: IrPointer, offset: number, width: Width, signed = false) => {
      const type = typeOf(width);
      const address = byte(pointer, offset);
      return widen(body.register('value', `load ${type}, ptr ${address}`), width, signed);
    },
    store: (pointer: IrPointer, offset: number, width: Width, stored: IrValue): void => {
      const type = typeOf(width);
      const text = narrow(stored, width);
      body.effect(`store ${type} ${text}, ptr ${byte(pointer, offset)}`);
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

    isNull: (pointer) => {
      const text = raw(pointer);
      if (text === 'null') return asBool(TRUE);
      // No variable and no function stands at 0.
      if (/^(?:@|getelementptr)/.test(text)) return asBool(FALSE);
      return asBool(body.register('bool', `icmp eq ptr ${text}, null`));
    },
    not: (condition) => {
      const text = raw(condition);
      if (text === TRUE || text === FALSE) return asBool(text === TRUE ? FALSE : TRUE);
      return asBool(body.register('bool', `xor i1 ${text}, true`));
    },
    and: (left, right) => {
      const [a, b] = [raw(left), raw(right)];
      if (b === TRUE || a === FALSE) return left;
      if (a === TRUE || b === FALSE) return right;
      return asBool(body.register('bool', `and i1 ${a}, ${b}`));
    },
    or: (left, right) => {
      const [a, b] = [raw(left), raw(right)];
      if (b === FALSE || a === TRUE) return left;
      if (a === FALSE || b === TRUE) return right;
      return asBool(body.register('bool', `or i1 ${a}, ${b}`));
    },
    fromBool: (condition) => {
      const text = raw(condition);
      if (text === TRUE || text === FALSE) return asValue(text === TRUE ? '1' : '0');
      return value(`zext i1 ${text} to i64`);
    },
    toBool: (number) => compare('ne', number, asValue('0')),
    select: (condition, then, otherwise) => {
      const text = raw(condition);
      if (text === TRUE || text === FALSE) return text === TRUE ? then : otherwise;
      return value(`select i1 ${text}, i64 ${raw(then)}, i64 ${raw(otherwise)}`);
    },
    extend,
    pointerToInt: (pointer) => {
      const text = raw(pointer);
      return isConstant(text)
        ? asValue(`ptrtoint (ptr ${text} to i64)`)
        : value(`ptrtoint ptr ${text} to i64`);
    },
    intToPointer: (number) => {
      const text = raw(number);
      return asPointer(
        isConstant(text)
          ? `inttoptr (i64 ${text} to ptr)`
          : body.register('pointer', `inttoptr i64 ${text} to ptr`),
      );
    },
    log2: (number) => lowerLog2(builder, tables.logTable(), number),

    loadFixed: (pointer, offset, width) => value(fixedLoad(width, offset, raw(pointer))),
    loadVolatile: (pointer, offset, width) => {
      const address = byte(pointer, offset);
      return widen(body.register('value', volatileLoad(width, address)), width, false);
    },
    storeVolatile: (pointer, offset, width, stored) => {
      const address = byte(pointer, offset);
      body.effect(volatileStore(width, narrow(stored, width), address));
    },
    atomicAdd: (pointer, offset, width, added) => {
      const address = byte(pointer, offset);
      body.register('value', atomicAdd(width, narrow(added, width), address));
    },
    atomicExchange: (pointer, offset, stored) =>
      value(atomicExchange(raw(stored), byte(pointer, offset))),

    return_: (result) =>
      control.leave(() => {
        body.effect(
          frame.result === 'i32' ? `ret i32 ${narrow(result, 4)}` : `ret i64 ${raw(result)}`,
        );
      }),

    once: control.once,
    alloca,
    loadAtEntry: (symbol) =>
      atEntry(() => {
        return value(volatileLoad(8, raw(builder.global(symbol))));
      }),
    setPlace,
    helper: (id, args) => asValue(callHelper(id, 'i64', args)),
    opaque: (number) => value(opaque(raw(number))),
    apart: (number) => value(apart(apartCount++, raw(number))),
    steadyHelper: (id) => value(steadyHelper(id)),
    helperPointer: (id, args) => asPointer(callHelper(id, 'ptr', args)),
    global: (symbol) => asPointer(tables.global(symbol)),
    callback: (symbol) => asPointer(tables.callback(symbol)),
    callFunction: (symbol, args) => call(tables.callback(symbol), args),
    callLinked: (symbol, args) => call(tables.linked(symbol, args.length), args),
    siteLoad: (site, pointer, offset, width, signed) => {
      const loaded = use(siteLoad(site, offset, width), pointer);
      return signed ? extend(loaded, width, true) : loaded;
    },
    siteImmediate: (site, number) => use(siteImmediate(site, number)),
    siteShift: (site: number, shift: Shift, number: IrValue, amount: number) =>
      use(siteShift(site, shift, amount), number),
    siteCall: (site, argument) => use(siteCall(site), argument),
    extendArgument: (argument) => value(`zext i32 ${raw(argument)} to i64`),
  };

  /** Made of integers as wide as the alignment, which gives the slot that alignment. */
  function alloca(size: number, align: Width): IrPointer {
    const type = `[${Math.max(1, Math.ceil(size / align))} x ${typeOf(align)}]`;
    return atEntry(() => asPointer(body.register('pointer', `alloca ${type}`)));
  }

  setPlace(1, 1);
  return {
    builder,
    finish: () => {
      body.effect(control.reachable() ? `ret ${frame.result} 0` : 'unreachable');
      atEntry(() => body.jump(start));
      return body.text();
    },
  };
}
