/**
 * str: a string out of memory. The literals of its call are {bytes to read at most, NUL included}, which is
 * absent when the second argument says so at run time, {1 if text that is cut by max_strlen shows it}, and {bytes
 * to skip}.
 */

import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import type * as ast from '../syntax/ast.ts';
import { kindName } from '../types/names.ts';
import type { ArrayType, StringType, Type } from '../types/type.ts';
import { UINT64 } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import {
  addressArgument,
  argument,
  expressionArgument,
  isInteger,
  isPointer,
  spaceOfPointer,
  typedCall,
} from './use.ts';

/** From here on a string that was cut ends in a NUL, and nothing shows that it was cut. */
const NO_TRAILER_FROM = 1024;

function stringType(size: number): StringType {
  return { kind: 'string', size };
}

/** How much of the text is wanted. */
interface Extent {
  /** Size of the result's type. */
  readonly size: number;
  /** Bytes to read with the NUL; a value of the program where it is not known. */
  readonly reads: number | TypedExpression;
  /** Fill the last byte with text when there is more than fits, so that the printed string gets a trailer. */
  readonly showsCut: boolean;
}

/** Reads the length argument; undefined after an error. */
function extent(given: ast.Expression | undefined, scope: AnalysisScope): Extent | undefined {
  const { maxStrlen } = scope.config;
  const short = maxStrlen < NO_TRAILER_FROM;
  if (given === undefined) return { size: maxStrlen, reads: maxStrlen, showsCut: short };
  const length = scope.expression(given);
  if (!isInteger(length.type)) {
    scope.error(
      `str() only supports integer arguments as length (${kindName(length.type)} provided)`,
      given.range,
    );
    return undefined;
  }
  if (length.kind !== 'int') {
    const reads: TypedExpression = {
      kind: 'cast',
      type: UINT64,
      operand: length,
      range: length.range,
    };
    return { size: maxStrlen, reads, showsCut: short };
  }
  if (length.value < 0n) {
    scope.error(`str() cannot use negative length (${length.value})`, given.range);
    return undefined;
  }
  if (length.value + 1n > BigInt(maxStrlen)) {
    scope.warning(
      `length param (${length.value}) is too long and will be shortened to ${maxStrlen} bytes`,
      given.range,
      'Raise max_strlen in the config block.',
    );
    const cut = length.value > BigInt(maxStrlen);
    return { size: maxStrlen, reads: maxStrlen, showsCut: cut && short };
  }
  const reads = Number(length.value);
  return { size: reads + 1, reads, showsCut: false };
}

/** The parameter in `str($1)`, and the bytes to skip in `str($1 + 2)`. */
function parameterText(
  expression: ast.Expression,
): { readonly parameter: ast.Parameter; readonly skip: bigint } | undefined {
  if (expression.kind === 'parameter') return { parameter: expression, skip: 0n };
  if (expression.kind !== 'binary' || expression.operator !== '+') return undefined;
  const { left, right } = expression;
  return left.kind === 'parameter' && right.kind === 'integer'
    ? { parameter: left, skip: right.value }
    : undefined;
}

function analyse(use: BuiltinUse, scope: AnalysisScope): TypedExpression | undefined {
  const source = expressionArgument(use.args[0], use, scope);
  const given = expressionArgument(use.args[1], use, scope);
  if (source === undefined || (use.args.length > 1 && given === undefined)) return undefined;

  const text = parameterText(source);
  if (text !== undefined) {
    const parameter = scope.textParameter(text.parameter.index, source.range);
    return ofText(parameter, text.skip, given, use, scope);
  }
  const value = scope.expression(source);
  if (value.type.kind === 'string' || isByteArray(value.type)) {
    return ofText(value, 0n, given, use, scope);
  }
  if (!isPointer(value.type) && !isInteger(value.type)) {
    scope.error(
      `str() expects an integer or a pointer type as first argument (${kindName(value.type)} provided)`,
      source.range,
    );
    return undefined;
  }
  const wanted = extent(given, scope);
  return wanted && call(addressArgument(value, scope), wanted, 0n, use);
}

/** Text that stands in the program already: the whole of it unless a length asks for less. */
function ofText(
  text: TypedExpression,
  skip: bigint,
  given: ast.Expression | undefined,
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  if (given !== undefined) {
    const wanted = extent(given, scope);
    if (wanted === undefined) return undefined;
    if (text.kind === 'string' && typeof wanted.reads === 'number') {
      const value = text.value.slice(0, Math.max(0, wanted.reads - 1));
      return { ...text, value, type: stringType(value.length + 1) };
    }
    return call(text, { ...wanted, showsCut: false }, skip, use);
  }
  if (text.type.kind === 'string' && skip === 0n) return text;
  const size = text.type.kind === 'array' ? text.type.count + 1 : sizeOf(text.type);
  return call(text, { size, reads: size, showsCut: false }, skip, use);
}

