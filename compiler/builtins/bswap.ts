import type { IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { kindName } from '../types/names.ts';
import type { IntSize } from '../types/type.ts';
import { int } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { argument, typedCall } from './use.ts';

/** bswap: bytes in the other order. */
export const bswap: Builtin = {
  name: 'bswap',
  arity: [1, 1],
  summary: 'The integer with its bytes in the other order, unsigned and of the same width.',
  analyse(use, scope) {
    const [given] = use.args;
    if (given === undefined) return undefined;
    const operand = scope.expression(given);
    if (operand.type.kind !== 'int') {
      scope.error(
        `bswap() only supports integer arguments (${kindName(operand.type)} provided)`,
        given.range,
      );
      return undefined;
    }
    return typedCall('bswap', use, int(operand.type.size, false), { args: [operand] });
  },
  lower(call, lowering) {
    const size = call.type.kind === 'int' ? call.type.size : 8;
    return lowerSwap(lowering.value(argument(call, 0)), size, lowering);
  },
};

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
