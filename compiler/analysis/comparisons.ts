/** `== != < <= > >=` on values that are not literals. */

import { inserting } from '../source/advice.ts';
import type { Range } from '../source/source.ts';
import type { BinaryOperator } from '../syntax/ast.ts';
import { promote } from '../types/integers.ts';
import { join, sameIgnoringSpace } from '../types/join.ts';
import { typeName } from '../types/names.ts';
import type { ArrayType, PointerType } from '../types/type.ts';
import { BOOL, INT64, isScalar, UINT64 } from '../types/type.ts';
import {
  boolLiteral,
  convert,
  flowOf,
  followsKernel,
  integerOperand,
  warnOfCast,
} from './conversion.ts';
import { knownName, nameAsText } from './known-names.ts';
import { node, unfit } from './operators.ts';
import type { Typing } from './state.ts';
import { failed, warning } from './state.ts';
import type { TypedExpression } from './typed.ts';

export function typeComparison(
  typing: Typing,
  operator: BinaryOperator,
  left: TypedExpression,
  right: TypedExpression,
  range: Range,
): TypedExpression {
  const equality = operator === '==' || operator === '!=';
  const a = left.type;
  const b = right.type;
  if (a.kind === 'bool' && b.kind === 'bool') return node(operator, BOOL, left, right, range);
  if (integerOperand(left) && integerOperand(right)) {
    return compareIntegers(typing, operator, left, right, range);
  }
  if (a.kind === 'pointer' && b.kind === 'pointer') {
    warnOfPointees(typing, a, b, range);
    return node(operator, BOOL, convert(left, UINT64), convert(right, UINT64), range);
  }
  if (isAddress(left) && isAddress(right)) {
    return node(operator, BOOL, convert(left, UINT64), convert(right, UINT64), range);
  }
  if (a.kind === 'string' && b.kind === 'string' && equality) {
    return node(operator, BOOL, left, right, range);
  }
  if (a.kind === 'array' && b.kind === 'array') {
    return compareArrays(typing, operator, [left, a], [right, b], range);
  }
  if (a.kind === b.kind && (a.kind === 'tuple' || a.kind === 'record') && equality) {
    const joined = join(flowOf(left), flowOf(right))?.type;
    if (joined) {
      return node(operator, BOOL, convert(left, joined), convert(right, joined), range);
    }
    return failed(
      typing,
      'type-mismatch',
      `Type mismatch for '${operator}': comparing ${typeName(a)} with ${typeName(b)}`,
      range,
    );
  }
  const named = equality ? isNamed(typing, left, right) : undefined;
  if (named !== undefined) return boolLiteral(named === (operator === '=='), range);
  if (a.kind === 'probe' && b.kind === 'probe' && equality) {
    return node(operator, BOOL, convert(left, UINT64), convert(right, UINT64), range);
  }
  if (equality && (a.kind === 'string' || b.kind === 'string')) {
    const first = a.kind === 'string' ? left : nameAsText(left, typing.probe);
    const second = b.kind === 'string' ? right : nameAsText(right, typing.probe);
    if (first && second) return node(operator, BOOL, first, second, range);
  }
  return unfit(typing, operator, left, right, range);
}

/** `probe == "name"` and `func == "name"` where the name is known: whether it is that one. */
function isNamed(
  typing: Typing,
  left: TypedExpression,
  right: TypedExpression,
): boolean | undefined {
  const [named, text] = left.kind === 'call' ? [left, right] : [right, left];
  const name = text.kind === 'string' ? knownName(named, typing.probe) : undefined;
  return name && text.kind === 'string' ? text.value === name.value : undefined;
}

/** In 64 bits; signed if either side is, after a flexible literal has taken the other's sign. */
function compareIntegers(
  typing: Typing,
  operator: BinaryOperator,
  left: TypedExpression,
  right: TypedExpression,
  range: Range,
): TypedExpression {
  const a = integerOperand(left);
  const b = integerOperand(right);
  if (!a || !b) return unfit(typing, operator, left, right, range);
  warnOfZero(typing, operator, left, right, range);
  const promoted = promote(a, b);
  const type = promoted.type.signed ? INT64 : UINT64;
  if (promoted.lossy) warnOfCast(typing, a.type.signed ? right : left, type);
  return node(operator, BOOL, convert(left, type), convert(right, type), range);
}

/** `retval < 0`: what has no sign is never below zero, which a script that asks does not know. */
function warnOfZero(
  typing: Typing,
  operator: BinaryOperator,
  left: TypedExpression,
  right: TypedExpression,
  range: Range,
): void {
  const turned = operator === '>' || operator === '<=';
  if (!turned && operator !== '<' && operator !== '>=') return;
  const [value, zero] = turned ? [right, left] : [left, right];
  if (value.type.kind !== 'int' || value.type.signed || value.kind === 'int') return;
  if (zero.kind !== 'int' || zero.value !== 0n || followsKernel(zero)) return;
  const always = operator === '>=' || operator === '<=';
  const result = value.kind === 'call' && value.traits.givesResult === true;
  warning(
    typing,
    'sign-comparison',
    `This is ${always ? 'always' : 'never'} true: a ${typeName(value.type)} is not below 0`,
    range,
    result
      ? inserting(
          'Cast it: (int32) where the function gives an int, (int64) where it gives a long.',
          value.range.start,
          '(int32)',
        )
      : 'Cast it to a signed type first, such as (int64).',
  );
}

/** Pointers and kernel addresses compare with each other and with integers. */
function isAddress(expression: TypedExpression): boolean {
  const { type } = expression;
  return (
    type.kind === 'pointer' ||
    type.kind === 'ksym' ||
    (isScalar(type) && integerOperand(expression) !== undefined)
  );
}

function warnOfPointees(typing: Typing, a: PointerType, b: PointerType, range: Range): void {
  if (a.to.kind === 'void' || b.to.kind === 'void' || sameIgnoringSpace(a, b)) return;
  warning(
    typing,
    'distinct-pointers',
    `comparison of distinct pointer types: '${typeName(a)}', '${typeName(b)}'`,
    range,
  );
}

function compareArrays(
  typing: Typing,
  operator: BinaryOperator,
  [left, a]: readonly [TypedExpression, ArrayType],
  [right, b]: readonly [TypedExpression, ArrayType],
  range: Range,
): TypedExpression {
  if (operator !== '==' && operator !== '!=') {
    return failed(
      typing,
      'operand-type',
      `The ${operator} operator cannot be used on arrays.`,
      range,
    );
  }
  if (a.count !== b.count) {
    return failed(
      typing,
      'operand-type',
      'Only arrays of same size support comparison operators.',
      range,
    );
  }
  const x = a.element;
  const y = b.element;
  if (x.kind !== 'int' || y.kind !== 'int' || x.size !== y.size) {
    return failed(
      typing,
      'operand-type',
      'Only arrays of same sized integer support comparison operators.',
      range,
    );
  }
  return node(operator, BOOL, left, right, range);
}
