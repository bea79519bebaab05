/**
 * Position of the highest set bit. LLVM 14 cannot select ctlz for BPF, counting the bits that fill the value takes
 * 42 instructions and comparisons branch. This takes 26: it sets all bits below the highest one, and multiplies by
 * a number that gives six different upper bits for each position.
 */
import type { FunctionBuilder, IrValue } from './ir.ts';

/** The 64 products (2^n - 1) * this differ in their upper six bits. */
const MULTIPLIER = 0x03f79d71b4cb0a89n;

/** By the upper six bits of (2^(n + 1) - 1) * MULTIPLIER: n. */
export function logTable(): Uint8Array {
  const table = new Uint8Array(64);
  for (let bit = 0; bit < 64; bit += 1) {
    const filled = (1n << BigInt(bit + 1)) - 1n;
    table[Number(BigInt.asUintN(64, filled * MULTIPLIER) >> 58n)] = bit;
  }
  return table;
}

/** value => table[((value with all lower bits set) * MULTIPLIER) >> 58] */
export function lowerLog2(ir: FunctionBuilder, table: string, value: IrValue): IrValue {
  let filled = value;
  for (const distance of [1, 2, 4, 8, 16, 32])
    filled = ir.op('or', filled, ir.op('lshr', filled, ir.constant(distance)));
  const product = ir.op('mul', filled, ir.constant(MULTIPLIER));
  const index = ir.op('lshr', product, ir.constant(58));
  return ir.load(ir.offset(ir.global(table), index), 0, 1, false);
}
