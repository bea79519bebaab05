/** delete(@m, key), delete(@scalar), and the older delete(@m[key]). */

import type { TypedExpression } from '../analysis/typed.ts';
import type * as ast from '../syntax/ast.ts';
import { KEYLESS, tooLongForHash } from '../types/series.ts';
import { BOOL } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { expressionArgument, mapOf, typedCall } from './use.ts';

function element(
  map: string,
  keys: readonly ast.Expression[],
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  const key = scope.key(map, keys, use.range);
  return key && typedCall('delete', use, BOOL, { map, args: [key] });
}

export const deleteElement: Builtin = {
  name: 'delete',
  arity: [1, 2],
  summary: 'Removes an element, delete(@m, key), or a scalar; says whether there was one.',
  analyse(use, scope) {
    const [first, second] = use.args;
    if (first?.kind === 'map' && first.keys !== undefined) {
      if (second !== undefined) {
        scope.error('delete() expects a map argument without a key', first.range);
        return undefined;
      }
      const { name, keys } = first;
      if (scope.mapArgument({ ...first, keys: undefined }, use) === undefined) return undefined;
      scope.warning(
        `delete(${name}[...]) is deprecated`,
        use.range,
        keys.length > 1
          ? `Use delete(${name}, (key, ...)) instead.`
          : `Use delete(${name}, key) instead.`,
      );
      return element(name, keys, use, scope);
    }
    const map = scope.mapArgument(first, use);
    if (map === undefined) return undefined;
    if (second !== undefined) {
      const key = expressionArgument(second, use, scope);
      return key && element(map.name, [key], use, scope);
    }
    if (map.key !== undefined) {
      scope.error(
        `delete() needs a key for ${map.name}, which has explicit keys (non-scalar map)`,
        use.range,
        `Use delete(${map.name}, key), or clear(${map.name}) to remove all elements.`,
      );
      return undefined;
    }
    const problem = map.value.kind === 'tseries' ? tooLongForHash(map.value) : undefined;
    if (problem !== undefined) {
      scope.error(problem, use.range, KEYLESS);
      return undefined;
    }
    scope.markDeleted(map.name);
    return typedCall('delete', use, BOOL, { map: map.name });
  },
  lower: (call, lowering) => lowering.deleteKey(mapOf(call), call.args[0]),
};
