/** unwatch(address): the loader switches the watchpoints of the address off. */
import { kindName } from '../types/names.ts';
import { UINT64, VOID } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { isInteger, typedCall } from './use.ts';

export const unwatch: Builtin = {
  name: 'unwatch',
  arity: [1, 1],
  summary: 'Ends the watchpoints of an address, soon after the call.',
  analyse(use, scope) {
    const [argument] = use.args;
    if (argument === undefined) return undefined;
    const address = scope.expression(argument);
    if (!isInteger(address.type) && address.type.kind !== 'pointer') {
      scope.error(
        `unwatch() expects an integer or pointer argument (${kindName(address.type)} provided)`,
        argument.range,
      );
      return undefined;
    }
    return typedCall('unwatch', use, VOID, { args: [address] });
  },
  lower(call, lowering) {
    const [address] = call.args;
    if (!address) return undefined;
    const value = lowering.value(address);
    lowering.emit({ kind: 'unwatch', fields: [UINT64] }, (field) =>
      lowering.ir.store(field(0).pointer, 0, 8, value),
    );
    return undefined;
  },
};
