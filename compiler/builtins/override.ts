/** override: a function of the kernel returns at once, with a value of the script's. */
import { kindName } from '../types/names.ts';
import { INT64, VOID } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { argument, isInteger, typedCall, unavailable } from './use.ts';

export const override: Builtin = {
  name: 'override',
  arity: [1, 1],
  needsProbe: true,
  unsafe: true,
  summary:
    'Makes the probed function return that value without running. The kernel allows it for functions of its error injection list.',
  analyse(use, scope) {
    if (scope.probe.provider !== 'kprobe') return unavailable(use, scope, 'Use a kprobe.');
    const [given] = use.args;
    if (given === undefined) return undefined;
    const value = scope.expression(given);
    if (!isInteger(value.type)) {
      scope.error(
        `override() only supports integer arguments (${kindName(value.type)} provided)`,
        given.range,
      );
      return undefined;
    }
    return typedCall('override', use, VOID, {
      args: [{ kind: 'cast', type: INT64, operand: value, range: value.range }],
    });
  },
  lower(call, lowering) {
    lowering.call('override_return', lowering.context, lowering.value(argument(call, 0)));
    return undefined;
  },
};
