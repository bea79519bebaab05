/** bswap: bytes in the other order. */
import { value } from '../analysis/parameters.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { IntSize } from '../types/type.ts';
import { int } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument } from './use.ts';

export const bswap: Builtin = defineBuiltin({
  name: 'bswap',
  parameters: { number: value('number') },
  summary: 'The integer with its bytes in the other order, unsigned and of the same width.',
  analyse({ number }) {
    const { type } = number;
    return type.kind === 'int' ? typed(int(type.size, false), { args: [number] }) : undefined;
  },
  lower(call, lowering) {
    const size = call.type.kind === 'int' ? call.type.size : 8;
    return lowerSwap(lowering.value(argument(call, 0)), size, lowering);
  },
});

/** Shifts and masks that LLVM recognises as its own `bswap`, one instruction of BPF. */
function lowerSwap(value: IrValue, size: IntSize, lowering: Lowering): IrValue {
  const { ir } = lowering;
  let swapped = ir.constant(0);
  for (let byte = 0; byte < size; byte += 1) {
    const low = ir.op('and', ir.op('lshr', value, ir.constant(8 * byte)), ir.constant(0xff));
    swapped = ir.op('or', swapped, ir.op('shl', low, ir.constant(8 * (size - 1 - byte))));
  }
  return swapped;
}