function call(source: TypedExpression, wanted: Extent, skip: bigint, use: BuiltinUse): TypedCall {
  const type = stringType(wanted.size);
  const cut = wanted.showsCut ? 1n : 0n;
  return typeof wanted.reads === 'number'
    ? typedCall('str', use, type, { args: [source], literals: [BigInt(wanted.reads), cut, skip] })
    : typedCall('str', use, type, { args: [source, wanted.reads], literals: [-1n, cut, skip] });
}

function isByteArray(type: Type): type is ArrayType {
  return type.kind === 'array' && type.element.kind === 'int' && type.element.size === 1;
}

function sizeOf(type: Type): number {
  if (type.kind !== 'string') throw new Error(`str gives no ${type.kind}`);
  return type.size;
}

function numberAt(of: TypedCall, index: number): number {
  return Number(of.literals?.[index] ?? 0n);
}

/** Address that the helper reads from, and the space it is in. */
function lowerSource(
  of: TypedCall,
  lowering: Lowering,
): { readonly from: IrValue; readonly space: 'kernel' | 'user'; readonly size: number } {
  const { ir } = lowering;
  const source = argument(of, 0);
  const skip = numberAt(of, 2);
  if (source.type.kind === 'pointer') {
    return {
      from: lowering.value(source),
      space: spaceOfPointer(source),
      size: Number.POSITIVE_INFINITY,
    };
  }
  if (source.type.kind === 'array') {
    // The array may hold no NUL: it gets one behind it.
    const { count } = source.type;
    const copy = lowering.temporary(count + 1, 8);
    lowering.into(source, { pointer: copy, align: 8, padded: false });
    ir.store(copy, count, 1, ir.constant(0));
    return { from: ir.pointerToInt(copy), space: 'kernel', size: count + 1 };
  }
  const text = lowering.address(source, false);
  const size = Math.max(0, sizeOf(source.type) - skip);
  return { from: ir.pointerToInt(ir.offset(text, size === 0 ? 0 : skip)), space: 'kernel', size };
}

/**
 * Reads straight into the destination. The helpers end what they read with a NUL and, on failure, fill the
 * destination with zeros (kernel/trace/bpf_trace.c, bpf_probe_read_kernel_str_common), which leaves an empty
 * string. They write nothing behind the NUL, so a destination whose rest has to be zero is zeroed before: the
 * length of the text is not known then, and stores of constant places are cheaper than a loop to its end.
 */
function lowerInto(of: TypedCall, lowering: Lowering, to: Storage): void {
  if (to.padded) lowering.ir.zero(to.pointer, sizeOf(of.type), to.align);
  lowerText(of, lowering, to);
}

function lowerText(of: TypedCall, lowering: Lowering, to: Storage): IrValue {
  const { ir } = lowering;
  const size = sizeOf(of.type);
  const source = lowerSource(of, lowering);
  const showsCut = numberAt(of, 1) === 1;
  const asked = of.args[1];

  if (asked === undefined) {
    const reads = Math.min(numberAt(of, 0), size, source.size);
    if (reads === 0) {
      ir.store(to.pointer, 0, 1, ir.constant(0));
      return ir.constant(0);
    }
    const got = lowering.probeReadString(to.pointer, reads, source.from, source.space);
    if (showsCut) lowerCut(size, got, undefined, source, to.pointer, lowering);
    return got;
  }

  const most = Math.min(size, source.size);
  const length = lowering.value(asked);
  const reads = ir.select(ir.compare('ult', length, ir.constant(most)), length, ir.constant(most));
  // A length of 0 reads nothing at all.
  ir.store(to.pointer, 0, 1, ir.constant(0));
  const got = lowering.probeReadString(to.pointer, reads, source.from, source.space);
  if (showsCut) lowerCut(size, got, length, source, to.pointer, lowering);
  return got;
}

/**
 * A string that fills the destination may go on behind it. Then its next character takes the place of the NUL, and
 * whoever prints the string sees from the missing NUL that it was cut.
 */
function lowerCut(
  size: number,
  got: IrValue,
  asked: IrValue | undefined,
  source: { readonly from: IrValue; readonly space: 'kernel' | 'user' },
  to: IrPointer,
  lowering: Lowering,
): void {
  const { ir } = lowering;
  const full = ir.compare('eq', got, ir.constant(size));
  const wantsMore =
    asked === undefined ? full : ir.and(full, ir.compare('ugt', asked, ir.constant(size)));
  ir.if_(wantsMore, () => {
    const last = ir.op('add', source.from, ir.constant(size - 1));
    lowering.probeRead(ir.offset(to, size - 1), 1, last, source.space);
  });
}

export const str: Builtin = {
  name: 'str',
  arity: [1, 2],
  summary:
    'The string at an address, at most max_strlen bytes or the given number of them with its NUL.',
  analyse,
  lowerText,
  lowerInto,
};
