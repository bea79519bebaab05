/** delete(@m, key), delete(@scalar), and the older delete(@m[key]). */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { expression, optional } from '../analysis/parameters.ts';
import type * as ast from '../syntax/ast.ts';
import { KEYLESS, tooLongForHash } from '../types/series.ts';
import { BOOL } from '../types/type.ts';
import { type Analysed, type Builtin, defineBuiltin, typed } from './builtin.ts';
import { mapOf } from './use.ts';

function element(
  map: string,
  keys: readonly ast.Expression[],
  use: BuiltinUse,
  scope: AnalysisScope,
): Analysed<undefined> | undefined {
  const key = scope.key(map, keys, use.range);
  return key && typed(BOOL, { map, args: [key] });
}

/** delete(@m[key]) */
function olderForm(
  { name, range }: ast.MapExpression,
  keys: readonly ast.Expression[],
  use: BuiltinUse,
  scope: AnalysisScope,
): Analysed<undefined> | undefined {
  if (scope.map(name, range) === undefined) return undefined;
  scope.warning(
    'deprecated-name',
    `delete(${name}[...]) is deprecated`,
    use.range,
    keys.length > 1
      ? `Use delete(${name}, (key, ...)) instead.`
      : `Use delete(${name}, key) instead.`,
  );
  return element(name, keys, use, scope);
}

function scalar(
  { name, range }: ast.MapExpression,
  use: BuiltinUse,
  scope: AnalysisScope,
): Analysed<undefined> | undefined {
  const map = scope.map(name, range);
  if (map === undefined) return undefined;
  if (map.key !== undefined) {
    scope.error(
      'map-argument',
      `delete() needs a key for ${map.name}, which has explicit keys (non-scalar map)`,
      use.range,
      `Use delete(${map.name}, key), or clear(${map.name}) to remove all elements.`,
    );
    return undefined;
  }
  const problem = map.value.kind === 'tseries' ? tooLongForHash(map.value) : undefined;
  if (problem !== undefined) {
    scope.error('map-kind', problem, use.range, KEYLESS);
    return undefined;
  }
  scope.markDeleted(map.name);
  return typed(BOOL, { map: map.name });
}

export const deleteElement: Builtin = defineBuiltin({
  name: 'delete',
  traits: { discardable: true },
  parameters: { map: expression('a map'), key: optional(expression('its key')) },
  summary: 'Removes an element, delete(@m, key), or a scalar; says whether there was one.',
  analyse({ map, key }, use, scope) {
    if (map.kind !== 'map') {
      scope.error('map-argument', 'delete() expects a map', map.range);
      return undefined;
    }
    if (map.keys !== undefined) {
      if (key === undefined) return olderForm(map, map.keys, use, scope);
      scope.error('map-argument', 'delete() expects a map without a key', map.range);
      return undefined;
    }
    if (key === undefined) return scalar(map, use, scope);
    return scope.map(map.name, map.range) && element(map.name, [key], use, scope);
  },
  lower: (call, lowering) => lowering.deleteKey(mapOf(call), call.args[0]),
  lowerEffect: (call, lowering) => lowering.discardKey(mapOf(call), call.args[0], call.range),
});
