/** override: a function of the kernel returns at once, with a value of the script's. */
import { integer } from '../analysis/parameters.ts';
import { INT64, VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument, cast, unavailable } from './use.ts';

export const override: Builtin = defineBuiltin({
  name: 'override',
  traits: { unsafe: true, notInSession: true },
  parameters: { value: integer },
  needsProbe: true,
  summary:
    'Makes the probed function return that value without running. The kernel allows it for functions of its error injection list.',
  analyse({ value }, use, scope) {
    if (scope.probe.provider !== 'kprobe') return unavailable(use, scope, 'Use a kprobe.');
    return typed(VOID, { args: [cast(value, INT64)] });
  },
  lower(call, lowering) {
    lowering.call('override_return', lowering.context, lowering.value(argument(call, 0)));
    return undefined;
  },
});
