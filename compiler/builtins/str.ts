/** str: a string out of memory. */
import type { AnalysisScope } from '../analysis/builtin.ts';
import { followsKernel } from '../analysis/conversion.ts';
import { expression, integer, optional } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import type * as ast from '../syntax/ast.ts';
import { kindName } from '../types/names.ts';
import type { ArrayType, StringType, Type } from '../types/type.ts';
import { UINT64 } from '../types/type.ts';
import { type Analysed, type Builtin, type Call, defineBuiltin, typed } from './builtin.ts';
import {
  addressArgument,
  argument,
  capacity,
  cast,
  isInteger,
  isPointer,
  spaceOfPointer,
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

interface Plan {
  /** Bytes to read at most, NUL included; all that fits where a second argument says it at run time. */
  readonly reads: number;
  /** See `Extent`. */
  readonly showsCut: boolean;
  /** Bytes of the text that are left out in front. */
  readonly skip: number;
}

/** Reads the length argument; undefined after an error. */
function extent(length: TypedExpression | undefined, scope: AnalysisScope): Extent | undefined {
  const { maxStrlen } = scope.config;
  const short = maxStrlen < NO_TRAILER_FROM;
  if (length === undefined) return { size: maxStrlen, reads: maxStrlen, showsCut: short };
  if (length.kind !== 'int' || followsKernel(length))
    return { size: maxStrlen, reads: cast(length, UINT64), showsCut: short };
  if (length.value < 0n) {
    scope.error(
      'argument-value',
      `str() cannot use negative length (${length.value})`,
      length.range,
    );
    return undefined;
  }
  if (length.value + 1n > BigInt(maxStrlen)) {
    scope.warning(
      'shortened-text',
      `length param (${length.value}) is too long and will be shortened to ${maxStrlen} bytes`,
      length.range,
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
): { readonly parameter: ast.Parameter; readonly skip: number } | undefined {
  if (expression.kind === 'parameter') return { parameter: expression, skip: 0 };
  if (expression.kind !== 'binary' || expression.operator !== '+') return undefined;
  const { left, right } = expression;
  return left.kind === 'parameter' && right.kind === 'integer'
    ? { parameter: left, skip: Number(right.value) }
    : undefined;
}

/** Text that stands in the program already: the whole of it unless a length asks for less. */
function ofText(
  text: TypedExpression,
  skip: number,
  length: TypedExpression | undefined,
  scope: AnalysisScope,
): Analysed<Plan> | TypedExpression | undefined {
  if (length !== undefined) {
    const wanted = extent(length, scope);
    if (wanted === undefined) return undefined;
    if (text.kind === 'string' && typeof wanted.reads === 'number') {
      const value = text.value.slice(0, Math.max(0, wanted.reads - 1));
      return { ...text, value, type: stringType(value.length + 1) };
    }
    return reading(text, { ...wanted, showsCut: false }, skip);
  }
  if (text.type.kind === 'string' && skip === 0) return text;
  const size = text.type.kind === 'array' ? text.type.count + 1 : capacity(text);
  return reading(text, { size, reads: size, showsCut: false }, skip);
}

function reading(source: TypedExpression, wanted: Extent, skip: number): Analysed<Plan> {
  const { size, reads, showsCut } = wanted;
  return typeof reads === 'number'
    ? typed(stringType(size), { args: [source], plan: { reads, showsCut, skip } })
    : typed(stringType(size), { args: [source, reads], plan: { reads: size, showsCut, skip } });
}

function isByteArray(type: Type): type is ArrayType {
  return type.kind === 'array' && type.element.kind === 'int' && type.element.size === 1;
}

/** Address that the helper reads from, and the space it is in. */
function lowerSource(
  of: Call<Plan>,
  lowering: Lowering,
): { readonly from: IrValue; readonly space: 'kernel' | 'user'; readonly size: number } {
  const { ir } = lowering;
  const source = argument(of, 0);
  const { skip } = of.plan;
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
    const copy = lowering.temporary(count + 1);
    lowering.into(source, { pointer: copy, align: 8, padded: false });
    ir.store(copy, count, 1, ir.constant(0));
    return { from: ir.pointerToInt(copy), space: 'kernel', size: count + 1 };
  }
  const text = lowering.address(source, false);
  const size = Math.max(0, capacity(source) - skip);
  return { from: ir.pointerToInt(ir.offset(text, size === 0 ? 0 : skip)), space: 'kernel', size };
}

/**
 * Reads straight into the destination. The helpers end what they read with a NUL and, on failure, fill the
 * destination with zeros (kernel/trace/bpf_trace.c, bpf_probe_read_kernel_str_common), which leaves an empty
 * string. They write nothing behind the NUL, so a destination whose rest has to be zero is zeroed before: the
 * length of the text is not known then, and stores of constant places are cheaper than a loop to its end.
 */
function lowerInto(of: Call<Plan>, lowering: Lowering, to: Storage): void {
  if (to.padded) lowering.ir.zero(to.pointer, capacity(of), to.align);
  lowerText(of, lowering, to);
}

function lowerText(of: Call<Plan>, lowering: Lowering, to: Storage): IrValue {
  const { ir } = lowering;
  const size = capacity(of);
  const source = lowerSource(of, lowering);
  const { reads: known, showsCut } = of.plan;
  const asked = of.args[1];

  if (asked === undefined) {
    const reads = Math.min(known, size, source.size);
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

export const str: Builtin = defineBuiltin({
  name: 'str',
  parameters: {
    source: expression('an integer, a pointer, a string or bytes'),
    length: optional(integer),
  },
  summary:
    'The string at an address, at most max_strlen bytes or the given number of them with its NUL.',
  analyse({ source, length }, _use, scope): Analysed<Plan> | TypedExpression | undefined {
    const text = parameterText(source);
    if (text !== undefined) {
      const parameter = scope.textParameter(text.parameter.index, source.range);
      return ofText(parameter, text.skip, length, scope);
    }
    const value = scope.expression(source);
    if (value.type.kind === 'string' || isByteArray(value.type)) {
      return ofText(value, 0, length, scope);
    }
    if (!isPointer(value.type) && !isInteger(value.type)) {
      scope.error(
        'argument-type',
        `str() expects an integer or a pointer as source (${kindName(value.type)} provided)`,
        source.range,
      );
      return undefined;
    }
    const wanted = extent(length, scope);
    return wanted && reading(addressArgument(value, scope), wanted, 0);
  },
  lowerText,
  lowerInto,
  /** Whether the whole string would have been cut does not matter any more. */
  shortened: ({ plan }, size) => ({ type: stringType(size), plan: { ...plan, showsCut: false } }),
});
