/** is_str and its siblings: what the compiler knows of an expression, for `if comptime`. Nothing is evaluated. */
import { value } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import { type Builtin, defineBuiltin } from './builtin.ts';
import { truth } from './use.ts';

function predicate(
  name: string,
  summary: string,
  holds: (expression: TypedExpression) => boolean,
): Builtin {
  return defineBuiltin({
    ...{ name, summary },
    parameters: { expression: value('any') },
    analyse: ({ expression }, use) => truth(holds(expression), use),
  });
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
