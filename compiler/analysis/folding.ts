/** Operations on literals, done at compile time as the program would do them in 64 bits. */
import type { BinaryOperator } from '../syntax/ast.ts';
import { fits64 } from '../types/integers.ts';

export type Folded = bigint | boolean | 'overflow' | 'division by zero';

/** Integer operators but the logical ones. Results that fit neither int64 nor uint64 are overflows. */
export function foldIntegers(operator: BinaryOperator, left: bigint, right: bigint): Folded {
  switch (operator) {
    case '+':
      return checked(left + right);
    case '-':
      return checked(left - right);
    case '*':
      return checked(left * right);
    case '/':
      // BigInt truncates towards zero, as C does.
      return right === 0n ? 'division by zero' : checked(left / right);
    case '%':
      return right === 0n ? 'division by zero' : left % right;
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '<<':
      return right < 0n || right > 63n ? 'overflow' : checked(left << right);
    case '>>':
      return right < 0n || right > 63n ? 'overflow' : left >> right;
    case '&&':
      return left !== 0n && right !== 0n;
    case '||':
      return left !== 0n || right !== 0n;
    default:
      return compare(operator, left, right);
  }
}

function checked(value: bigint): bigint | 'overflow' {
  return fits64(value) ? value : 'overflow';
}

/** Strings are compared by their bytes. */
export function foldStrings(operator: BinaryOperator, left: string, right: string): boolean {
  return compare(operator, left, right);
}

function compare<Value extends bigint | string>(
  operator: BinaryOperator,
  left: Value,
  right: Value,
): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      throw new Error(`not a comparison: ${operator}`);
  }
}

export function isComparison(operator: BinaryOperator): boolean {
  return ['==', '!=', '<', '<=', '>', '>='].includes(operator);
}
