/** has_key and find: whether a map has an element. */
import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import { BOOL } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { argument, expressionArgument, mapOf, typedCall } from './use.ts';

/** The call that asks for the element of the first two arguments, (@m, key). */
function presence(use: BuiltinUse, scope: AnalysisScope): TypedCall | undefined {
  const map = scope.mapArgument(use.args[0], use);
  const key = expressionArgument(use.args[1], use, scope);
  if (map === undefined || key === undefined) return undefined;
  const typed = scope.key(map.name, [key], use.range);
  return typed && typedCall('has_key', use, BOOL, { map: map.name, args: [typed] });
}

export const hasKey: Builtin = {
  name: 'has_key',
  arity: [2, 2],
  summary: 'Whether a map has an element with that key.',
  analyse: presence,
  lower: (call, lowering) => lowering.hasKey(mapOf(call), argument(call, 0)),
};

export const find: Builtin = {
  name: 'find',
  arity: [3, 3],
  summary: 'find(@m, key, $v) sets $v to the element if there is one, and says whether.',
  /** find(@m, k, $v) => has_key(@m, k) ? { $v = @m[k]; true } : false */
  analyse(use, scope): TypedExpression | undefined {
    const [map] = use.args;
    const key = expressionArgument(use.args[1], use, scope);
    const target = expressionArgument(use.args[2], use, scope);
    const condition = presence(use, scope);
    if (condition === undefined || map?.kind !== 'map') return undefined;
    if (key === undefined || target === undefined) return undefined;
    if (target.kind !== 'variable') {
      scope.error('find() expects a variable as its third argument', target.range);
      return undefined;
    }
    const { range } = use;
    const element = scope.expression({ ...map, keys: [key] });
    const assignment = scope.assign(target, element, range);
    if (assignment === undefined) return undefined;
    const bool = (value: bigint): TypedExpression => ({
      kind: 'int',
      value,
      flexible: false,
      type: BOOL,
      range,
    });
    const found: TypedExpression = {
      kind: 'block-value',
      statements: [assignment],
      value: bool(1n),
      type: BOOL,
      range,
    };
    return { kind: 'conditional', condition, then: found, else: bool(0n), type: BOOL, range };
  },
};
