/** print: values are sent as they are, maps are read by the loader when it handles the event. */

import type { TypedExpression } from '../analysis/typed.ts';
import type * as ast from '../syntax/ast.ts';
import { typeName } from '../types/names.ts';
import { hasBuckets, VOID } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { argument, expressionArgument, intLiteral, printable, typedCall } from './use.ts';

function printMap(use: BuiltinUse, scope: AnalysisScope): TypedExpression | undefined {
  const map = scope.mapArgument(use.args[0], use);
  if (map === undefined) return undefined;
  const literals: bigint[] = [];
  for (const [index, name] of ['top', 'div'].entries()) {
    const given = use.args[index + 1];
    if (given === undefined) continue;
    const literal = scope.intLiteral(given, use);
    if (literal === undefined) return undefined;
    if (literal < 0n) {
      scope.error(`print: ${name} can not be negative (${literal} given)`, given.range);
      return undefined;
    }
    literals.push(literal);
  }
  if (map.value.kind === 'stats' && literals.length > 0) {
    scope.warning('print() ignores top and div for stats() maps', use.range);
    literals.length = 0;
  }
  if (scope.inLoop) {
    scope.warning(
      `print(${map.name}) in a loop shows the map as it is once the event is handled`,
      use.range,
      'Print the values of the loop instead.',
    );
  }
  return typedCall('print', use, VOID, { map: map.name, literals });
}

function printElement(
  element: ast.MapExpression,
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  const map = scope.mapArgument({ ...element, keys: undefined }, use);
  if (map === undefined) return undefined;
  if (map.value.kind === 'stats' || hasBuckets(map.value)) {
    scope.error(
      `Map type ${typeName(map.value)} cannot print the value of individual keys`,
      element.range,
      `Print the whole map: print(${map.name}).`,
    );
    return undefined;
  }
  if (use.args.length > 1) {
    scope.error('print() of a single element takes no further arguments', use.range);
    return undefined;
  }
  return printValue(element, use, scope);
}

function printValue(
  expression: ast.Expression,
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  if (use.args.length > 1) {
    scope.error(
      `print() takes top and div for maps only (${use.args.length} arguments given)`,
      use.range,
    );
    return undefined;
  }
  const value = printable(expression, use, scope);
  if (value === undefined) return undefined;
  if (value.type.kind === 'void') {
    scope.error('print() can not print none', expression.range);
    return undefined;
  }
  return typedCall('print', use, VOID, { args: [value] });
}

export const print: Builtin = {
  name: 'print',
  arity: [1, 3],
  summary: 'Prints a value, a map or an element of one; print(@m, top, div) the largest entries.',
  analyse(use, scope) {
    const expression = expressionArgument(use.args[0], use, scope);
    if (expression === undefined) return undefined;
    if (expression.kind !== 'map') return printValue(expression, use, scope);
    return expression.keys === undefined
      ? printMap(use, scope)
      : printElement(expression, use, scope);
  },
  lower(call, lowering) {
    if (call.map === undefined) {
      lowering.emitValues({ kind: 'print-value', range: call.range }, [argument(call, 0)]);
      return undefined;
    }
    const top = intLiteral(call, 0);
    const div = intLiteral(call, 1);
    lowering.emit(
      {
        kind: 'print-map',
        fields: [],
        map: call.map,
        range: call.range,
        ...(call.then === undefined ? {} : { then: call.then }),
        ...(top === undefined ? {} : { top: Number(top) }),
        ...(div === undefined ? {} : { div: Number(div) }),
      },
      () => {},
    );
    return undefined;
  },
};
