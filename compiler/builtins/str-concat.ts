/** str_concat: one string behind another. */
import { value } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument, capacity } from './use.ts';

export const strConcat: Builtin = defineBuiltin({
  name: 'str_concat',
  parameters: { left: value('string'), right: value('string') },
  summary: 'The second string behind the first, with room for both.',
  analyse({ left, right }) {
    // One NUL serves both.
    const size = capacity(left) + capacity(right) - 1;
    return typed({ kind: 'string', size }, { args: [left, right] });
  },
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    const left = argument(call, 0);
    const right = argument(call, 1);
    const room = capacity(left);
    if (to.padded) ir.zero(to.pointer, room + capacity(right) - 1, to.align);
    const got = lowerText(left, to.pointer, lowering);
    // The length without the NUL, in bounds that the verifier sees.
    const length = ir.op('sub', got, ir.constant(1));
    const end = ir.select(ir.compare('ult', length, ir.constant(room)), length, ir.constant(0));
    lowerText(right, ir.offset(to.pointer, end), lowering);
  },
});

function lowerText(text: TypedExpression, to: Storage['pointer'], lowering: Lowering) {
  const from = lowering.ir.pointerToInt(lowering.address(text, false));
  return lowering.probeReadString(to, capacity(text), from, 'kernel');
}
