/** clear and zero: the loader changes the map when it handles the event. */
import { map } from '../analysis/parameters.ts';
import { VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { mapOf } from './use.ts';

function onWholeMap(name: 'clear' | 'zero', summary: string, needsLoader: string): Builtin {
  return defineBuiltin({
    ...{ name, summary },
    parameters: { map },
    traits: { onMap: name, needsLoader },
    analyse: (given) => typed(VOID, { map: given.map.name }),
    lower(call, lowering) {
      lowering.emit({ kind: name, fields: [], map: mapOf(call), range: call.range }, () => {});
      return undefined;
    },
  });
}

export const clear: Builtin = onWholeMap(
  'clear',
  'Removes all elements of a map.',
  'Use delete() of the keys.',
);

export const zero: Builtin = onWholeMap(
  'zero',
  'Sets all values of a map to zero; keys stay.',
  'Assign to the keys.',
);
