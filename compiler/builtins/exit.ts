/** exit([code]): tells the loader to stop, and ends the program. */
import { followsKernel } from '../analysis/conversion.ts';
import { integer, optional } from '../analysis/parameters.ts';
import { int, VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

/** Of a process. */
const LAST = 255n;

export const exit: Builtin = defineBuiltin({
  name: 'exit',
  traits: {
    endsProgram: true,
    needsLoader: 'Use return: the reader of the file decides when it ends.',
  },
  parameters: { code: optional(integer) },
  summary: 'Ends tracing, with an exit status (0 without one), and the program at once.',
  analyse({ code }, { continues = false }, scope) {
    const known = code?.kind === 'int' && !followsKernel(code) ? code.value : 0n;
    if (code && (known < 0n || known > LAST))
      scope.warning(
        'exit-status',
        `a process cannot have the status ${known}: it will be ${BigInt.asUintN(8, known)}`,
        code.range,
        `Statuses are 0 to ${LAST}.`,
      );
    return typed(VOID, {
      args: code === undefined ? [] : [code],
      ...(continues ? { traits: { endsProgram: false } } : {}),
    });
  },
  lower(call, lowering) {
    const { ir } = lowering;
    const [code] = call.args;
    const value = code === undefined ? ir.constant(0) : lowering.value(code);
    // The status of a process has eight bits: the store takes those.
    lowering.emit({ kind: 'exit', fields: [int(1, false)] }, (field) =>
      ir.store(field(0).pointer, 0, 1, value),
    );
    if (call.traits.endsProgram) lowering.leave();
    return undefined;
  },
});
