/** Recognises assignments that change the element that they read. */
import type { TypedExpression, TypedStatement } from '../analysis/typed.ts';
import { isScalar } from '../types/type.ts';
import { someExpression } from './walk.ts';

type MapRead = Extract<TypedExpression, { kind: 'map' }>;

/**
 * In `@m[k] = f(@m[k])`: the read of the element. The analysis writes `@m[k] += n` this way, with one key for
 * both sides; the key is then evaluated once. Undefined where the sides may differ.
 */
export function substitutable(
  statement: Extract<TypedStatement, { kind: 'assign-map' }>,
): MapRead | undefined {
  if (!isScalar(statement.value.type)) return undefined;
  const read = leftmostRead(statement.value);
  if (!read || read.map !== statement.map) return undefined;
  if (read.key === statement.key) return read;
  if (!read.key || !statement.key) return undefined;
  return isPure(statement.key) && sameExpression(read.key, statement.key) ? read : undefined;
}

/** The read that is evaluated first, before anything that could change the element. */
function leftmostRead(expression: TypedExpression): MapRead | undefined {
  switch (expression.kind) {
    case 'map':
      return expression;
    case 'cast':
    case 'unary':
      return leftmostRead(expression.operand);
    case 'binary':
      if (expression.operator === '&&' || expression.operator === '||') return undefined;
      return changesMaps(expression.right) ? undefined : leftmostRead(expression.left);
    default:
      return undefined;
  }
}

function changesMaps(expression: TypedExpression): boolean {
  return someExpression(
    expression,
    (part) =>
      part.kind === 'block-value' ||
      part.kind === 'step' ||
      part.kind === 'function-call' ||
      (part.kind === 'call' && part.map !== undefined),
  );
}

/** Evaluating it twice gives the same, and changes nothing. */
function isPure(expression: TypedExpression): boolean {
  return !someExpression(
    expression,
    (part) =>
      part.kind === 'step' ||
      part.kind === 'block-value' ||
      part.kind === 'function-call' ||
      (part.kind === 'call' && part.traits.varies === true),
  );
}

/** Equal but for their places in the script. */
export function sameExpression(left: TypedExpression, right: TypedExpression): boolean {
  return left === right || print(left) === print(right);
}

function print(expression: TypedExpression): string {
  return JSON.stringify(expression, (key, value: unknown) => {
    if (key === 'range') return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  });
}
