/** is_str and its siblings: what the compiler knows of an expression, for `if comptime`. Nothing is evaluated. */
import type { TypedExpression } from '../analysis/typed.ts';
import { BOOL } from '../types/type.ts';
import type { Builtin } from './builtin.ts';

function predicate(
  name: string,
  summary: string,
  holds: (expression: TypedExpression) => boolean,
): Builtin {
  return {
    name,
    arity: [1, 1],
    summary,
    analyse(use, scope) {
      const [given] = use.args;
      if (given === undefined) return undefined;
      const value = holds(scope.expression(given)) ? 1n : 0n;
      return { kind: 'int', type: BOOL, value, flexible: false, range: use.range };
    },
  };
}

export const predicates: readonly Builtin[] = [
  predicate('is_str', 'Whether it is a string.', ({ type }) => type.kind === 'string'),
  predicate('is_ptr', 'Whether it is a pointer.', ({ type }) => type.kind === 'pointer'),
  predicate('is_array', 'Whether it is an array.', ({ type }) => type.kind === 'array'),
  predicate('is_integer', 'Whether it is an integer.', ({ type }) => type.kind === 'int'),
  predicate(
    'is_unsigned_integer',
    'Whether it is an integer without a sign.',
    ({ type }) => type.kind === 'int' && !type.signed,
  ),
  predicate(
    'is_literal',
    'Whether its value is known when the script is compiled.',
    ({ kind }) => kind === 'int' || kind === 'string',
  ),
];
