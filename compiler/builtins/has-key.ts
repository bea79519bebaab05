/** has_key and find: whether a map has an element. */
import { expression, map, variable } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import { BOOL } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument, mapOf, truth } from './use.ts';

const key = expression('a key of the map');

export const hasKey: Builtin = defineBuiltin({
  name: 'has_key',
  traits: { onMap: 'looks' },
  parameters: { map, key },
  summary: 'Whether a map has an element with that key.',
  analyse(given, use, scope) {
    const { name } = given.map;
    const element = scope.key(name, [given.key], use.range);
    return element && typed(BOOL, { map: name, args: [element] });
  },
  lower: (call, lowering) => lowering.hasKey(mapOf(call), argument(call, 0)),
});

export const find: Builtin = defineBuiltin({
  name: 'find',
  traits: { discardable: true },
  parameters: { map, key, target: variable },
  summary: 'find(@m, key, $v) sets $v to the element if there is one, and says whether.',
  /** find(@m, k, $v) => has_key(@m, k) ? { $v = @m[k]; true } : false */
  analyse(given, use, scope): TypedExpression | undefined {
    const { range } = use;
    const condition = hasKey.analyse({ ...use, args: use.args.slice(0, 2) }, scope);
    if (condition === undefined) return undefined;
    const { name } = given.map;
    const element = scope.expression({
      ...{ kind: 'map', name, keys: [given.key] },
      range: use.args[0]?.range ?? range,
    });
    const assignment = scope.assign(given.target, element, range);
    if (assignment === undefined) return undefined;
    const found: TypedExpression = {
      kind: 'block-value',
      statements: [assignment],
      value: truth(true, use),
      type: BOOL,
      range,
    };
    const none = truth(false, use);
    return { kind: 'conditional', condition, then: found, else: none, type: BOOL, range };
  },
});
