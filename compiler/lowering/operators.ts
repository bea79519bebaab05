/** Operators on scalars; comparisons of values in memory are in compare.ts. */
import { followsKernel } from '../analysis/conversion.ts';
import type { TypedBinary, TypedExpression } from '../analysis/typed.ts';
import type { Arithmetic, IrBool, IrValue, Predicate } from '../llvm/ir.ts';
import { isScalar, type Type } from '../types/type.ts';
import { lowerMemoryComparison } from './compare.ts';
import { lowerCondition, lowerValue } from './expressions.ts';
import type { FunctionState } from './state.ts';

const DIVIDED_BY_ZERO =
  'Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.';

const ARITHMETIC: Readonly<Partial<Record<TypedBinary['operator'], Arithmetic>>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '&': 'and',
  '|': 'or',
  '^': 'xor',
};

const SIGNED: Readonly<Partial<Record<TypedBinary['operator'], Predicate>>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'slt',
  '<=': 'sle',
  '>': 'sgt',
  '>=': 'sge',
};

const UNSIGNED: Readonly<Partial<Record<TypedBinary['operator'], Predicate>>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'ult',
  '<=': 'ule',
  '>': 'ugt',
  '>=': 'uge',
};

/** Brings a 64-bit value to the range of a narrower type. */
export function truncateTo(fn: FunctionState, value: IrValue, type: Type): IrValue {
  if (type.kind === 'int' && type.size < 8) return fn.ir.extend(value, type.size, type.signed);
  if (type.kind === 'bool') return fn.ir.fromBool(fn.ir.toBool(value));
  return value;
}

export function lowerUnary(
  fn: FunctionState,
  expression: Extract<TypedExpression, { kind: 'unary' }>,
): IrValue {
  const { ir } = fn;
  const value = lowerValue(fn, expression.operand);
  switch (expression.operator) {
    case '!':
      return ir.fromBool(ir.not(ir.toBool(value)));
    case '-':
      return truncateTo(fn, ir.op('sub', ir.constant(0), value), expression.type);
    case '~':
      return truncateTo(fn, ir.op('xor', value, ir.constant(-1)), expression.type);
  }
}

export function lowerBinary(fn: FunctionState, expression: TypedBinary): IrValue {
  const truth = lowerTruth(fn, expression);
  if (truth) return fn.ir.fromBool(truth);
  const left = lowerValue(fn, expression.left);
  return applyOperator(fn, expression, left, lowerValue(fn, expression.right));
}

/** A comparison or a logical operator as an i1; undefined for arithmetic. */
export function lowerTruth(fn: FunctionState, expression: TypedBinary): IrBool | undefined {
  const { ir } = fn;
  const { operator, left, right } = expression;
  if (operator === '&&') {
    return ir.ifBool(
      lowerCondition(fn, left),
      () => lowerCondition(fn, right),
      () => ir.toBool(ir.constant(0)),
    );
  }
  if (operator === '||') {
    return ir.ifBool(
      lowerCondition(fn, left),
      () => ir.toBool(ir.constant(1)),
      () => lowerCondition(fn, right),
    );
  }
  const predicate = (isSignedScalar(left.type) ? SIGNED : UNSIGNED)[operator];
  if (!predicate) return undefined;
  if (isScalar(left.type)) {
    return ir.compare(predicate, lowerValue(fn, left), lowerValue(fn, right));
  }
  const equal = lowerMemoryComparison(fn, left, right);
  return operator === '==' ? equal : ir.not(equal);
}

/** The arithmetic of a binary node on operands that are already in registers. */
export function applyOperator(
  fn: FunctionState,
  expression: TypedBinary,
  left: IrValue,
  right: IrValue,
): IrValue {
  return truncateTo(fn, compute(fn, expression, left, right), expression.type);
}

