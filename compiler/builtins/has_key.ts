/** has_key and find: whether a map has an element. */
import type * as ast from '../syntax/ast.ts';
import { BOOL } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { argument, expressionArgument, mapOf, typedCall } from './use.ts';

export const hasKey: Builtin = {
  name: 'has_key',
  arity: [2, 2],
  summary: 'Whether a map has an element with that key.',
  analyse(use, scope) {
    const map = scope.mapArgument(use.args[0], use);
    const key = expressionArgument(use.args[1], use, scope);
    if (map === undefined || key === undefined) return undefined;
    const typed = scope.key(map.name, [key], use.range);
    return typed && typedCall('has_key', use, BOOL, { map: map.name, args: [typed] });
  },
  lower: (call, lowering) => lowering.hasKey(mapOf(call), argument(call, 0)),
};

export const find: Builtin = {
  name: 'find',
  arity: [3, 3],
  summary: 'find(@m, key, $v) sets $v to the element if there is one, and says whether.',
  /** find(@m, k, $v) => if (has_key(@m, k)) { $v = @m[k]; true } else { false } */
  analyse(use, scope) {
    const [map] = use.args;
    const key = expressionArgument(use.args[1], use, scope);
    const target = expressionArgument(use.args[2], use, scope);
    if (scope.mapArgument(map, use) === undefined || map?.kind !== 'map') return undefined;
    if (key === undefined || target === undefined) return undefined;
    if (target.kind !== 'variable') {
      scope.error('find() expects a variable as its third argument', target.range);
      return undefined;
    }
    const { range, nameRange } = use;
    const block = (statements: readonly ast.Statement[], value: boolean): ast.Block => ({
      kind: 'block',
      statements,
      tail: { kind: 'bool', value, range },
      range,
    });
    const value: ast.MapExpression = { ...map, keys: [key] };
    return scope.expression({
      kind: 'if',
      comptime: false,
      condition: { kind: 'call', name: 'has_key', nameRange, args: [map, key], range },
      then: block([{ kind: 'assign', operator: '=', target, value, range }], true),
      else: block([], false),
      range,
    });
  },
};
