/** has_key and find: whether a map has an element. */
import type * as ast from '../syntax/ast.ts';
import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import { BOOL } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { argument, expressionArgument, mapOf, typedCall } from './use.ts';

interface Element {
  readonly map: ast.MapExpression;
  readonly key: ast.Expression;
  readonly present: TypedCall;
}

/** The first two arguments, (@m, key), and the call that asks for the element. */
function analyseElement(use: BuiltinUse, scope: AnalysisScope): Element | undefined {
  const [first, second] = use.args;
  const map = scope.mapArgument(first, use);
  const key = expressionArgument(second, use, scope);
  if (map === undefined || key === undefined || first?.kind !== 'map') return undefined;
  const typed = scope.key(map.name, [key], use.range);
  if (typed === undefined) return undefined;
  const present = typedCall('has_key', use, BOOL, { map: map.name, args: [typed] });
  return { map: first, key, present };
}

export const hasKey: Builtin = {
  name: 'has_key',
  arity: [2, 2],
  summary: 'Whether a map has an element with that key.',
  analyse: (use, scope) => analyseElement(use, scope)?.present,
  lower: (call, lowering) => lowering.hasKey(mapOf(call), argument(call, 0)),
};

export const find: Builtin = {
  name: 'find',
  arity: [3, 3],
  summary: 'find(@m, key, $v) sets $v to the element if there is one, and says whether.',
  /** find(@m, k, $v) => has_key(@m, k) ? { $v = @m[k]; true } : false */
  analyse(use, scope): TypedExpression | undefined {
    const element = analyseElement(use, scope);
    const target = expressionArgument(use.args[2], use, scope);
    if (element === undefined || target === undefined) return undefined;
    const variable = target.kind === 'variable' ? scope.expression(target) : undefined;
    if (variable?.kind !== 'variable') {
      scope.error('find() expects a variable as its third argument', target.range);
      return undefined;
    }
    const { range } = use;
    const value = scope.expressionAs({ ...element.map, keys: [element.key] }, variable.type);
    const assignment = {
      kind: 'assign-variable',
      variable: variable.variable,
      value,
      range,
    } as const;
    const then: TypedExpression = {
      kind: 'block-value',
      type: BOOL,
      range,
      statements: [assignment],
      value: { kind: 'int', value: 1n, flexible: false, type: BOOL, range },
    };
    const otherwise: TypedExpression = {
      kind: 'int',
      value: 0n,
      flexible: false,
      type: BOOL,
      range,
    };
    return {
      kind: 'conditional',
      condition: element.present,
      then,
      else: otherwise,
      type: BOOL,
      range,
    };
  },
};
