/** Unary and binary operators and the conditional operator: operand conversions, result types, folding. */

import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { INT64_MAX, type IntOperand, promote } from '../types/integers.ts';
import { join } from '../types/join.ts';
import { typeName } from '../types/names.ts';
import type { IntType, PointerType } from '../types/type.ts';
import { BOOL, INT64, UINT64 } from '../types/type.ts';
import { typeAddressOf } from './addresses.ts';
import { typeIdentifier } from './calls.ts';
import { typeComparison } from './comparisons.ts';
import {
  boolLiteral,
  condition,
  convert,
  flowOf,
  followsKernel,
  integerOperand,
  intLiteral,
  warnOfCast,
  widened,
} from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { dereference } from './fields.ts';
import { foldIntegers, foldStrings, isComparison } from './folding.ts';
import { stepOf } from './pointers.ts';
import type { Typing } from './state.ts';
import { error, failed, guarding, isUnknown, unknown, warning } from './state.ts';
import { temporary } from './temporaries.ts';
import type { TypedBinary, TypedExpression, TypedInt, TypedString } from './typed.ts';

export function typeBinary(typing: Typing, node: ast.Binary): TypedExpression {
  if (node.operator === '&&' || node.operator === '||') return typeLogical(typing, node);
  const left = typeExpression(typing, node.left);
  const right = typeExpression(typing, node.right);
  return binary(typing, node.operator, left, right, node.range);
}

/** A binary operation but the logical ones, on operands already typed. */
export function binary(
  typing: Typing,
  operator: ast.BinaryOperator,
  left: TypedExpression,
  right: TypedExpression,
  range: Range,
): TypedExpression {
  if (isUnknown(left.type) || isUnknown(right.type)) {
    return withUnknown(typing, operator, left, right, range);
  }
  if (left.kind === 'int' && right.kind === 'int') {
    return foldLiterals(typing, operator, left, right, range);
  }
  if (left.kind === 'string') {
    const folded = foldText(typing, operator, left, right, range);
    if (folded) return folded;
  }
  if (isComparison(operator)) return typeComparison(typing, operator, left, right, range);
  return (
    pointerArithmetic(typing, operator, left, right, range) ??
    integerArithmetic(typing, operator, left, right, range) ??
    unfit(typing, operator, left, right, range)
  );
}

/** `x op y` with values of types that the operator does not take. */
export function unfit(
  typing: Typing,
  operator: ast.BinaryOperator,
  left: TypedExpression,
  right: TypedExpression,
  range: Range,
): TypedExpression {
  const parameter = [left, right].find((side) => side.kind === 'parameter');
  const hints =
    parameter?.kind === 'parameter' && (left.type.kind === 'string' || right.type.kind === 'string')
      ? [`Use str($${parameter.index}) to treat $${parameter.index} as a string`]
      : [];
  return failed(
    typing,
    'operand-type',
    `The ${operator} operator can not be used on expressions of types '${typeName(left.type)}', '${typeName(right.type)}'`,
    range,
    ...hints,
  );
}

/**
 * An operand's type is not known yet: the result is not either. Once integers have to be assumed, because
 * nothing but the operation itself says what a map holds (`@x += n`), it has the other operand's sign.
 */
function withUnknown(
  typing: Typing,
  operator: ast.BinaryOperator,
  left: TypedExpression,
  right: TypedExpression,
  range: Range,
): TypedExpression {
  const other = isUnknown(left.type) ? right : left;
  if (!typing.round.assume || !(other.type.kind === 'int' || isUnknown(other.type))) {
    return unknown(range);
  }
  const unsigned = other.type.kind === 'int' && !other.type.signed && operator !== '-';
  const type = isComparison(operator) ? BOOL : unsigned ? UINT64 : INT64;
  return { kind: 'zero', type, range };
}

function foldLiterals(
  typing: Typing,
  operator: ast.BinaryOperator,
  left: TypedInt,
  right: TypedInt,
  range: Range,
): TypedExpression {
  const folded = foldIntegers(operator, left.value, right.value);
  if (folded === 'overflow') {
    return failed(
      typing,
      'constant-overflow',
      'unable to fold literals due to overflow or underflow',
      range,
    );
  }
  if (folded === 'division by zero') {
    return failed(
      typing,
      'division-by-zero',
      'unable to fold literals due to division by zero',
      range,
    );
  }
  const wide = [left, right].some(({ value }) => value > INT64_MAX) ? UINT64 : INT64;
  const atRunTime = (type: IntType | typeof BOOL) =>
    node(operator, type, convert(left, wide), convert(right, wide), range);
  const follows = followsKernel(left) || followsKernel(right);
  if (typeof folded === 'boolean') return follows ? atRunTime(BOOL) : boolLiteral(folded, range);
  if (left.type.kind === 'bool' && right.type.kind === 'bool') {
    return boolLiteral(folded !== 0n, range);
  }
  const literal = intLiteral(folded, range);
  return follows ? { ...literal, type: wide, atRunTime: atRunTime(wide) } : literal;
}

