/** clear and zero: the loader changes the map when it handles the event. */
import { VOID } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { mapOf, typedCall } from './use.ts';

function onWholeMap(name: 'clear' | 'zero', summary: string): Builtin {
  return {
    name,
    arity: [1, 1],
    summary,
    analyse(use, scope) {
      const map = scope.mapArgument(use.args[0], use);
      return map && typedCall(name, use, VOID, { map: map.name });
    },
    lower(call, lowering) {
      lowering.emit({ kind: name, fields: [], map: mapOf(call), range: call.range }, () => {});
      return undefined;
    },
  };
}

export const clear: Builtin = onWholeMap('clear', 'Removes all elements of a map.');

export const zero: Builtin = onWholeMap('zero', 'Sets all values of a map to zero; keys stay.');
