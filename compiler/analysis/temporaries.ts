/** Hidden variables, for values that are used twice and must be evaluated once. */

import type { Typing } from './state.ts';
import { isUnknown } from './state.ts';
import type { TypedExpression, TypedStatement } from './typed.ts';
import { declareHidden } from './variables.ts';

/** Expressions whose repetition costs nothing and changes nothing. */
function isRepeatable(expression: TypedExpression): boolean {
  return ['int', 'string', 'variable', 'parameter', 'parameter-count', 'option'].includes(
    expression.kind,
  );
}

/** The value, to be used as often as wanted after the statements have run. */
export function temporary(
  typing: Typing,
  expression: TypedExpression,
): { readonly value: TypedExpression; readonly statements: readonly TypedStatement[] } {
  if (isRepeatable(expression) || isUnknown(expression.type) || expression.type.kind === 'void') {
    return { value: expression, statements: [] };
  }
  const { range, type } = expression;
  const variable = declareHidden(typing, type, range);
  return {
    value: { kind: 'variable', type, variable: variable.symbol, range },
    statements: [{ kind: 'assign-variable', variable: variable.symbol, value: expression, range }],
  };
}