function compute(
  fn: FunctionState,
  expression: TypedBinary,
  left: IrValue,
  right: IrValue,
): IrValue {
  const { ir } = fn;
  const { operator } = expression;
  const plain = ARITHMETIC[operator];
  if (plain) return ir.op(plain, left, right);
  switch (operator) {
    case '<<':
      return ir.op('shl', left, shiftCount(fn, expression.right, right));
    case '>>':
      return ir.op(
        isSignedScalar(expression.left.type) ? 'ashr' : 'lshr',
        left,
        shiftCount(fn, expression.right, right),
      );
    case '/':
    case '%':
      return lowerDivision(fn, expression, left, right);
    default:
      throw new Error(`operator ${operator} is not arithmetic`);
  }
}

/** BPF takes the low six bits of a count; LLVM has to be told. */
function shiftCount(fn: FunctionState, expression: TypedExpression, count: IrValue): IrValue {
  const { ir } = fn;
  if (expression.kind === 'int' && !followsKernel(expression))
    return ir.constant(expression.value & 63n);
  return ir.op('and', count, ir.constant(63));
}

/**
 * `a / b`, `a % b`: as in C. Division by zero at run time gives 1 and a warning.
 */
function lowerDivision(
  fn: FunctionState,
  expression: TypedBinary,
  left: IrValue,
  right: IrValue,
): IrValue {
  const { ir, lowering } = fn;
  const divisor = literalOf(expression.right);
  const signed =
    isSignedScalar(expression.left.type) &&
    !(isNeverNegative(expression.left) && isNeverNegative(expression.right));
  const divide = () =>
    signed
      ? signedDivision(fn, expression.operator, left, right, divisor)
      : ir.op(expression.operator === '/' ? 'udiv' : 'urem', left, right);
  if (divisor !== undefined && divisor !== 0n) return divide();
  return ir.ifValue(ir.compare('ne', right, ir.constant(0)), divide, () => {
    lowering.emit(
      { kind: 'warning', fields: [], message: DIVIDED_BY_ZERO, range: expression.range },
      () => {},
    );
    return ir.constant(1);
  });
}

/**
 * BPF divides unsigned below -mcpu=v4. With m = a >> 63 (all ones for negatives), (a ^ m) - m is |a|, and the
 * same once more gives a result its sign: no branches.
 */
function signedDivision(
  fn: FunctionState,
  operator: TypedBinary['operator'],
  left: IrValue,
  right: IrValue,
  divisor: bigint | undefined,
): IrValue {
  const { ir } = fn;
  const mask = (value: IrValue) => ir.op('ashr', value, ir.constant(63));
  const flip = (value: IrValue, by: IrValue) => ir.op('sub', ir.op('xor', value, by), by);
  const leftMask = mask(left);
  if (divisor !== undefined) {
    const magnitude = ir.constant(divisor < 0n ? -divisor : divisor);
    if (operator === '%') return flip(ir.op('urem', flip(left, leftMask), magnitude), leftMask);
    const quotient = flip(ir.op('udiv', flip(left, leftMask), magnitude), leftMask);
    return divisor < 0n ? ir.op('sub', ir.constant(0), quotient) : quotient;
  }
  const rightMask = mask(right);
  const dividend = flip(left, leftMask);
  const magnitude = flip(right, rightMask);
  if (operator === '%') return flip(ir.op('urem', dividend, magnitude), leftMask);
  return flip(ir.op('udiv', dividend, magnitude), ir.op('xor', leftMask, rightMask));
}

function literalOf(expression: TypedExpression): bigint | undefined {
  if (expression.kind === 'int') return followsKernel(expression) ? undefined : expression.value;
  const { type } = expression;
  if (expression.kind === 'cast' && type.kind === 'int' && type.size === 8) {
    return literalOf(expression.operand);
  }
  return undefined;
}

/** Whether a signed value is known not to be negative: it came from a narrower unsigned type. */
function isNeverNegative(expression: TypedExpression): boolean {
  if (expression.kind === 'int') return expression.value >= 0n && !followsKernel(expression);
  if (expression.kind !== 'cast') return false;
  const { type } = expression.operand;
  if (type.kind === 'bool') return true;
  if (type.kind !== 'int') return false;
  const width = expression.type.kind === 'int' ? expression.type.size : 8;
  return !type.signed && type.size < width;
}

function isSignedScalar(type: Type): boolean {
  return type.kind === 'int' && type.signed;
}