/** "a" + "b" joins, "abc" + 1 drops characters, and literals compare by their bytes. */
function foldText(
  typing: Typing,
  operator: ast.BinaryOperator,
  left: TypedString,
  right: TypedExpression,
  range: Range,
): TypedExpression | undefined {
  if (right.kind === 'string') {
    if (operator === '+') return stringLiteral(left.value + right.value, range);
    if (isComparison(operator)) {
      return boolLiteral(foldStrings(operator, left.value, right.value), range);
    }
    return undefined;
  }
  if (operator !== '+' || right.kind !== 'int' || right.value < 0n) return undefined;
  if (followsKernel(right)) return undefined;
  if (right.value >= BigInt(left.value.length)) {
    warning(typing, 'empty-string', 'literal string will always be empty', range);
    return stringLiteral('', range);
  }
  return stringLiteral(left.value.slice(Number(right.value)), range);
}

export function stringLiteral(value: string, range: Range): TypedString {
  return { kind: 'string', type: { kind: 'string', size: value.length + 1 }, value, range };
}

/** Arithmetic is done in 64 bits: signed if either side is; `-` is always signed. */
function integerArithmetic(
  typing: Typing,
  operator: ast.BinaryOperator,
  left: TypedExpression,
  right: TypedExpression,
  range: Range,
): TypedExpression | undefined {
  const a = integerOperand(left);
  const b = integerOperand(right);
  if (!a || !b) return undefined;
  if (operator === '<<' || operator === '>>') {
    // The count says nothing about the sign of the value that is shifted.
    const signed = a.type.signed && !(a.flexible && !b.type.signed && !b.flexible);
    const type = signed ? INT64 : UINT64;
    const count = convert(widened(right), type);
    return node(operator, type, convert(left, type), count, range);
  }
  const promoted = promote(a, b);
  const type = operator === '-' || promoted.type.signed ? INT64 : UINT64;
  // A difference of two times or addresses is meant, and right as long as it is below 2^63.
  const isDifference = operator === '-' && isLossy(a) && (isLossy(b) || b.flexible);
  if (type.signed && !isDifference) {
    if (isLossy(a)) warnOfCast(typing, left, type);
    else if (isLossy(b)) warnOfCast(typing, right, type);
  }
  const result = node(operator, type, convert(left, type), convert(right, type), range);
  const bools = left.type.kind === 'bool' && right.type.kind === 'bool';
  return bools ? convert(result, BOOL) : result;
}

/** 64 unsigned bits, whose upper half int64 does not have. */
function isLossy({ type, flexible }: IntOperand): boolean {
  return !flexible && !type.signed && type.size === 8;
}

/** `p + n`, `n + p` and `p - n` move by whole elements. */
function pointerArithmetic(
  typing: Typing,
  operator: ast.BinaryOperator,
  left: TypedExpression,
  right: TypedExpression,
  range: Range,
): TypedExpression | undefined {
  const pointerLeft = left.type.kind === 'pointer';
  if (operator !== '+' && !(operator === '-' && pointerLeft)) return undefined;
  const [pointer, offset] = pointerLeft ? [left, right] : [right, left];
  if (pointer.type.kind !== 'pointer' || !integerOperand(offset)) return undefined;
  const moved = node(
    operator,
    UINT64,
    convert(pointer, UINT64),
    scaled(typing, offset, pointer.type, range),
    range,
  );
  return { kind: 'cast', type: pointer.type, operand: moved, range };
}

function scaled(
  typing: Typing,
  offset: TypedExpression,
  pointer: PointerType,
  range: Range,
): TypedExpression {
  const step = stepOf(typing, pointer, range);
  if (offset.kind === 'int' && !followsKernel(offset) && !followsKernel(step)) {
    const value = BigInt.asUintN(64, offset.value * step.value);
    return { kind: 'int', type: UINT64, value, flexible: false, range: offset.range };
  }
  const wide = convert(widened(offset), UINT64);
  if (step.value === 1n && !followsKernel(step)) return wide;
  return node('*', UINT64, wide, convert(step, UINT64), range);
}

export function node(
  operator: TypedBinary['operator'],
  type: IntType | typeof BOOL,
  left: TypedExpression,
  right: TypedExpression,
  range: Range,
): TypedBinary {
  return { kind: 'binary', operator, type, left, right, range };
}

