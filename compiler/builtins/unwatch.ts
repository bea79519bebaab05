/** unwatch(address): the loader switches the watchpoints of the address off. */
import { UINT64, VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { address, argument, UNPINNED } from './use.ts';

export const unwatch: Builtin = defineBuiltin({
  name: 'unwatch',
  traits: { needsLoader: UNPINNED },
  parameters: { address },
  summary: 'Ends the watchpoints of an address, soon after the call.',
  analyse: (given) => typed(VOID, { args: [given.address] }),
  lower(call, lowering) {
    const value = lowering.value(argument(call, 0));
    lowering.emit({ kind: 'unwatch', fields: [UINT64] }, (field) =>
      lowering.ir.store(field(0).pointer, 0, 8, value),
    );
    return undefined;
  },
});
