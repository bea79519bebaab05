import { kindName } from '../types/names.ts';
import { int, VOID } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { isInteger, typedCall } from './use.ts';

/** exit([code]): tells the loader to stop, and ends the program. */
export const exit: Builtin = {
  name: 'exit',
  arity: [0, 1],
  summary: 'Ends tracing, with an exit status (0 without one), and the program at once.',
  analyse(use, scope) {
    const [code] = use.args;
    const continues = use.continues ? { continues: use.continues } : {};
    if (code === undefined) return typedCall('exit', use, VOID, continues);
    const value = scope.expression(code);
    if (!isInteger(value.type)) {
      scope.error(
        `exit() only supports integer arguments (${kindName(value.type)} provided)`,
        code.range,
      );
      return undefined;
    }
    return typedCall('exit', use, VOID, { args: [value], ...continues });
  },
  lower(call, lowering) {
    const { ir } = lowering;
    const [code] = call.args;
    const value = code === undefined ? ir.constant(0) : lowering.value(code);
    // The status of a process has eight bits: the store takes those.
    lowering.emit({ kind: 'exit', fields: [int(1, false)] }, (field) =>
      ir.store(field(0).pointer, 0, 1, value),
    );
    if (!call.continues) lowering.leave();
    return undefined;
  },
};