/** A literal on the left decides at compile time; then the right side may not even be typed. */
function typeLogical(typing: Typing, expression: ast.Binary): TypedExpression {
  const and = expression.operator === '&&';
  const { test: left, guarded } = guarding(typing, () =>
    condition(typing, typeExpression(typing, expression.left)),
  );
  if (left.kind === 'int' && !isUnknown(left.type)) {
    const decided = (left.value !== 0n) !== and;
    if (decided) return boolLiteral(!and, expression.range);
    return condition(typing, typeExpression(typing, expression.right));
  }
  const right = condition(guarded, typeExpression(guarded, expression.right));
  return node(expression.operator, BOOL, left, right, expression.range);
}

export function typeUnary(typing: Typing, expression: ast.Unary): TypedExpression {
  const { operator, range } = expression;
  if (operator === '&') return typeAddressOf(typing, expression);
  if (operator === '*' && expression.operand.kind === 'identifier')
    return dereference(typing, typeIdentifier(typing, expression.operand), range);
  const operand = typeExpression(typing, expression.operand);
  if (operator === '*') return dereference(typing, operand, range);
  if (isUnknown(operand.type)) return unknown(range);
  if (operator === '!') {
    const value = condition(typing, operand);
    if (isUnknown(value.type)) return value;
    if (value.kind === 'int') return boolLiteral(value.value === 0n, range);
    return { kind: 'unary', operator, type: BOOL, operand: value, range };
  }
  const integer = integerOperand(operand);
  if (!integer) {
    return failed(
      typing,
      'operand-type',
      `The ${operator} operator can not be used on expressions of type '${typeName(operand.type)}'`,
      range,
    );
  }
  if (operand.kind === 'int') return foldUnary(typing, operator, operand, range);
  const type = operator === '-' || integer.type.signed ? INT64 : UINT64;
  return { kind: 'unary', operator, type, operand: convert(operand, type), range };
}

function foldUnary(
  typing: Typing,
  operator: '~' | '-',
  operand: TypedInt,
  range: Range,
): TypedExpression {
  // `~7` stays flexible, so that it masks a uint64 without a warning.
  const atRunTime = followsKernel(operand)
    ? {
        type: INT64,
        atRunTime: {
          kind: 'unary',
          operator,
          type: INT64,
          operand: convert(operand, INT64),
          range,
        } as const,
      }
    : {};
  if (operator === '~')
    return { ...intLiteral(~operand.value, range), ...atRunTime, flexible: operand.flexible };
  if (operand.value > 1n << 63n) {
    return failed(typing, 'constant-overflow', 'negative value will underflow', range);
  }
  return { ...intLiteral(-operand.value, range), ...atRunTime };
}

/** `c ? a : b` and `a ?: b`; a literal condition leaves one branch. */
export function typeTernary(typing: Typing, expression: ast.Ternary): TypedExpression {
  const { range } = expression;
  const { test: tested, guarded } = guarding(typing, () =>
    typeExpression(typing, expression.condition),
  );
  if (!expression.then) return typeElvis(typing, tested, expression);
  const test = condition(typing, tested);
  if (test.kind === 'int' && !isUnknown(test.type)) {
    return typeExpression(typing, test.value !== 0n ? expression.then : expression.else);
  }
  const then = typeExpression(guarded, expression.then);
  const otherwise = typeExpression(guarded, expression.else);
  return conditional(typing, test, then, otherwise, range);
}

/** `a ?: b`: `a` is evaluated once. */
function typeElvis(
  typing: Typing,
  tested: TypedExpression,
  expression: ast.Ternary,
): TypedExpression {
  if (tested.kind === 'int' && !isUnknown(tested.type) && !followsKernel(tested)) {
    const test = condition(typing, tested);
    return test.kind === 'int' && test.value !== 0n
      ? tested
      : typeExpression(typing, expression.else);
  }
  const { value, statements } = temporary(typing, tested);
  const test = condition(typing, value);
  const otherwise = typeExpression(typing, expression.else);
  const chosen = conditional(typing, test, value, otherwise, expression.range);
  if (statements.length === 0 || isUnknown(chosen.type)) return chosen;
  return { kind: 'block-value', type: chosen.type, statements, value: chosen, range: chosen.range };
}

/** Both branches converted to their common type. */
export function conditional(
  typing: Typing,
  test: TypedExpression,
  then: TypedExpression,
  otherwise: TypedExpression,
  range: Range,
): TypedExpression {
  if (isUnknown(then.type) || isUnknown(otherwise.type)) {
    // What is known of one branch is what there is to know of both, for now.
    const known = isUnknown(then.type) ? otherwise : then;
    return isUnknown(known.type) ? unknown(range) : { ...known, range };
  }
  const type = join(flowOf(then), flowOf(otherwise))?.type;
  if (!type) {
    error(
      typing,
      'type-mismatch',
      `Branches must return the same type or compatible types: have '${typeName(then.type)}' and '${typeName(otherwise.type)}'`,
      range,
    );
    return unknown(range);
  }
  return {
    kind: 'conditional',
    type,
    condition: test,
    then: convert(then, type),
    else: convert(otherwise, type),
    range,
  };
}
